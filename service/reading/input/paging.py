"""Pages to paragraphs: what pages repeat is dropped, lines that were broken by the margin are put together."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

Line = tuple[float, float, float, float, str]  # x0, x1, top, bottom in points, and the text


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its height, its lines and its tables (the upper edge, and rows of cells) from top to bottom."""

    height: float
    lines: Sequence[Line]
    tables: Sequence[tuple[float, list[list[str]]]]
    pictures: int = 0


EDGE = 2  # lines at a page's top and at its bottom that may be its furniture
MARGIN = 0.12  # of the page's height, in which they stand
SHARE = 0.6  # of the pages, on which a line must stand to be furniture
FEWEST_PAGES = 3

_NUMBER = re.compile(
    r"[-—–－─·•\s]*(?:第\s*)?(?:[0-9]{1,4}|[ivxlc]{1,6})\s*(?:页)?(?:\s*[/／,，]?\s*共?\s*[0-9]{1,4}\s*页?)?[-—–－─·•\s]*"
)
_HAS_TEXT = re.compile(r"[0-9ivxlc]")
_BEGINS = re.compile(
    r"第[一二三四五六七八九十百]{1,4}[章节条]|[(（][一二三四五六七八九十0-9]{1,3}[)）]|[一二三四五六七八九十]{1,3}、|[0-9]{1,2}[.．、](?![0-9])"
    r"|[\u2460-\u2473•·▪■◆●]|附件"
)
_WESTERN = re.compile(r"[A-Za-z0-9,.;:)]$")
_WESTERN_START = re.compile(r"[A-Za-z(]")
_UNIT = re.compile(r"[局委办部厅院会处室社府司镇乡心队]$")


def joined(pages: Sequence[Page]) -> str:
    """The text of all pages: a line a paragraph, a line a row with tabs between cells."""
    repeated = _repeated(pages)
    kept = [[line for line in page.lines if not _is_furniture(line, page, repeated)] for page in pages]
    edges = _Edges.of([line for lines in kept for line in lines])
    pieces: list[str] = []
    before: Line | None = None
    header: list[str] | None = None
    for lines, page in zip(kept, pages, strict=True):
        for block in _in_order(lines, page):
            if isinstance(block, list):
                header = _add_rows(pieces, block, header)
                before = None
                continue
            if before is not None and edges.go_on(before, block):
                pieces[-1] = _put_together(pieces[-1], block[4])
            else:
                pieces.append(block[4])
            before, header = block, None
    return "\n".join(pieces)


# ── furniture ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _outer(page: Page) -> list[Line]:
    """The lines at a page's edges."""
    lines = sorted(page.lines, key=lambda line: line[2])
    outer = {*lines[:EDGE], *lines[-EDGE:]}
    return [line for line in outer if line[3] < page.height * MARGIN or line[2] > page.height * (1 - MARGIN)]


def _repeated(pages: Sequence[Page]) -> frozenset[str]:
    """What stands at the edge of most pages, numbers apart."""
    if len(pages) < FEWEST_PAGES:
        return frozenset()
    counts = Counter(text for page in pages for text in {_without_numbers(line[4]) for line in _outer(page)})
    return frozenset(text for text, count in counts.items() if count >= len(pages) * SHARE)


def _without_numbers(text: str) -> str:
    return re.sub(r"[0-9\s]+", "", text)


def _is_furniture(line: Line, page: Page, repeated: frozenset[str]) -> bool:
    if line not in _outer(page):
        return False
    text = line[4]
    is_number = bool(_HAS_TEXT.search(text)) and bool(_NUMBER.fullmatch(text))
    return is_number or _without_numbers(text) in repeated


# ── paragraphs ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Edges:
    """Where most lines begin and end, and how far apart they stand."""

    left: float
    right: float
    pitch: float

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "_Edges":
        if not lines:
            return cls(0, 0, 0)
        left = min(_frequent(line[0] for line in lines))
        right = max(_frequent(line[1] for line in lines))
        steps = [after[2] - line[2] for line, after in itertools.pairwise(lines) if after[2] > line[2]]
        return cls(left, right, median(steps) if steps else 0)

    def go_on(self, before: Line, line: Line) -> bool:
        """Whether a line goes on where the one before had to stop: at the right margin, and not anew."""
        size = before[3] - before[2]
        is_full = before[1] >= self.right - 2.2 * size
        is_flush = line[0] <= self.left + 0.7 * size
        is_near = line[2] <= before[2] or line[2] - before[2] <= max(self.pitch * 1.5, size * 2)
        is_same = abs((line[3] - line[2]) - size) <= size * 0.2
        begins = _BEGINS.match(line[4]) and before[4].endswith(("。", "；", ";", "）", ")"))
        return is_full and is_flush and is_near and is_same and not begins


def _frequent(places: Iterable[float]) -> list[int]:
    """The places, to a point, at which many lines begin or end; a single line that juts out is not among them."""
    counts = Counter(map(round, places))
    return [place for place, count in counts.items() if count * 8 >= max(counts.values())]


def _put_together(before: str, after: str) -> str:
    return before + (" " if _WESTERN.search(before) and _WESTERN_START.match(after) else "") + after


def _in_order(lines: Sequence[Line], page: Page) -> Iterator[Line | list[list[str]]]:
    tables = sorted(page.tables, key=lambda each: each[0])
    for line in sorted(lines, key=lambda each: (each[2], each[0])):
        while tables and tables[0][0] <= line[2]:
            yield tables.pop(0)[1]
        yield line
    for _, rows in tables:
        yield rows


def _add_rows(pieces: list[str], rows: list[list[str]], header: list[str] | None) -> list[str]:
    """A table's rows; one that goes on over a page repeats its first row, which counts once."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    first = cells[0]
    pieces += ["\t".join(row) for row in (cells[1:] if first == header else cells) if any(row)]
    return first


def _cell(text: str) -> str:
    """A cell on one line: what was broken by its width is put together, units one below another are a list."""
    joined_up = ""
    for line in filter(None, (each.strip() for each in text.replace("\t", " ").split("\n"))):
        if joined_up and _UNIT.search(joined_up) and _UNIT.search(line) and "、" not in joined_up:
            joined_up += "、"
        joined_up = _put_together(joined_up, line)
    return joined_up
