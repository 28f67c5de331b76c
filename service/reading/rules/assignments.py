"""Who answers for a task, as it is written behind it: in a bracket, behind labels, or in words.

(责任单位：A、B，完成时间：2025年10月)      牵头单位：A 配合单位：B 完成时限：2019年底
(A牵头，B、C按职责分工负责，2018年3月底前完成)   (A、B负责。列第一位者为牵头单位，下同)
"""

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

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


_BODY = "(?:单位|部门|科室|处室|股室|机构|主体|方)"
_LEAD = rf"(?:牵头|主办|主责|主管|组长)(?:责任|负责)?(?:{_BODY}(?:及|和)?)?|第一责任(?:单位|部门)|总?牵头责任单位"
_SUPPORT = rf"(?:配合|协办|参与|协助|协同|参加|支持|协作|成员|相关)(?:责任|落实)?{_BODY}|配合|协办|参与"
_RESPONSIBLE = (
    rf"(?:责任|实施|承办|落实|执行|试点|具体负责|负责|承担|完成|建设|推进|主要责任)(?:{_BODY})"
    r"|负责|责任|承办|落实到|分工"
)
_PERSON = (
    "(?:责任|牵头|分管|包联|联系|包保|主管|市级|区级|县级)?(?:领导|负责人|责任人|联系人|联络员|专班|电话)|责任人|牵头人"
)
_NOT_DUE = "".join(f"(?<!{word})" for word in ("发布", "更新", "印发", "成文", "公开", "上传", "征求", "会议", "活动"))
_DUE = (
    rf"{_NOT_DUE}(?:(?:计划|预计|拟|要求)?(?:完成|办结|整改|落实|实施|推进|办理|开展|达成|销号)(?:的)?)?"
    r"(?:时间|时限|期限|时间节点|进度|时间要求|完成日期|日期|时间进度|进度安排|时序进度|节点)(?:要求|安排|节点|进度)?"
)

# 责任单位：, 【责任单位】, [责任单位]
_LABEL = re.compile(
    rf"(?:[【\[] ?)?(?:(?P<person>{_PERSON})|(?P<lead>{_LEAD})|(?P<support>{_SUPPORT})|(?P<resp>{_RESPONSIBLE})|"
    rf"(?P<due>{_DUE}))"
    r"(?:[ \n]?: ?| ?[】\]] ?:? ?)"
)
_ROLE_OF = {"lead": UnitRole.LEAD, "support": UnitRole.SUPPORT, "resp": UnitRole.RESPONSIBLE, "person": None}

# At most one bracket inside another, and never longer than a list of units is: hostile text stays cheap.
_BRACKET = re.compile(r"[(\[【](?:[^()\[\]【】]|\([^()]{0,24}\)|\[[^\[\]]{0,24}\]){2,600}[)\]】]")
LONGEST_VALUE = 2_000  # characters of a label's value
_FIRST_LEADS = re.compile(r"(?:列)?第一(?:位|个)?(?:者)?(?:为|是)牵头(?:单位|部门)?")
_NOTE = re.compile(r"[。;,](?:[^。;,()]{0,8})?(?:列第一|第一个|下同|以下同|排名第一).*$")
_TAIL = re.compile(
    r"[,;]([^,;()]{0,12}[0-9年月日季每底][^,;()]{0,18}(?:完成|前|内|底|推进)|(?:持续|长期|常态化)[^,;()]{0,6})$"
)
_SAYS_WHO = re.compile(
    r"(?:负责|牵头|配合|参与|参加|承办|落实|组织实施|协办|协助)(?:实施|落实|推进|办理)?$|按(?:职责|分工|职责分工)[^,;]{0,8}$"
)
# A clause that says when: 2018年3月底前完成, 长期坚持. Who acts stands in another.
_SAYS_WHEN = re.compile(
    r"(?:[0-9]{4} ?年|[0-9]{1,2} ?月|年底|年内|全年|季度|半年|每年|每月|每周|长期|持续|常态|期末|期间|立即|立行立改)"
    r"[^,;。]{0,20}$"
)
_STOPS = ("。", ";", "!")
_LINE_ENDS = ("", "\n")
_NAME_BEFORE = re.compile(r"[局委办部厅院署会处社]$")  # 国家林草局(国家公园管理局) is one name
_CLAUSE = re.compile(r"[^,;。]+")
_VALUE_END = re.compile(r"\n|。")


def assignments(folded: str, borders: Sequence[int]) -> list[Assignment]:
    """Every assignment of a text, in order, none inside another, none across a border (where a section begins)."""
    folded = _mended(folded)
    found = list(_brackets(folded))
    taken, ends = [each.start for each in found], [each.end for each in found]
    found += [
        one
        for one in _labelled(folded, borders)
        if bisect.bisect_left(taken, one.end)
        == bisect.bisect_right(ends, one.start)  # no bracket begins before its end
    ]
    return sorted(found, key=lambda each: each.start)


_BROKEN = re.compile(
    "|".join(
        "\n?".join(label)
        for label in (
            "牵头单位",
            "责任单位",
            "配合单位",
            "牵头部门",
            "责任部门",
            "配合部门",
            "完成时限",
            "完成时间",
            "整改时限",
        )
    )
)


def _mended(folded: str) -> str:
    """A text in which no label is broken by the end of a line or page: the break goes behind it."""

    def mended(found: re.Match[str]) -> str:
        label = found[0].replace("\n", "")
        return label + "\n" * (len(found[0]) - len(label))

    return _BROKEN.sub(mended, folded)


def first_leads(folded: str) -> bool:
    """Whether a note says that the first unit of each list leads."""
    return bool(_FIRST_LEADS.search(folded))


# ── brackets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _brackets(folded: str) -> Iterator[Assignment]:
    for match in _BRACKET.finditer(folded):
        start, end = match.start() + 1, match.end() - 1
        inner = folded[start:end]
        labels = list(_LABEL.finditer(folded, start, end))
        if labels:
            found = _joined(_from_words(folded, start, labels[0].start()), _from_labels(folded, labels, end))
        elif _says_who(inner) or _names_alone(folded, match.start(), match.end()):
            found = _from_words(folded, start, end)
        else:
            continue
        if found.units or found.due:
            yield replace(found, start=match.start(), end=match.end())


def _says_who(inner: str) -> bool:
    """Whether words without a label name units: `A牵头，B配合`, `A、B负责，2018年底前完成`."""
    if _FIRST_LEADS.search(inner):
        return True
    return any(_SAYS_WHO.search(clause[0].rstrip(ENDINGS)) for clause in _CLAUSE.finditer(_NOTE.sub("", inner)))


def _names_alone(folded: str, start: int, end: int) -> bool:
    """Whether a bracket behind a sentence holds nothing but names, and perhaps a date: `…投入使用。(县教育局)`."""
    behind = folded[start - 1 : start] in _STOPS if start else False
    last = folded[end : end + 1] in _LINE_ENDS and not _NAME_BEFORE.search(folded, max(0, start - 2), start)
    if not (behind or last):
        return False
    clauses = [clause[0] for clause in re.finditer(r"[^;]+", folded[start + 1 : end - 1])]
    return is_unit_list(clauses[0]) and all(_SAYS_WHEN.search(clause) for clause in clauses[1:])


def _joined(words: Assignment, labels: Assignment) -> Assignment:
    """Words and labels of one bracket: `A牵头、B负责；完成时限：2021年5月`."""
    units = once([*words.units, *labels.units])
    return replace(labels, units=units, due=labels.due or words.due, is_open=labels.is_open or words.is_open)


# ── labels ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _labelled(folded: str, borders: Sequence[int]) -> Iterator[Assignment]:
    """Labels one behind another, on lines of their own or run together."""
    labels = list(_LABEL.finditer(folded))
    place = 0
    while place < len(labels):
        first = place
        kinds = {_kind(labels[place])}
        border = _next(borders, labels[first].end(), len(folded))
        while place + 1 < len(labels) and _runs_on(folded, labels[place], labels[place + 1], border, kinds):
            place += 1
            kinds.add(_kind(labels[place]))
        following = labels[place + 1].start() if place + 1 < len(labels) else len(folded)
        end = min(_value_end(folded, labels[place]), border, following)
        found = _from_labels(folded, labels[first : place + 1], end)
        if found.units or found.due:
            yield found
        place += 1


def _kind(label: re.Match[str]) -> str:
    return next(name for name, text in label.groupdict().items() if text)


def _next(borders: Sequence[int], place: int, last: int) -> int:
    found = bisect.bisect_left(borders, place)
    return borders[found] if found < len(borders) else last


def _runs_on(folded: str, label: re.Match[str], following: re.Match[str], border: int, kinds: set[str]) -> bool:
    """Whether a label stands behind another's value, for the same task; `kinds` are those it has already."""
    if following.start() >= border or following.start() - label.end() > 400:
        return False
    kind, between = _kind(following), folded[label.end() : following.start()]
    if "。" in between.rstrip(ENDINGS) or between.count("\n") > 2:
        return False
    if kind in kinds and ("\n" in between or kind == "due"):
        return False
    first, broken, rest = between.partition("\n")
    if broken and rest.strip() and not first.rstrip().endswith(("、", ",")) and not is_unit_list(rest):
        return False  # words of another task stand between
    return not (kind == "lead" and "due" in kinds and kinds & {"lead", "resp", "support"})


def _value_end(folded: str, label: re.Match[str]) -> int:
    """Where the last label's value ends: with its line or its sentence; a list that ends in 、 goes on."""
    start, last = label.end(), min(len(folded), label.end() + LONGEST_VALUE)
    while match := _VALUE_END.search(folded, start, last):
        if match[0] == "\n" and _kind(label) != "due" and folded[label.end() : match.start()].rstrip().endswith("、"):
            start = match.end()
            continue
        return match.start()
    return last


def _from_labels(folded: str, labels: Sequence[re.Match[str]], end: int) -> Assignment:
    units: list[Named] = []
    due = None
    is_open = False
    for place, label in enumerate(labels):
        stop = labels[place + 1].start() if place + 1 < len(labels) else end
        kind = _kind(label)
        if kind == "due":
            due = due or _stripped(folded, label.end(), stop)
            continue
        role = _ROLE_OF[kind]
        if tail := _TAIL.search(folded[label.end() : stop].rstrip(ENDINGS)):
            due = due or (label.end() + tail.start(1), label.end() + tail.end(1))
            stop = label.end() + tail.start()
        found, opened = read_units(folded, label.end(), stop, role or UnitRole.RESPONSIBLE)
        units += found if role else [unit for unit in found if is_unit_name(unit.name)]
        is_open = is_open or opened
    return Assignment(labels[0].start(), end, once(units), due, is_open)


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _from_words(folded: str, start: int, end: int) -> Assignment:
    """Clauses that say who and clauses that say when, in any order."""
    note = _NOTE.search(folded[start:end])
    stop = start + note.start() if note else end
    units: list[Named] = []
    due = None
    is_open = False
    first = start
    for clause in [*_CLAUSE.finditer(folded, start, stop), None]:
        said = clause is not None and _SAYS_WHEN.search(clause[0]) and not _SAYS_WHO.search(clause[0].rstrip(ENDINGS))
        if clause is not None and not said:
            continue
        found, opened = read_units(folded, first, clause.start() if clause else stop, UnitRole.RESPONSIBLE)
        units += found
        is_open = is_open or opened
        if clause is not None:
            due, first = _stripped(folded, *clause.span()), clause.end()
    if not any(is_unit_name(unit.name) for unit in units):
        units = []
    if first_leads(folded[start:end]) and len(units) > 1:
        units[0] = Named(units[0].name, UnitRole.LEAD, units[0].start, units[0].end)
    return Assignment(start, end, once(units), due if units else None, is_open)


def _stripped(folded: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and folded[start] in ENDINGS:
        start += 1
    while end > start and folded[end - 1] in ENDINGS:
        end -= 1
    return (start, end) if start < end else None
