"""Who answers for a task, as it is written behind it: in a bracket, behind labels, or in words.

(责任单位：A、B，完成时间：2025年10月)      牵头单位：A 配合单位：B 完成时限：2019年底
(A牵头，B、C按职责分工负责，2018年3月底前完成)   (A、B负责。列第一位者为牵头单位，下同)
"""

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.reading.rules.unit_lists import ENDINGS, Named, UnitRole, once, read_units


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


_BODY = "(?:单位|部门|科室|处室|机构)"
_LEAD = rf"(?:牵头|主办|主责|组长)(?:责任)?{_BODY}?|第一责任(?:单位|部门)"
_SUPPORT = rf"(?:配合|协办|参与|协助|协同|参加|支持)(?:责任)?{_BODY}?"
_RESPONSIBLE = rf"(?:责任|实施|承办|落实|执行|试点|具体负责|负责)(?:{_BODY}|主体)|负责人?|责任(?:人|主体|领导)?|承办"
_DUE = r"(?:完成|办结|整改|落实|实施|推进|办理)?(?:时间|时限|期限|时间节点|进度|时间要求|完成日期)(?:要求|安排|节点)?"

_LABEL = re.compile(rf"(?:(?P<lead>{_LEAD})|(?P<support>{_SUPPORT})|(?P<resp>{_RESPONSIBLE})|(?P<due>{_DUE})) ?: ?")
_ROLE_OF = {"lead": UnitRole.LEAD, "support": UnitRole.SUPPORT, "resp": UnitRole.RESPONSIBLE}

# At most one bracket inside another, and never longer than a list of units is: hostile text stays cheap.
_BRACKET = re.compile(r"[(\[](?:[^()\[\]]|\([^()]{0,24}\)|\[[^\[\]]{0,24}\]){2,600}[)\]]")
_FIRST_LEADS = re.compile(r"(?:列)?第一(?:位|个)?(?:者)?(?:为|是)牵头(?:单位|部门)?")
_NOTE = re.compile(r"[。;,](?:[^。;,()]{0,8})?(?:列第一|第一个|下同|以下同|排名第一).*$")
_SAYS_WHO = re.compile(r"(?:负责|牵头|配合|参与|承办|落实|组织实施|协办)(?:实施|落实|推进)?$")
_SAYS_WHEN = re.compile(r"(?:牵头|负责|配合)[^()]*(?:完成|推进|实施)$")
_TAIL = re.compile(
    r"[,;]([^,;()]{0,12}[0-9年月日季每底][^,;()]{0,18}(?:完成|前|内|底|推进)|(?:持续|长期|常态化)[^,;()]{0,6})$"
)
_VALUE_END = re.compile(r"\n|。")


def assignments(folded: str, borders: Sequence[int]) -> list[Assignment]:
    """Every assignment of a text, in order, none inside another, none across a border (where a section begins)."""
    found = list(_brackets(folded))
    taken = [(each.start, each.end) for each in found]
    found += [
        one
        for one in _labelled(folded, borders)
        if not any(start < one.end and one.start < end for start, end in taken)
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
        if _LABEL.search(inner):
            found = _from_labels(folded, start, end)
        elif _says_who(inner):
            found = _from_words(folded, start, end)
        else:
            continue
        if found.units or found.due:
            yield Assignment(match.start(), match.end(), found.units, found.due, found.is_open)


def _says_who(inner: str) -> bool:
    """Whether words without a label name units: `A牵头，B配合`, `A、B负责`."""
    first = _NOTE.sub("", inner).split("。")[0].rstrip(ENDINGS)
    return bool(_SAYS_WHO.search(first) or _FIRST_LEADS.search(inner) or _SAYS_WHEN.search(inner))


# ── labels ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _labelled(folded: str, borders: Sequence[int]) -> Iterator[Assignment]:
    """Labels one behind another, on lines of their own or run together."""
    labels = list(_LABEL.finditer(folded))
    place = 0
    while place < len(labels):
        first = place
        border = _next(borders, labels[first].end(), len(folded))
        while place + 1 < len(labels) and _runs_on(folded, labels[place], labels[place + 1], border):
            place += 1
        end = min(_value_end(folded, labels[place].end()), border)
        found = _from_labels(folded, labels[first].start(), end)
        if found.units or found.due:
            yield found
        place += 1


def _next(borders: Sequence[int], place: int, last: int) -> int:
    found = bisect.bisect_left(borders, place)
    return borders[found] if found < len(borders) else last


def _runs_on(folded: str, label: re.Match[str], following: re.Match[str], border: int) -> bool:
    between = folded[label.end() : following.start()]
    if following.start() >= border or len(between) > 400 or "。" in between.rstrip(ENDINGS):
        return False
    kinds = [name for name, text in following.groupdict().items() if text]
    return between.count("\n") <= 2 and bool(kinds) and not (following["lead"] and label["due"])


def _value_end(folded: str, start: int) -> int:
    """Where the last label's value ends: with its line or its sentence."""
    match = _VALUE_END.search(folded, start)
    return match.start() if match else len(folded)


def _from_labels(folded: str, start: int, end: int) -> Assignment:
    labels = list(_LABEL.finditer(folded, start, end))
    units: list[Named] = []
    due = None
    is_open = False
    for place, label in enumerate(labels):
        stop = labels[place + 1].start() if place + 1 < len(labels) else end
        kind = next(name for name, text in label.groupdict().items() if text)
        if kind == "due":
            due = due or _stripped(folded, label.end(), stop)
            continue
        found, opened = read_units(folded, label.end(), stop, _ROLE_OF[kind])
        units += found
        is_open = is_open or opened
    begin = labels[0].start() if labels else start
    return Assignment(begin, end, once(units), due, is_open)


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _from_words(folded: str, start: int, end: int) -> Assignment:
    note = _NOTE.search(folded[start:end])
    stop = start + note.start() if note else end
    tail = _TAIL.search(folded[start:stop])
    due = _stripped(folded, start + tail.start(1), start + tail.end(1)) if tail else None
    units, is_open = read_units(folded, start, start + tail.start() if tail else stop, UnitRole.RESPONSIBLE)
    if first_leads(folded[start:end]) and len(units) > 1:
        units[0] = Named(units[0].name, UnitRole.LEAD, units[0].start, units[0].end)
    return Assignment(start, end, once(units), due, is_open)


def _stripped(folded: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and folded[start] in ENDINGS:
        start += 1
    while end > start and folded[end - 1] in ENDINGS:
        end -= 1
    return (start, end) if start < end else None
