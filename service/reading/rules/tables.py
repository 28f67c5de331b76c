"""Tables that were flattened to lines of cells: apart by tabs, bars, slashes or wide gaps, or one cell a line."""

import re
from collections.abc import Iterator

from service.phrases.values import Setting
from service.reading.rules.columns import FEWEST_ROWS, UNIT_ROLES, Column, Place, Row, header, row_of, trimmed
from service.reading.rules.glued import glued_rows
from service.reading.rules.stacked import stacked_rows


def table_rows(text: str, folded: str, setting: Setting) -> list[Row]:
    """The rows of every table of a document, in order; nothing where there is none."""
    rows: list[Row] = []
    for block in _blocks(text, folded):
        rows += _block_rows(text, folded, block, setting)
    if rows:
        return rows
    for piece in (r"[^\n]+", r"[^ \n]+"):  # a cell a line, or everything on one line
        if rows := stacked_rows(text, folded, re.compile(piece), setting):
            return rows
    return glued_rows(text, folded, setting)


# ── cells beside each other ──────────────────────────────────────────────────────────────────────────────────────────

# Never more blanks than 20 before a tab or a stroke: a line of nothing but blanks is tried at each of them.
_GAPS = (
    re.compile(r" {0,20}\t *"),
    re.compile(r"[ \u3000]?[|｜][ \u3000]?"),
    re.compile(r"[ \u3000]{1,20}/[ \u3000]+"),
    re.compile(r"[ \u3000]{2,}"),
    re.compile(r"/"),
)
_IN_WORDS_TOO = _GAPS[3:]  # what stands within words as well parts cells only below a header


def _blocks(text: str, folded: str) -> Iterator[list[list[Place]]]:
    """Runs of lines with cells, the same gap between them; blank lines do not end a run."""
    lines = [(match.start(), match.end()) for match in re.finditer(r"[^\n]+", text) if match[0].strip()]
    place = 0
    while place < len(lines):
        gap = next((gap for gap in _GAPS if gap.search(text, *trimmed(text, *lines[place]))), None)
        run: list[list[Place]] = []
        while gap and place < len(lines):
            if gap.search(text, *trimmed(text, *lines[place])):
                run.append(_cells(text, lines[place], gap))
            elif place + 1 == len(lines) or not gap.search(text, *trimmed(text, *lines[place + 1])):
                break  # one line without a gap may be a note between two rows, two are the end
            place += 1
        wide = [cells for cells in run if len(cells) > 1]
        if len(wide) >= FEWEST_ROWS and (gap not in _IN_WORDS_TOO or any(header(folded, cells) for cells in wide[:2])):
            yield run
        place += 0 if run else 1


def _cells(text: str, line: Place, gap: re.Pattern[str]) -> list[Place]:
    start, end = trimmed(text, *line)
    cells, begin = [], start
    for match in gap.finditer(text, start, end):
        cells.append((begin, match.start()))
        begin = match.end()
    ends_open = gap is _GAPS[0]  # an empty last cell; a bar at the end closes the row
    return [*cells, (begin, end)] if begin < end or ends_open else cells


def _block_rows(text: str, folded: str, block: list[list[Place]], setting: Setting) -> Iterator[Row]:
    columns: list[Column] | None = None
    before: Row | None = None
    for cells in block:
        if found := header(folded, cells):
            columns, before = found, None
            continue
        row = row_of(text, folded, cells, columns, setting)
        if row is None:
            continue
        before = _with_merged(row, before, columns, len(cells))
        yield before


def _with_merged(row: Row, before: Row | None, columns: list[Column] | None, cells: int) -> Row:
    """A row whose cells were merged with those above takes their values: it has fewer cells, or they are empty."""
    if before is None or columns is None:
        return row
    dated, manned = Column.DUE in columns, any(column in UNIT_ROLES for column in columns)
    bare = manned and not row.units
    if cells >= len(columns) and not bare:
        return row  # an empty date beside units of its own is no date
    due = row.due or (before.due if dated else None)
    return Row(row.start, row.end, due, row.units or (before.units if manned else ()), row.others)
