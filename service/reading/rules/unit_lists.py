"""Lists of units: `区司法局、各乡镇人民政府`, `A牵头，B、C按职责分工负责`, `各市、州、县人民政府`."""

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from service.reading.rules.unit_words import glued_cuts, is_unit_name


class UnitRole(StrEnum):
    """What a unit does in a task; the words of `milestones.rules.Role`."""

    LEAD = "lead"
    RESPONSIBLE = "responsible"
    SUPPORT = "support"


@dataclass(frozen=True, slots=True)
class Named:
    """A unit as it is written, with its place in the text."""

    name: str
    role: UnitRole
    start: int
    end: int


ENDINGS = " 。.;,、:\n\u3000"  # what may stand around a name
LONGEST_UNIT = 40

_BY_DUTY = r"(?:等)?(?:按照?|根据|依据)(?:各自)?(?:职责|职能|分工|职责分工)[^,;。]{0,8}?(?:负责|落实|推进|实施|配合)"
_MANNER = "(?:等)?(?:具体|分别|共同|组织|按职责|按职责分工)?"
_TOGETHER = "(?:等)?(?:积极|协同|按职责|按职责分工)?"
_NO_BODY = "(?!单位|部门|科室|机构)"  # 各承办单位 is a name
# What stands at the end of a clause, and what the units before it do.
_CLAUSE_ROLE = (
    (
        rf"(?:共同|联合|负责)?(?:牵头|主办){_NO_BODY}(?:负责|落实|实施|推进|组织实施)?(?:[^、,;]{{0,12}})?$",
        UnitRole.LEAD,
    ),
    (_TOGETHER + r"(?:配合|协办|参与|协助|参加)" + _NO_BODY + "(?:[^、,;]{0,8})?$", UnitRole.SUPPORT),
    (_BY_DUTY + "$", UnitRole.RESPONSIBLE),
    (r"(?:负责)?(?:督查|督办|督促)(?:落实)?$", UnitRole.RESPONSIBLE),
    (_MANNER + r"(?:负责|落实|承办|实施|组织实施)" + _NO_BODY + "(?:[^、,;]{0,14})?$", UnitRole.RESPONSIBLE),
)
_ROLES = tuple((re.compile(pattern), role) for pattern, role in _CLAUSE_ROLE)
_BOUND = re.compile(r"[①-⑳]|[0-9]{1,2}[.、]|\([0-9]{1,2}\)")  # what binds a unit to a part of the task
_BY = re.compile(r"(?:主要)?由|请")
# 等 closes a list, and what follows it says of what: 等市级有关部门.
_OPEN = re.compile(
    r"等[省市区县州级直政府各有关相成员职能主管责任多个家一二三四五六七八九十0-9]{0,9}(?:(?:部门|单位)(?:[和、](?:部门|单位))?)?$"
)
_IN_BRACKET = re.compile(r"\((牵头|主办|主责|配合|协办|参与)(?:单位|部门|负责)?\)$")  # 区数据局(牵头)、区公安局
_BRACKET_ROLES = {
    **dict.fromkeys(("牵头", "主办", "主责"), UnitRole.LEAD),
    **dict.fromkeys(("配合", "协办", "参与"), UnitRole.SUPPORT),
}
_CLAUSE_END = re.compile(r"[,;。\n]|(?<=牵头|负责|配合|主办|协办)、")
_AND = "(?:和|及|以及|与|会同)"
_SPLIT = re.compile(
    r"[、,;/]"
    rf"|(?<=[局委办部厅院会处室社府司])(?<!党委)(?<!工委){_AND}(?=[\u4e00-\u9fff]{{2}})"
    rf"|(?<=党委|工委){_AND}(?!(?:人民)?政府|办事处|管委会)(?=[\u4e00-\u9fff]{{2}})"  # 党委和政府 are one
    r"|(?<=部门|单位)(?:和|以及|及|与)(?=各)|(?<=[\u4e00-\u9fff])(?=[①-⑳])"
)
_HAN = re.compile(r"[\u4e00-\u9fff]")

# Expressions that name one body of governments, with the commas inside them: 各市、州、县人民政府.
_TIER = "(?:自治州|自治县|自治区|直辖市|州|盟|县|区|市|乡|镇|街道|村|旗)"
_KEPT = re.compile(
    r"委、(?:人民)?政府(?![\u4e00-\u9fff])|"  # 各县党委、政府
    r"部门、(?:有关|相关|直属)?单位(?![\u4e00-\u9fff])|"  # 市直有关部门、单位
    rf"各?[^、,;()]{{0,6}}各?(?:市|州|县|区|乡|镇|街道|村|旗|盟)(?:、{_TIER}(?:[\[(][^\])]{{1,9}}[\])])?)+"
    r"(?:人民政府|政府|党委|党工委|办事处|管委会)?(?![\u4e00-\u9fff])"
)


def read_units(folded: str, start: int, end: int, role: UnitRole) -> tuple[list[Named], bool]:
    """The units of a list, clause by clause: what stands at a clause's end says what those before it do."""
    units: list[Named] = []
    is_open = False
    for first, last in _clauses(folded, start, end):
        text = folded[first:last]
        clause_role, length = _clause_role(text, role)
        names, opened = _names(folded, first, first + length, clause_role)
        units += names
        is_open = is_open or opened
    return units, is_open


def _clauses(folded: str, start: int, end: int) -> list[tuple[int, int]]:
    """A list's clauses: pieces between commas and semicolons, a piece without a role word belonging to the next."""
    pieces: list[tuple[int, int]] = []
    begin = start
    for match in _CLAUSE_END.finditer(folded[start:end]):
        place = start + match.start()
        if any(pattern.search(folded[begin:place].rstrip(ENDINGS)) for pattern, _ in _ROLES):
            pieces.append((begin, place))
            begin = place + 1
    pieces.append((begin, end))
    return [(first, last) for first, last in pieces if folded[first:last].strip(ENDINGS)]


def _clause_role(text: str, role: UnitRole) -> tuple[UnitRole, int]:
    """What a clause says about its units, and how long it is without the words that say so."""
    trimmed = text.rstrip(ENDINGS)
    for pattern, clause_role in _ROLES:
        if found := pattern.search(trimmed):
            return clause_role, found.start()
    return role, len(trimmed)


def _names(folded: str, start: int, end: int, role: UnitRole) -> tuple[list[Named], bool]:
    text = folded[start:end]
    kept = [match.span() for match in _KEPT.finditer(text)]
    names: list[Named] = []
    is_open = False
    begin = 0
    cuts = [
        match.span()
        for match in _SPLIT.finditer(text)
        if not any(a <= match.start() < b for a, b in kept) and _outside(text, match.start())
    ]
    for cut, after in [*cuts, (len(text), len(text))]:
        piece, begin_at = text[begin:cut], begin
        begin = after
        stripped = _balanced(piece.strip(ENDINGS))
        if (bound := _BOUND.match(stripped)) and is_unit_name(stripped[bound.end() :]):
            stripped = stripped[bound.end() :]
        if (by := _BY.match(stripped)) and is_unit_name(stripped[by.end() :]):
            stripped = stripped[by.end() :]
        as_role = role
        if told := _IN_BRACKET.search(stripped):
            stripped, as_role = stripped[: told.start()], _BRACKET_ROLES[told[1]]
        if opened := _OPEN.search(stripped):
            is_open, stripped = True, stripped[: opened.start()] if opened.start() > 1 else stripped
        longest = LONGEST_UNIT if len(stripped) <= LONGEST_UNIT or not glued_cuts(stripped) else len(stripped)
        if not 2 <= len(stripped) <= longest or not _HAN.search(stripped):
            continue
        at = start + begin_at + piece.index(stripped)
        names += [Named(stripped[a:b], as_role, at + a, at + b) for a, b in _apart(stripped)]
    return names, is_open


def _balanced(name: str) -> str:
    """A name without the end of a bracket that began before the list, or was lost: `区税务局)`."""
    open_, closed = (sum(map(name.count, each)) for each in ("([【", ")]】"))
    while closed > open_ and name.endswith((")", "]", "】")):
        name, closed = name[:-1].rstrip(ENDINGS), closed - 1
    return name


def _apart(name: str) -> list[tuple[int, int]]:
    """The names in a piece that lost its separators to blanks, or altogether."""
    words = [match.span() for match in re.finditer(r"[^ \n]+", name)]
    if len(words) < 2 or not all(is_unit_name(name[a:b]) for a, b in words):
        words = [(0, len(name))]
    found: list[tuple[int, int]] = []
    for first, last in words:
        bounds = [first, *(first + cut for cut in glued_cuts(name[first:last])), last]
        found += pairwise(bounds)
    return found


def _outside(text: str, place: int) -> bool:
    """Whether a place stands outside brackets: 市、区〔市〕 and (区数字办) stay whole."""
    return text.count("(", 0, place) <= text.count(")", 0, place) and text.count("[", 0, place) <= text.count(
        "]", 0, place
    )


def once(units: list[Named]) -> tuple[Named, ...]:
    """Each unit where it is named first."""
    first: dict[str, Named] = {}
    for unit in units:
        first.setdefault(unit.name, unit)
    return tuple(first.values())
