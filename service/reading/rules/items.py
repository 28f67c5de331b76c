"""The tasks of a document: which pieces of its text they are, who answers for them, when they are due."""

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from service.phrases.folding import fold
from service.phrases.values import Confidence, Found, Kind, Setting
from service.reading.rules.assignments import Assignment, assignments, closing, first_leads
from service.reading.rules.columns import Row
from service.reading.rules.dues import chosen, from_field, from_label, opening, phrases_in
from service.reading.rules.form_fields import with_fields
from service.reading.rules.outline import Section, every, leaves, outline
from service.reading.rules.sections import HEADING, heading, holds_tasks, is_report, own_words, reach
from service.reading.rules.subjects import at_end, in_sentences
from service.reading.rules.tables import table_rows
from service.reading.rules.unit_lists import Named, UnitRole, once

_CLAUSES = 6  # the level from which on numbers, (1) or ①, count the parts of a sentence
LINES_ABOVE = 3  # of label lines that may belong to their task
SHORTEST_REST = 8  # characters behind an assignment that say something
FEW = 3  # tasks with units behind them, from which on those without are none


@dataclass(frozen=True, slots=True)
class Item:
    """A task: its place in the text, its number in the document, its units, its deadline, and others that it names.

    `labelled`: the deadline stands in a field of its own, not in the task's words; `from_heading`: in a heading above;
    `in_sentences`: the units stand in the task's words.
    """

    start: int
    end: int
    path: str
    units: tuple[Named, ...] = ()
    due: Found | None = None
    others: tuple[Found, ...] = ()
    is_open_list: bool = False
    labelled: bool = False
    from_heading: bool = False
    in_sentences: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A document on its way to items: its text, folded, its tree, and what its phrases are read with."""

    text: str
    folded: str
    tree: list[Section]
    setting: Setting
    report: bool
    default: tuple[int, int] | None


def find_items(
    text: str, setting: Setting, *, title: str | None = None, default: tuple[int, int] | None = None
) -> list[Item]:
    """Every task of a text, in order; `default` is the place of the phrase that holds for all tasks without a date."""
    folded = fold(text)
    tree = outline(folded)
    page = Page(text, folded, tree, setting, is_report(folded, title, tree), default)
    if rows := table_rows(text, folded, setting):
        return _with_rows(page, rows)
    said = assignments(folded, sorted(each.start for each in every(tree)))
    if len(said) >= FEW:
        return _assigned(page, said)
    return _plain(page, said) or _dated_paragraphs(page)


# ── documents that name units behind their tasks ─────────────────────────────────────────────────────────────────────


def _assigned(page: Page, said: Sequence[Assignment]) -> list[Item]:
    """A task for each assignment: from the section's beginning, or from the assignment before it."""
    sections = every(page.tree)
    starts = [each.start for each in sections]
    said = with_fields(page.folded, said, lambda place: _holding(sections, starts, place))
    by_note = first_leads(page.folded)
    items: list[Item] = []
    held: set[int] = set()
    reached = 0
    for one, following in zip_longest(said, said[1:]):
        section = _holding(sections, starts, one.start)
        if section is not None and section.is_leaf:
            section = _answered_for(page.folded, section, one.start, reached)
        start = max(section.body, reached) if section else _unnumbered(page.folded, one.start, reached)
        start = min(start, one.start)
        reached = one.end
        if section is None and not one.units:
            continue
        if section is not None:
            held |= {section.start, *(leaf.start for leaf in leaves([section]))}
            if not section.is_leaf and one.start < section.children[0].start:
                reached = section.end if following is None or following.start >= section.end else one.end
            elif section.is_leaf:
                reached = _rest_of_line(page.folded, one, section, following)
        items.append(_item(page, (start, max(reached, one.end)), one, section, by_note=by_note))
    items += _left_out(page, leaves(page.tree), held)
    return sorted(items, key=lambda item: item.start)


def _rest_of_line(folded: str, one: Assignment, section: Section, following: Assignment | None) -> int:
    """How far a task goes on behind who answers for it: `改造老城区(区政府负责)。2016年启动,2018年底前完成。`"""
    line = folded.find("\n", one.end)
    end = min(section.end, line if line >= 0 else one.end)  # the last line may be anything
    if following is not None and following.start < end:
        return one.end
    return end if len(folded[one.end : end].strip()) >= SHORTEST_REST else one.end


def _holding(sections: Sequence[Section], starts: Sequence[int], place: int) -> Section | None:
    """The innermost section that a place lies in."""
    found = bisect.bisect_right(starts, place) - 1
    section = sections[found] if found >= 0 else None
    while section is not None and place >= section.end:
        section = section.parent
    return section


def _answered_for(folded: str, section: Section, place: int, reached: int) -> Section:
    """The section that an assignment is about: behind the last of (1) (2) (3), where no other has one, all."""
    outer = section.parent
    while outer is not None and section is outer.children[-1] and len(outer.children) > 1 and reached <= outer.body:
        alone = not folded[folded.rfind("\n", 0, place) + 1 : place].strip()
        if section.level < _CLAUSES and not (alone and section.level == _CLAUSES - 1):
            break
        section, outer = outer, outer.parent
    return section


def _item(page: Page, place: tuple[int, int], one: Assignment, section: Section | None, *, by_note: bool) -> Item:
    """A task at its place; behind an assignment in a heading, the section that it heads."""
    start, end = place
    if one.due is not None:
        due, others = from_field(page.text, *one.due, page.setting)
    else:
        phrases = _phrases(page, start, one.start) + _bracketed(page, start, one.start)
        phrases += _phrases(page, one.end, end) if end > one.end else []
        due, others = chosen(sorted(phrases, key=lambda each: each.start), page.setting)
    if due is None and section is None:  # 三月：启动复审(质控办)
        due = opening(page.text, page.folded, [(start, end)], page.setting)
    due = due or _due_of_heading(page, section)
    units = _led(one.units) if by_note else one.units
    path = section.path if section else ""
    return Item(start, end, path, units, due, others, one.is_open, labelled=one.due is not None)


def _left_out(page: Page, sections: Sequence[Section], held: set[int]) -> list[Item]:
    """Sections without units: their unit line was lost (most of those beside them have one), or they name a date."""
    found = []
    for section in sections:
        if section.start in held or section.parent is None:
            continue
        end = reach(page.folded, section, sections)
        beside = [each for each in section.parent.children if each.is_leaf]
        lost = len(beside) >= FEW and 2 * sum(each.start in held for each in beside) > len(beside)
        if lost or holds_tasks(page.folded, section, report=page.report):
            phrases = _phrases(page, section.body, end) + _bracketed(page, section.body, end)
            due, others = chosen(sorted(phrases, key=lambda one: one.start), page.setting)
            if lost or (due is not None and due.reading.due.value is not None):
                found.append(Item(section.body, end, section.path, (), due, others))
    return found


def _unnumbered(folded: str, place: int, reached: int) -> int:
    """Where a task without a number begins: with its paragraph; label lines belong to what stands above them."""
    line = folded.rfind("\n", 0, place) + 1
    if folded[line:place].strip() or not reached:
        return max(_paragraph(folded, place), reached)
    return reached


def _paragraph(folded: str, place: int) -> int:
    """Where the paragraph begins; one that is nothing but labels belongs to the one before it."""
    start = folded.rfind("\n", 0, place) + 1
    if folded[start:place].strip():
        return start
    for _ in range(LINES_ABOVE):
        above = folded.rfind("\n", 0, max(start - 1, 0)) + 1
        words = folded[above : max(start - 1, 0)].strip()
        if not words or above == 0 or words.endswith((":", "下")):
            break
        start = above
        if words.endswith("。"):
            break
    return start


def _led(units: tuple[Named, ...]) -> tuple[Named, ...]:
    """The first of a list leads where a note says so; 各有关部门 are many, none of them first."""
    if len(units) < 2 or units[0].name.startswith("各") or any(unit.role is UnitRole.LEAD for unit in units):
        return units
    return (replace(units[0], role=UnitRole.LEAD), *units[1:])


# ── documents without ────────────────────────────────────────────────────────────────────────────────────────────────


def _plain(page: Page, said: Sequence[Assignment]) -> list[Item]:
    """A task for each section that holds one."""
    return [
        _section_item(page, section, end, [one for one in said if section.body <= one.start < end])
        for section, end in own_words(page.text, page.folded, page.tree, page.setting)
        if holds_tasks(page.folded, section, report=page.report)
    ]


def _section_item(page: Page, section: Section, end: int, inside: Sequence[Assignment]) -> Item:
    """A section as a task. A heading above that names another year says what its phrases mean, and when it is due."""
    above = _of_heading(page, section)
    if above is not None and above.reading.year is not None:
        year = above.reading.year
        page = replace(page, setting=Setting(year, page.setting.published_on, (year, year)))
    if not inside and (last := closing(page.folded, section.body, end)):
        inside = [last]
    labelled = next((one.due for one in inside if one.due is not None), None)
    if labelled is not None:
        due, others = from_field(page.text, *labelled, page.setting)
    else:
        phrases = _phrases(page, section.body, end) + _bracketed(page, section.body, end)
        due, others = chosen(sorted(phrases, key=lambda one: one.start), page.setting)
    units = once([unit for one in inside for unit in one.units])
    said = () if units else in_sentences(page.folded, section.body, end)
    end = max([end, *(one.end for one in inside)])  # a bracket may hold what looks like the next number
    is_open = any(one.is_open for one in inside)
    item = Item(section.body, end, section.path, units or said, due or above, others, is_open, in_sentences=bool(said))
    return replace(item, labelled=labelled is not None, from_heading=due is None and above is not None)


def _phrases(page: Page, start: int, end: int) -> list[Found]:
    """The phrases of a task's own words; what holds for all tasks is none of them."""
    found = phrases_in(page.text, start, end, page.setting)
    return [
        one for one in found if page.default is None or not one.start < page.default[1] or one.end <= page.default[0]
    ]


_IN_BRACKET = re.compile(r"(?<!》)\(([^()\n]{2,30})\)(?=[。;:\n]|$)")
_BARE = frozenset({Kind.YEAR, Kind.OPEN, Kind.TERM})


def _bracketed(page: Page, start: int, end: int) -> list[Found]:
    """Bare dates in brackets at the end of a heading or sentence: `第一阶段(3月—5月)`, `…(2024年6月)。`."""
    found = []
    for match in _IN_BRACKET.finditer(page.folded, start, end):
        if phrases_in(page.text, *match.span(1), page.setting):
            continue  # found as it stands
        due, _ = from_label(page.text, *match.span(1), page.setting)
        if due and due.reading.kind not in _BARE:
            found.append(due)
    return found


_HEADING_YEAR = re.compile(r"((?:19|20)[0-9]{2})年")


def _of_heading(page: Page, section: Section) -> Found | None:
    """The year that an outer heading sets for what stands below it, where it is not the document's own."""
    outer = section.parent
    while outer is not None:
        if match := _HEADING_YEAR.match(page.folded, outer.body, outer.body + 20):
            due, _ = from_label(page.text, *match.span(), page.setting)
            if due and int(match[1]) != page.setting.year and heading(page.folded, outer):
                why = f"本条未写时间，上级标题写明{match[1]}年"
                return replace(due, reading=replace(due.reading, confidence=Confidence.INFERRED, why=why))
        outer = outer.parent
    return None


def _due_of_heading(page: Page, section: Section | None) -> Found | None:
    """The one date that the heading above sets for what stands below it: `一、2021年1月底前完成的任务`."""
    outer = section.parent if section is not None else None
    if outer is None:
        return None
    end = outer.children[0].start
    if end - outer.body > HEADING or "。" in page.folded[outer.body : end]:
        return None
    dated = [one for one in _phrases(page, outer.body, end) if one.reading.due.value is not None]
    if len(dated) != 1:
        return None
    reading = replace(dated[0].reading, confidence=Confidence.INFERRED, why="本条未写时间，取上级标题所写的时间")
    return replace(dated[0], reading=reading)


_WORDS = re.compile(r"[\u4e00-\u9fff]{4}")


def _dated_paragraphs(page: Page) -> list[Item]:
    """Without sections: each paragraph that begins with a date or names one."""
    found = []
    for match in re.finditer(r"[^\n]+", page.folded):
        start, end = match.span()
        if not _WORDS.search(match[0]):
            continue
        first = opening(page.text, page.folded, [(start, end)], page.setting)
        phrases = _phrases(page, start, end)
        if first is not None and first.reading.kind is not Kind.OPEN and end - first.end > 4:
            phrases = [first, *(one for one in phrases if one.start >= first.end)]
        due, others = chosen(phrases, page.setting)
        if due is not None and end - due.end + due.start - start >= 4:
            units = in_sentences(page.folded, start, end) or at_end(page.folded, start, end)
            found.append(Item(start, end, "", units, due, others, in_sentences=bool(units)))
    return found


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _with_rows(page: Page, rows: Sequence[Row]) -> list[Item]:
    """The rows of tables, and what the words around them assign in brackets or labels."""
    items = [Item(row.start, row.end, "", row.units, row.due, row.others, labelled=True) for row in rows]
    said = assignments(page.folded, sorted(each.start for each in every(page.tree)))
    outside = [one for one in said if not any(row.start <= one.start < row.end for row in rows)]
    if len(outside) >= FEW:
        items += _assigned(page, outside)
    return sorted(items, key=lambda item: item.start)
