"""Tables whose cells stand one behind the other: each on a line of its own, or all on one line, apart by blanks."""

import re
from collections.abc import Iterator, Sequence

from service.phrases.values import Setting
from service.reading.rules.columns import FEWEST_ROWS, UNIT_ROLES, Column, Place, Row, column_of, fits, row_of, stripped

MOST_CELLS = 12  # of a row: what follows the last row is none of it
MOST_BARREN = 50  # headers in a row that head nothing
LONGEST_WAIT = 60  # lines between two running numbers
_HAN = re.compile(r"[\u4e00-\u9fff]")


def stacked_rows(text: str, folded: str, piece: re.Pattern[str], setting: Setting) -> list[Row]:
    """Rows of a table whose cells stand one behind the other, each a piece, under a header that does so too."""
    lines = _pieces(folded, piece)
    named = [column_of(folded[slice(*line)]) for line in lines]
    rows: list[Row] = []
    place = barren = 0
    while place < len(lines) and barren < MOST_BARREN:
        columns = _header_run(named, place)
        place += max(1, len(columns))
        if len(columns) < FEWEST_ROWS:
            continue
        barren += 1
        for cells in _stacks(text, folded, lines, place, columns, setting):
            place += len(cells)
            if row := row_of(text, folded, cells, columns, setting):
                rows.append(row)
                barren = 0
    return rows


def _pieces(folded: str, piece: re.Pattern[str]) -> list[Place]:
    """The pieces without blanks and bars around them; `工 作 任 务`, written apart, is one."""
    found: list[Place] = []
    letters = False  # whether the last piece is letters written apart
    for match in piece.finditer(folded):
        start, end = stripped(folded, *match.span())
        while start < end and folded[start] in "|｜":
            start, end = stripped(folded, start + 1, end)
        while end > start and folded[end - 1] in "|｜":
            start, end = stripped(folded, start, end - 1)
        if start == end:
            continue
        single = end - start == 1 and _HAN.match(folded, start) is not None
        if single and letters and found[-1][1] + 1 == start and folded[start - 1] == " ":
            found[-1] = found[-1][0], end
        else:
            found.append((start, end))
        letters = single
    return found


def _header_run(named: Sequence[Column | None], place: int) -> list[Column]:
    """The names of columns that stand from here on, one behind the other, at least one of them of units or dates."""
    columns: list[Column] = []
    for column in named[place : place + 10]:
        if column is None:
            break
        columns.append(column)
    return columns if any(_tells(column) for column in columns) else []


def _tells(column: Column) -> bool:
    return column is Column.DUE or column in UNIT_ROLES


def _stacks(
    text: str, folded: str, lines: Sequence[Place], place: int, columns: Sequence[Column], setting: Setting
) -> list[list[Place]]:
    """Lines in rows: by their running number where there is one, else each as many lines as there are columns.

    Where cells were merged rows have fewer: then one ends where its last cells hold what the last columns are for.
    """
    if columns[0] is Column.NUMBER and (numbered := list(_numbered(folded, lines, place))):
        return numbered
    wide = list(_wide(text, folded, lines, place, columns, setting))
    ended = list(_ended(text, folded, lines, place, columns, setting))
    return ended if len(ended) > len(wide) else wide


def _wide(
    text: str, folded: str, lines: Sequence[Place], place: int, columns: Sequence[Column], setting: Setting
) -> Iterator[list[Place]]:
    telling = [at for at, column in enumerate(columns) if _tells(column)]
    for first in range(place, len(lines) - len(columns) + 1, len(columns)):
        cells = list(lines[first : first + len(columns)])
        if not any(fits(text, folded, cells[at], columns[at], setting, empty=False) for at in telling):
            return
        yield cells


def _ended(
    text: str, folded: str, lines: Sequence[Place], place: int, columns: Sequence[Column], setting: Setting
) -> Iterator[list[Place]]:
    last = max(at for at, column in enumerate(columns) if _tells(column)) + 1
    first = last
    while first and _tells(columns[first - 1]):
        first -= 1
    tail = columns[first:last]
    row: list[Place] = []
    for number in range(place, len(lines)):
        row.append(lines[number])
        if len(row) > MOST_CELLS:
            return
        ending = row[-len(tail) :]
        if len(row) > len(tail) and all(
            fits(text, folded, cell, column, setting, empty=False) for cell, column in zip(ending, tail, strict=True)
        ):
            yield row
            row = []


def _numbered(folded: str, lines: Sequence[Place], place: int) -> Iterator[list[Place]]:
    """Rows that begin with 1, 2, 3; the last one is where no number follows for a while."""
    row: list[Place] = []
    count = waited = 0
    for number in range(place, len(lines)):
        line = lines[number]
        waited += 1
        if line[1] - line[0] <= 5 and folded[slice(*line)].rstrip(".、") == str(count + 1):
            if row:
                yield row
            row, count, waited = [], count + 1, 0
        elif not count:
            return
        elif waited > LONGEST_WAIT:
            break
        if len(row) < MOST_CELLS:
            row.append(line)
    if row:
        yield row
