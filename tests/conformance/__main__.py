"""`python -m tests.conformance`: run the tests that show what works with which program, and write what they show.

The lines come from the mark `compatible(program, what)`; those about Thunderbird's steps from `story`, which its own
test compares with what it does.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.conformance.story import told

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "compatibility.md"
FOLDERS = ("tests/caldav", "tests/conformance")
BEGIN, END = "<!-- what the tests show: begin -->", "<!-- end -->"
STEPS_BEGIN = "<!-- what Thunderbird shows: begin -->"

Line = tuple[str, str]


class Collector:
    """Hears of tests with the mark, and of how they end."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.outcomes: dict[str, str] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep those with the mark."""
        marked = [each for each in items if each.get_closest_marker("compatible")]
        for item in marked:
            mark = item.get_closest_marker("compatible")
            assert mark is not None
            program, what = mark.args
            self.lines[item.nodeid] = (program, what)
        items[:] = marked

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has come to its end, or failed on the way."""
        if report.failed:
            self.outcomes[report.nodeid] = "no"
        elif report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            self.outcomes[report.nodeid] = f"not tried: {reason.removeprefix('Skipped: ')}"
        elif report.when == "call":
            self.outcomes.setdefault(report.nodeid, "yes")


def main() -> int:
    """Run them. Answers the exit status."""
    collector = Collector()
    asked = ["-q", *FOLDERS]
    status = pytest.main(asked, plugins=[collector])
    rows = {line: collector.outcomes.get(test, "no") for test, line in collector.lines.items()}
    page = written(PAGE.read_text(encoding="utf-8"), table(rows))
    PAGE.write_text(written(page, told(), begin=STEPS_BEGIN), encoding="utf-8")
    return int(status)


def table(rows: dict[Line, str]) -> list[str]:
    """The matrix: programs in the order of the tests, what each was tried with, and how it went."""
    from tests.conformance.readers import READERS  # after pytest has rewritten what that imports

    versions = {each.name: each.version() for each in READERS if not each.missing()}
    lines = ["| program | what | works |", "| --- | --- | --- |"]
    for (program, what), outcome in rows.items():
        named = f"{program} {versions[program]}" if program in versions else program
        lines.append(f"| {named} | {what} | {outcome} |")
    head, body = lines[:2], lines[2:]
    return [*head, *sorted(body, key=str.lower)]


def written(page: str, lines: Iterable[str], *, begin: str = BEGIN) -> str:
    """The page with these lines where the tests write."""
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(END)
    return "\n".join([before + begin, "", *lines, "", END + after])


def shown(page: str) -> list[tuple[str, str, str]]:
    """The rows of the matrix in a page: program with its version, what, how it went."""
    inside = page.partition(BEGIN)[2].partition(END)[0]
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in inside.splitlines() if "|" in line]
    return [(row[0], row[1], row[2]) for row in rows[2:]]


if __name__ == "__main__":
    sys.exit(main())
