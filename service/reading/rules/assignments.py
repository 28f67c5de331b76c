"""Who answers for a task, as it is written behind it: in a bracket, behind labels, or in words.

(责任单位：A、B，完成时间：2025年10月)      牵头单位：A 配合单位：B 完成时限：2019年底
(A牵头，B、C按职责分工负责，2018年3月底前完成)   (A、B负责。列第一位者为牵头单位，下同)
"""

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from service.reading.rules.labels import Label, labels_in, labels_of_lines, mended
from service.reading.rules.unit_lists import ENDINGS, Named, UnitRole, once, read_units
from service.reading.rules.unit_words import is_unit_list, is_unit_name


@dataclass(frozen=True, slots=True)
class Assignment:
    """What stands behind a task: from `start` to `end`; its units, and where its deadline stands (None: it has none).

    `is_open`: 等 closes the list, others belong to it too.
    """

    start: int
    end: int
    units: tuple[Named, ...]
    due: tuple[int, int] | None = None
    is_open: bool = False


# At most one bracket inside another, and never longer than a list of units is: hostile text stays cheap.
_BRACKET = re.compile(r"[(\[【](?:[^()\[\]【】]|\([^()]{0,24}\)|\[[^\[\]]{0,24}\]){2,600}[)\]】]")
LONGEST_REST = 40  # characters behind the names of a bracket: when, and how
MOST_LINES = 3  # between two labels of one task
LONGEST_VALUE = 2_000  # characters of a label's value
_FIRST = r"(?:[列排居](?:名)?(?:在)?)?(?:第一(?:位|个|家)?|首位)(?:的|者)?(?:责任)?(?:单位|部门)?"
_FIRST_LEADS = re.compile(_FIRST + r"(?:为|是)(?:牵头|主办|主责)(?:单位|部门)?")
_NOTE = re.compile(rf"[。;,](?:[^。;,()]{{0,8}})?(?:{_FIRST}(?:为|是)|列第一|第一个|下同|以下同|排名第一).*$")
_SAYS_WHO = re.compile(
    r"(?:负责|牵头|配合|参与|参加|承办|落实|组织实施|协办|协助)(?:实施|落实|推进|办理)?$|按(?:职责|分工|职责分工)[^,;]{0,8}$"
)
# A clause that says when: 2018年3月底前完成, 长期坚持. Who acts stands in another.
_SAYS_WHEN = re.compile(
    r"(?:[0-9]{4} ?年|[0-9]{1,2} ?月|年底|年内|全年|季度|半年|每年|每月|每周|长期|持续|常态|期末|期间|"
    r"立即|立行立改|随时|节前|汛期)"
    r"[^,;。]{0,20}$"
)
_STOPS = ("。", ";", "!")
_LINE_ENDS = ("", "\n")
_NAME_BEFORE = re.compile(r"[局委办部厅院署会处社]$")  # 国家林草局(国家公园管理局) is one name
_TIERS = re.compile(r"[省市州县区乡镇街道村社旗盟办居园、,]+")  # 各乡镇(街道), 各县(市、区)
_CLAUSE = re.compile(r"[^,;。]+")
_VALUE_END = re.compile(r"\n|。")


def assignments(folded: str, borders: Sequence[int]) -> list[Assignment]:
    """Every assignment of a text, in order, none inside another, none across a border (where a section begins)."""
    folded = mended(folded)
    found = list(_brackets(folded))
    taken, ends = [each.start for each in found], [each.end for each in found]
    found += [
        one
        for one in _labelled(folded, borders)
        if bisect.bisect_left(taken, one.end)
        == bisect.bisect_right(ends, one.start)  # no bracket begins before its end
    ]
    return sorted(found, key=lambda each: each.start)


def first_leads(folded: str) -> bool:
    """Whether a note says that the first unit of each list leads."""
    return bool(_FIRST_LEADS.search(folded))


# ── brackets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _brackets(folded: str) -> Iterator[Assignment]:
    for match in _BRACKET.finditer(folded):
        start, end = match.start() + 1, match.end() - 1
        inner = folded[start:end]
        labels = labels_in(folded, start, end)
        if labels:
            found = _joined(from_words(folded, start, labels[0].start), _from_labels(folded, labels, end))
        elif _says_who(inner) or _names_alone(folded, match.start(), match.end()):
            found = from_words(folded, start, end)
        else:
            continue
        if found.units or found.due:
            yield replace(found, start=match.start(), end=match.end())


def _says_who(inner: str) -> bool:
    """Whether words without a label name units: `A牵头，B配合`, `A、B负责，2018年底前完成`."""
    if _FIRST_LEADS.search(inner) and is_unit_list(_NOTE.sub("", inner)):
        return True
    return any(_SAYS_WHO.search(clause[0].rstrip(ENDINGS)) for clause in _CLAUSE.finditer(_NOTE.sub("", inner)))


def _names_alone(folded: str, start: int, end: int) -> bool:
    """Whether a bracket behind a sentence holds nothing but names and perhaps a date: `(5月底前,县教育局)`."""
    behind = folded[start - 1 : start] in _STOPS if start else False
    last = folded[end : end + 1] in _LINE_ENDS and not _NAME_BEFORE.search(folded, max(0, start - 2), start)
    if not (behind or last):
        return False
    inner = folded[start + 1 : end - 1]
    names, _, rest = inner.partition(";")
    if rest and is_unit_list(names) and len(rest) <= LONGEST_REST:
        return True
    clauses = [clause[0] for clause in _CLAUSE.finditer(inner)]
    named = [is_unit_list(clause) for clause in clauses]
    return (
        not _TIERS.fullmatch(inner)
        and any(named)
        and all(known or _SAYS_WHEN.search(clause) for known, clause in zip(named, clauses, strict=True))
    )


def _joined(words: Assignment, labels: Assignment) -> Assignment:
    """Words and labels of one bracket: `A牵头、B负责；完成时限：2021年5月`."""
    units = once([*words.units, *labels.units])
    return replace(labels, units=units, due=labels.due or words.due, is_open=labels.is_open or words.is_open)


# ── labels ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _labelled(folded: str, borders: Sequence[int]) -> Iterator[Assignment]:
    """Labels one behind another, on lines of their own or run together."""
    labels = labels_of_lines(folded)
    place = 0
    while place < len(labels):
        first = place
        kinds = {labels[place].kind}
        border = _next(borders, labels[first].end, len(folded))
        while place + 1 < len(labels) and _runs_on(folded, labels[place], labels[place + 1], border, kinds):
            place += 1
            kinds.add(labels[place].kind)
        following = labels[place + 1].start if place + 1 < len(labels) else len(folded)
        end = min(_value_end(folded, labels[place]), border, following)
        found = _from_labels(folded, labels[first : place + 1], end)
        if found.units or found.due:
            yield found
        place += 1


def _next(borders: Sequence[int], place: int, last: int) -> int:
    found = bisect.bisect_left(borders, place)
    return borders[found] if found < len(borders) else last


def _runs_on(folded: str, label: Label, following: Label, border: int, kinds: set[str]) -> bool:
    """Whether a label stands behind another's value, for the same task; `kinds` are those it has already."""
    if following.start >= border or following.start - label.end > 400:
        return False
    kind, between = following.kind, folded[label.end : following.start]
    if "。" in between.rstrip(ENDINGS) or _lines(between) > MOST_LINES:
        return False
    if kind in kinds and ("\n" in between or kind == "due"):
        return False
    first, broken, rest = between.partition("\n")
    if broken and rest.strip() and not first.rstrip().endswith(("、", ",")) and not is_unit_list(rest):
        return False  # words of another task stand between
    return not (kind == "lead" and "due" in kinds and kinds & {"lead", "resp", "support"})


def _lines(text: str) -> int:
    return sum(1 for line in text.split("\n") if line.strip())


def _value_end(folded: str, label: Label) -> int:
    """Where the last label's value ends: with its line or its sentence; a list that ends in 、 goes on."""
    start, last = label.end, min(len(folded), label.end + LONGEST_VALUE)
    while match := _VALUE_END.search(folded, start, last):
        if match[0] == "\n" and label.kind != "due" and folded[label.end : match.start()].rstrip().endswith("、"):
            start = match.end()
            continue
        return match.start()
    return last


def _from_labels(folded: str, labels: Sequence[Label], end: int) -> Assignment:
    units: list[Named] = []
    due = None
    is_open = False
    for place, label in enumerate(labels):
        stop = labels[place + 1].start if place + 1 < len(labels) else end
        kind = label.kind
        if kind == "due":
            due = due or _stripped(folded, label.end, stop)
            continue
        role = label.role
        stop, when = _without_when(folded, label.end, stop)
        due = due or when
        found, opened = read_units(folded, label.end, stop, role or UnitRole.RESPONSIBLE)
        units += found if role else [unit for unit in found if is_unit_name(unit.name)]
        is_open = is_open or opened
    return Assignment(labels[0].start, end, once(units), due, is_open)


def closing(folded: str, start: int, end: int) -> Assignment | None:
    """The last sentence of a task, if it says who and nothing else than when: `A牵头,B、C配合,2019年3月底前完成。`"""
    last = folded[start:end].rstrip(ENDINGS)
    first = max(last.rfind(stop) for stop in ("。", "\n", "!"))
    sentence = last[first + 1 :]
    if len(sentence) > LONGEST_VALUE or not _says_who(sentence):
        return None
    clauses = [clause[0].strip() for clause in _CLAUSE.finditer(sentence)]
    if not all(_SAYS_WHO.search(clause) or _is_when(clause) or is_unit_list(clause) for clause in clauses):
        return None
    found = from_words(folded, start + first + 1, start + len(last))
    named = bool(found.units) and all(is_unit_name(unit.name) for unit in found.units)
    return found if named else None


def _without_when(folded: str, start: int, end: int) -> tuple[int, tuple[int, int] | None]:
    """Where a label's names end, and the clauses behind them that say when: `A、B,6月底前启动,年底前完成`."""
    for clause in _CLAUSE.finditer(folded, start, end):
        noted = folded[clause.start() - 1] == "。" and clause.start() > start
        if _is_when(clause[0]):
            return clause.start(), _stripped(folded, clause.start(), end)
        if noted:
            return clause.start(), None
    return end, None


def _is_when(clause: str) -> bool:
    """Whether a clause says when, and not who."""
    return bool(_SAYS_WHEN.search(clause)) and not _SAYS_WHO.search(clause.rstrip(ENDINGS)) and not is_unit_list(clause)


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def from_words(folded: str, start: int, end: int) -> Assignment:
    """Clauses that say who and clauses that say when, in any order."""
    note = _NOTE.search(folded[start:end])
    stop = start + note.start() if note else end
    units: list[Named] = []
    due: tuple[int, int] | None = None
    is_open = False
    first = start
    for clause in [*_CLAUSE.finditer(folded, start, stop), None]:
        if clause is not None and not _is_when(clause[0]) and not _names_nobody(folded, clause, due):
            continue
        found, opened = read_units(folded, first, clause.start() if clause else stop, UnitRole.RESPONSIBLE)
        units += found
        is_open = is_open or opened
        if clause is not None:
            when = _stripped(folded, *clause.span())
            follows = due and when and not folded[due[1] : when[0]].strip(ENDINGS)
            due, first = (due[0], when[1]) if due and when and follows else when, clause.end()
    if not any(is_unit_name(unit.name) for unit in units):
        units = []
    if first_leads(folded[start:end]) and len(units) > 1:
        units[0] = Named(units[0].name, UnitRole.LEAD, units[0].start, units[0].end)
    return Assignment(start, end, once(units), due if units else None, is_open)


def _names_nobody(folded: str, clause: re.Match[str], due: tuple[int, int] | None) -> bool:
    """Whether what stands behind a semicolon, or a date, says how and not who: `A、B;常备常新,动态补充`."""
    if not due and folded[max(0, clause.start() - 1)] != ";":
        return False
    names = any(is_unit_name(piece.strip(ENDINGS)) for piece in clause[0].split("、"))
    return not names and not _SAYS_WHO.search(clause[0].rstrip(ENDINGS))


def _stripped(folded: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and folded[start] in ENDINGS:
        start += 1
    while end > start and folded[end - 1] in ENDINGS:
        end -= 1
    return (start, end) if start < end else None
