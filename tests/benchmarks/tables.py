"""Findings as tables: Markdown, so that a page of the documentation can take them as they are."""

from collections.abc import Callable, Iterable, Sequence

Say = Callable[[str], None]


def say(line: str) -> None:
    """One finding, at once."""
    print(line, flush=True)


def table(say: Say, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A heading and a table. The first column is text, the others are numbers."""
    whole = [list(columns), *(list(row) for row in rows)]
    widths = [max(len(row[at]) for row in whole) for at in range(len(columns))]
    lines = [_line(row, widths) for row in whole]
    rule = "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])])
    say("\n".join(["", f"## {title}", "", lines[0], f"|{rule}|", *lines[1:]]))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]
    return f"| {' | '.join(cells)} |"
