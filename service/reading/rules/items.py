"""The tasks of a document: which pieces of its text they are, who answers for them, when they are due."""

import re
from dataclasses import dataclass, replace

from service.phrases.folding import fold
from service.phrases.scan import read, scan
from service.phrases.values import Found, Kind, Reading, Setting
from service.reading.rules.assignments import Assignment, assignments, first_leads
from service.reading.rules.outline import Section, every, leaves, outline
from service.reading.rules.tables import Row, table_rows
from service.reading.rules.unit_lists import Named, UnitRole

_GOALS = re.compile(
    r"总体要求|指导思想|基本原则|(?:发展|工作|总体|主要|建设|奋斗)目标|指标体系|重要意义|总体思路|适用范围|基本情况|工作背景|现状"
)
FEW = 3  # tasks with units behind them, from which on those without are none
LONGEST_HEADING = 60


@dataclass(frozen=True, slots=True)
class Item:
    """A task: its place in the text, its number in the document, its units, its deadline, and others that it names."""

    start: int
    end: int
    path: str
    units: tuple[Named, ...] = ()
    due: Found | None = None
    others: tuple[Found, ...] = ()
    is_open_list: bool = False


def find_items(text: str, setting: Setting) -> list[Item]:
    """Every task of a text, in order."""
    folded = fold(text)
    if rows := table_rows(folded, setting):
        return [_from_row(row, text, setting) for row in rows]
    tree = outline(folded)
    sections = leaves(tree)
    said = assignments(folded, sorted(each.start for each in every(tree)))
    if len(said) >= FEW:
        return _assigned(text, folded, sections, said, setting)
    return [
        _plain(text, section, end, setting)
        for section, end in _own(text, tree, setting)
        if not _is_goal(folded, section)
    ]


# ── documents that name units behind their tasks ─────────────────────────────────────────────────────────────────────


def _assigned(text: str, folded: str, sections: list[Section], said: list[Assignment], setting: Setting) -> list[Item]:
    """A task for each assignment: from the section's beginning, or from the assignment before it."""
    by_note = first_leads(folded)
    items: list[Item] = []
    reached = 0
    for one in said:
        section = next((each for each in sections if each.start <= one.start < each.end), None)
        start = max(section.body if section else 0, reached, _paragraph(folded, one.start) if section is None else 0)
        reached = one.end
        if section is None and not one.units:
            continue
        units = _led(one.units) if by_note else one.units
        due, others = _due(text, start, one, setting)
        items.append(Item(start, one.end, section.path if section else "", units, due, others, one.is_open))
    return items


def _paragraph(folded: str, place: int) -> int:
    return folded.rfind("\n", 0, place) + 1


def _led(units: tuple[Named, ...]) -> tuple[Named, ...]:
    if len(units) < 2 or any(unit.role is UnitRole.LEAD for unit in units):
        return units
    return (replace(units[0], role=UnitRole.LEAD), *units[1:])


def _due(text: str, start: int, one: Assignment, setting: Setting) -> tuple[Found | None, tuple[Found, ...]]:
    """A task's deadline: what its label says, else the last one in its own text."""
    if one.due is not None:
        first, last = one.due
        value = text[first:last]
        if reading := read(value, setting):
            return Found(first, last, value, reading), ()
        inside = _found(text, first, last, setting)
        if inside:
            return inside[-1], tuple(inside[:-1])
        return _loose(text, first, last, setting), ()
    return _chosen(_found(text, start, one.start, setting))


def _loose(text: str, first: int, last: int, setting: Setting) -> Found | None:
    """A label's value with words around its phrase: 口岸监管场地于2019年8月完成."""
    for piece in re.finditer(r"[^,，。;；、]+", text[first:last]):
        for match in re.finditer(
            r"(?:20[0-9]{2}年)?[0-9]{1,2}月|20[0-9]{2}年|常态化(?:实施|推进)?|长期(?:坚持)?|持续(?:推进)?", piece[0]
        ):
            if reading := read(match[0], setting):
                at = first + piece.start() + match.start()
                return Found(at, at + len(match[0]), match[0], reading)
    return None


def _found(text: str, start: int, end: int, setting: Setting) -> list[Found]:
    return [
        Found(start + each.start, start + each.end, each.text, each.reading) for each in scan(text[start:end], setting)
    ]


def _chosen(found: list[Found]) -> tuple[Found | None, tuple[Found, ...]]:
    """Of several the last dated one is the task's; what comes again or is open counts where there is no date."""
    dated = [each for each in found if each.reading.kind not in {Kind.RECURRING, Kind.OPEN, Kind.TERM}]
    rest = dated or found
    if not rest:
        return None, ()
    return rest[-1], tuple(each for each in found if each is not rest[-1])


# ── documents without ────────────────────────────────────────────────────────────────────────────────────────────────


def _is_goal(folded: str, section: Section) -> bool:
    here: Section | None = section
    while here is not None:
        if _GOALS.search(folded[here.body : here.body + 12].split("\n", maxsplit=1)[0]):
            return True
        here = here.parent
    return False


def _own(text: str, tree: list[Section], setting: Setting) -> list[tuple[Section, int]]:
    """Every section with where its own words end: all innermost ones, and others whose own words name a deadline."""
    found = []
    for section in every(tree):
        end = section.end if section.is_leaf else section.children[0].start
        if not text[section.body : end].strip():
            continue
        if section.is_leaf or _found(text, section.body, end, setting):
            found.append((section, end))
    return found


def _plain(text: str, section: Section, end: int, setting: Setting) -> Item:
    due, others = _chosen(_found(text, section.body, end, setting))
    return Item(section.body, end, section.path, (), due, others)


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _from_row(row: Row, text: str, setting: Setting) -> Item:
    due = None
    if row.due is not None:
        value = text[slice(*row.due)]
        reading: Reading | None = read(value, setting)
        due = Found(*row.due, value, reading) if reading else None
    units: tuple[Named, ...] = ()
    return Item(row.start, row.end, "", units, due)
