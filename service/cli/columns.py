"""Tables on a terminal, where a Chinese character is two columns wide (UAX #11)."""

import unicodedata
from collections.abc import Iterable, Sequence


def width(text: str) -> int:
    """How many columns a text takes; of what a terminal shows in either width the narrow one."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )


def cut(text: str, columns: int) -> str:
    """A text in so many columns at most, on one line; what is left out shows as `…`."""
    line = " ".join(text.split())
    if width(line) <= columns:
        return line
    kept = ""
    for each in line:
        if width(kept + each) >= columns:
            break
        kept += each
    return f"{kept}…"


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows as lines, their columns below each other."""
    held = list(rows)
    widths = [max(map(width, column)) for column in zip(*held, strict=True)]
    return [
        "  ".join(cell + " " * (wide - width(cell)) for cell, wide in zip(row, widths, strict=True)).rstrip()
        for row in held
    ]
