"""Tables that were flattened to lines of cells: apart by tabs, bars, slashes or wide gaps, or one cell a line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.phrases.scan import read
from service.phrases.values import Found, Setting
from service.reading.rules.dues import from_label, opening
from service.reading.rules.unit_lists import Named, UnitRole, once, read_units
from service.reading.rules.unit_words import is_unit_list, is_unit_name

Place = tuple[int, int]
FEWEST_ROWS = 3
LONGEST_DATE = 16  # characters of a cell that is a date with a word or two: 10月底前完工
MOST_CELLS = 12  # of a row that stands one cell a line: what follows the last row is none of it


class Column(StrEnum):
    """What a column holds."""

    NUMBER = "number"
    TASK = "task"
    LEAD = "lead"
    RESPONSIBLE = "responsible"
    SUPPORT = "support"
    PERSON = "person"
    DUE = "due"
    OTHER = "other"


_UNIT_ROLES = {
    Column.LEAD: UnitRole.LEAD,
    Column.RESPONSIBLE: UnitRole.RESPONSIBLE,
    Column.SUPPORT: UnitRole.SUPPORT,
}
# In this order: 牵头责任单位 leads, 工作进度 is a time, 责任人 no unit.
_HEADERS = (
    (Column.NUMBER, r"序号|编号|序|项次"),
    (Column.PERSON, r".{0,6}(?:领导|责任人|负责人|联系人|联络员|电话|签字)"),
    (Column.LEAD, r".{0,4}(?:牵头|主办|主责|主管).{0,8}"),
    (Column.SUPPORT, r".{0,4}(?:配合|协办|参与|协同|协助).{0,8}"),
    (
        Column.RESPONSIBLE,
        r".{0,6}(?:责任|承办|实施|落实|负责|承担|完成|执行|主体)(?:单位|部门|科室|处室|股室|主体|机构)|责任分工|单位|部门|科室|股室",
    ),
    (
        Column.DUE,
        r".{0,6}(?:时间|时限|期限|日期|节点|时间进度|完成进度|进度安排|工作进度|推进计划)(?:要求|安排|节点)?",
    ),
    (Column.OTHER, r".{0,4}(?:备注|考核要点|考核|成果|依据|来源|预期|标准|完成情况|进展|说明|分值).{0,6}"),
    (
        Column.TASK,
        r".{0,8}(?:任务|措施|内容|事项|举措|项目|要点|工作|目标|指标|步骤|要求|问题|任务分解.{0,8}|名称|类别)",
    ),
)
_HEADER = tuple((column, re.compile(pattern)) for column, pattern in _HEADERS)


@dataclass(frozen=True, slots=True)
class Row:
    """A row that holds a task: its place, its deadline, its units."""

    start: int
    end: int
    due: Found | None
    units: tuple[Named, ...] = ()
    others: tuple[Found, ...] = ()


def table_rows(text: str, folded: str, setting: Setting) -> list[Row]:
    """The rows of every table of a document, in order; nothing where there is none."""
    rows: list[Row] = []
    for block in _blocks(text, folded):
        rows += _block_rows(text, folded, block, setting)
    if rows:
        return rows
    for piece in (r"[^\n]+", r"[^ \n]+"):  # a cell a line, or everything on one line
        if rows := _stacked(text, folded, re.compile(piece), setting):
            return rows
    return _glued(text, folded, setting)


# ── cells beside each other ──────────────────────────────────────────────────────────────────────────────────────────

# Never more blanks than 20 before a tab or a stroke: a line of nothing but blanks is tried at each of them.
_GAPS = (re.compile(r" {0,20}\t *"), re.compile(r" ?[|｜] ?"), re.compile(r" {1,20}/ +"), re.compile(r"[ \u3000]{2,}"))


def _blocks(text: str, folded: str) -> Iterator[list[list[Place]]]:
    """Runs of lines with cells, the same gap between them; blank lines do not end a run."""
    lines = [(match.start(), match.end()) for match in re.finditer(r"[^\n]+", text) if match[0].strip()]
    place = 0
    while place < len(lines):
        gap = next((gap for gap in _GAPS if gap.search(text, *_trimmed(text, *lines[place]))), None)
        run: list[list[Place]] = []
        while gap and place < len(lines):
            if gap.search(text, *_trimmed(text, *lines[place])):
                run.append(_cells(text, lines[place], gap))
            elif place + 1 == len(lines) or not gap.search(text, *_trimmed(text, *lines[place + 1])):
                break  # one line without a gap may be a note between two rows, two are the end
            place += 1
        wide = [cells for cells in run if len(cells) > 1]
        if len(wide) >= FEWEST_ROWS and (gap is not _GAPS[-1] or any(_header(folded, cells) for cells in wide[:2])):
            yield run
        place += 0 if run else 1


def _trimmed(text: str, start: int, end: int) -> Place:
    while start < end and text[start] in " \u3000":
        start += 1
    return start, end


def _cells(text: str, line: Place, gap: re.Pattern[str]) -> list[Place]:
    start, end = _trimmed(text, *line)
    cells, begin = [], start
    for match in gap.finditer(text, start, end):
        cells.append((begin, match.start()))
        begin = match.end()
    ends_open = gap is _GAPS[0]  # an empty last cell; a bar at the end closes the row
    return [*cells, (begin, end)] if begin < end or ends_open else cells


def _column(words: str) -> Column | None:
    words = re.sub(r"[ \n]|\([^()]*\)", "", words)
    if not 1 <= len(words) <= 14:
        return None
    return next((column for column, pattern in _HEADER if pattern.fullmatch(words)), None)


def _header(folded: str, cells: Sequence[Place]) -> list[Column] | None:
    """The columns that a line names; None: it is no header."""
    columns = [_column(folded[a:b]) for a, b in cells]
    named = [column for column in columns if column]
    if len(named) < 2 or len(named) * 3 < len(columns) * 2:
        return None
    return [column or Column.OTHER for column in columns]


def _block_rows(text: str, folded: str, block: list[list[Place]], setting: Setting) -> Iterator[Row]:
    columns: list[Column] | None = None
    before: Row | None = None
    for cells in block:
        if found := _header(folded, cells):
            columns, before = found, None
            continue
        row = _row(text, folded, cells, columns, setting)
        if row is None:
            continue
        before = _with_merged(row, before, columns, len(cells))
        yield before


def _with_merged(row: Row, before: Row | None, columns: list[Column] | None, cells: int) -> Row:
    """A row whose cells were merged with those above takes their values: fewer cells than columns."""
    if before is None or columns is None or cells >= len(columns):
        return row
    due = row.due or (before.due if Column.DUE in columns else None)
    units = row.units or (before.units if any(column in _UNIT_ROLES for column in columns) else ())
    return Row(row.start, row.end, due, units, row.others)


def _row(text: str, folded: str, cells: Sequence[Place], columns: list[Column] | None, setting: Setting) -> Row | None:
    """A row from its cells; what a cell holds is said by its column, or seen where cells are missing."""
    told = columns if columns and len(columns) == len(cells) else _seen(text, folded, cells, columns, setting)
    units: list[Named] = []
    due: Found | None = None
    others: tuple[Found, ...] = ()
    for (first, last), column in zip(cells, told, strict=False):
        if column in _UNIT_ROLES:
            units += read_units(folded, first, last, _UNIT_ROLES[column])[0]
        elif column is Column.DUE and due is None:
            due, others = from_label(text, first, last, setting)
    tasks = [cell for cell, column in zip(cells, told, strict=False) if column in {Column.TASK, Column.OTHER}]
    if not any(re.search(r"[\u4e00-\u9fff]{2}", folded[a:b]) for a, b in tasks):
        return None
    if due is None:
        due = opening(text, folded, cells, setting)
    return Row(cells[0][0], cells[-1][1], due, once(units), others)


def _seen(
    text: str, folded: str, cells: Sequence[Place], columns: list[Column] | None, setting: Setting
) -> list[Column]:
    """What cells hold, by their look."""
    roles = [column for column in columns or () if column in _UNIT_ROLES] or [Column.RESPONSIBLE]
    dated = columns is None or Column.DUE in columns
    told: list[Column] = []
    lists = 0
    for first, last in cells:
        words = folded[first:last].strip()
        if re.fullmatch(r"[0-9]{1,3}[.、]?", words):
            told.append(Column.NUMBER)
        elif dated and len(words) <= LONGEST_DATE and from_label(text, first, last, setting)[0]:
            told.append(Column.DUE)
        elif (columns is None or roles) and is_unit_list(words):
            told.append(roles[min(lists, len(roles) - 1)])
            lists += 1
        else:
            told.append(Column.TASK)
    return told


# ── one cell a line ──────────────────────────────────────────────────────────────────────────────────────────────────


def _stacked(text: str, folded: str, piece: re.Pattern[str], setting: Setting) -> list[Row]:
    """Rows of a table whose cells stand one behind the other, each a piece, under a header that does so too."""
    lines = [_stripped(folded, *match.span()) for match in piece.finditer(folded)]
    lines = [line for line in lines if line[0] < line[1]]
    named = [_column(folded[slice(*line)]) for line in lines]
    rows: list[Row] = []
    place = 0
    while place < len(lines):
        columns = _header_run(named, place)
        place += max(1, len(columns))
        if len(columns) < FEWEST_ROWS:
            continue
        for cells in _stacks(folded, lines, place, columns, setting):
            place += len(cells)
            if row := _row(text, folded, cells, columns, setting):
                rows.append(row)
    return rows


def _stripped(folded: str, start: int, end: int) -> Place:
    start, end = _trimmed(folded, start, end)
    while end > start and folded[end - 1] == " ":
        end -= 1
    return start, end


def _header_run(named: Sequence[Column | None], place: int) -> list[Column]:
    """The names of columns that stand from here on, one behind the other, at least one of them of units or dates."""
    columns: list[Column] = []
    for column in named[place : place + 10]:
        if column is None:
            break
        columns.append(column)
    telling = any(column is Column.DUE or column in _UNIT_ROLES for column in columns)
    return columns if telling else []


def _stacks(
    folded: str, lines: Sequence[Place], place: int, columns: Sequence[Column], setting: Setting
) -> Iterator[list[Place]]:
    """Lines in rows: by their running number where there is one, else each as many lines as there are columns."""
    if columns[0] is Column.NUMBER:
        yield from _numbered(folded, lines, place)
        return
    wide = len(columns)
    for first in range(place, len(lines) - wide + 1, wide):
        cells = list(lines[first : first + wide])
        if not any(_fits(folded[slice(*cell)], column, setting) for cell, column in zip(cells, columns, strict=True)):
            return
        yield cells


def _fits(words: str, column: Column, setting: Setting) -> bool:
    """Whether a cell holds what its column is for, of units and dates."""
    if column in _UNIT_ROLES:
        return is_unit_list(words)
    return column is Column.DUE and read(words, setting) is not None


def _numbered(folded: str, lines: Sequence[Place], place: int) -> Iterator[list[Place]]:
    row: list[Place] = []
    count = 0
    for number in range(place, len(lines)):
        line = lines[number]
        if line[1] - line[0] <= 5 and folded[slice(*line)].rstrip(".、") == str(count + 1):
            if row:
                yield row
            row, count = [], count + 1
        elif not count:
            return
        if len(row) < MOST_CELLS:
            row.append(line)
    if row:
        yield row


# ── cells without anything between them ──────────────────────────────────────────────────────────────────────────────

_DATE_BEFORE_UNITS = re.compile(
    r"(?:20[0-9]{2}年)?(?:(?<![0-9])[0-9]{1,2}月(?:[0-9]{1,2}日)?(?:底前|底|前|末)?|年底前|年底|[上下]半年|[一二三四]季度|全年|持续推进|长期坚持)"
    r"(?=[市区县省州各][\u4e00-\u9fff])"
)
LONGEST_ROW = 400


def _glued(text: str, folded: str, setting: Setting) -> list[Row]:
    """Lines that end in a date and units with nothing between them: `…3月区经发局区环土局`."""
    rows = []
    for line in re.finditer(r"[^\n]+", folded):
        start, end = _stripped(folded, *line.span())
        if end - start > LONGEST_ROW:
            continue
        for found in _DATE_BEFORE_UNITS.finditer(folded, start, end):
            units, _ = read_units(folded, found.end(), end, UnitRole.RESPONSIBLE)
            if units and all(is_unit_name(unit.name) for unit in units):
                due, _ = from_label(text, *found.span(), setting)
                rows.append(Row(start, end, due, once(units)))
                break
    return rows if len(rows) >= FEWEST_ROWS else []
