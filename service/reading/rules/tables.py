"""Tables that were flattened to lines of cells."""

import re
from dataclasses import dataclass

from service.phrases.scan import read
from service.phrases.values import Setting

_CELL = re.compile(r" ?\| ?|\t")
_TIME = re.compile(r"[^ :,，、:]{1,16}")


@dataclass(frozen=True, slots=True)
class Row:
    """A row that holds a task: its place, where its deadline and its units stand."""

    start: int
    end: int
    due: tuple[int, int] | None
    units: tuple[int, int] | None = None


def table_rows(folded: str, setting: Setting) -> list[Row]:
    """The rows of a document that is mostly tables; nothing for any other."""
    lines = [(match.start(), match.end()) for match in re.finditer(r"[^\n]+", folded)]
    tabled = [(start, end) for start, end in lines if _CELL.search(folded[start:end])]
    if len(tabled) < 3 or len(tabled) * 2 < len(lines):
        return []
    rows = []
    for start, end in tabled:
        cells = _cells(folded, start, end)
        if _is_header(folded, cells):
            continue
        rows.append(_row(folded, start, end, cells, setting))
    return rows


def _cells(folded: str, start: int, end: int) -> list[tuple[int, int]]:
    cells, begin = [], start
    for match in _CELL.finditer(folded, start, end):
        cells.append((begin, match.start()))
        begin = match.end()
    return [*cells, (begin, end)]


def _is_header(folded: str, cells: list[tuple[int, int]]) -> bool:
    words = [folded[a:b].strip() for a, b in cells]
    known = re.compile(r"工作任务|任务分解|考核要点|责任单位|完成时(?:间|限)|序号|牵头|配合|内容|措施|备注|时间")
    return sum(1 for word in words if len(word) <= 12 and known.search(word)) >= 2


def _row(folded: str, start: int, end: int, cells: list[tuple[int, int]], setting: Setting) -> Row:
    for first, last in cells:
        text = folded[first:last]
        if read(text, setting):
            return Row(start, end, (first, last))
        opening = re.match(r" *([^ :,]{1,16}?)(?=[ :,])", text)
        if opening and read(opening[1], setting):
            return Row(
                first if cells[0][0] != first else start, end, (first + opening.start(1), first + opening.end(1))
            )
    return Row(start, end, None)
