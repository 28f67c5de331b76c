"""docs/compatibility.md says what the tests show."""

import re
from collections.abc import Sequence

import pytest

from tests.conformance.__main__ import FOLDERS, PAGE, ROOT, STEPS_BEGIN, shown, written
from tests.conformance.story import told

AGAIN = "write it anew: python -m tests.conformance"
_VERSION = re.compile(r" v?\d[\w.]*$")


def test_the_matrix_has_a_row_for_each_test_and_no_other(request: pytest.FixtureRequest) -> None:
    marks = [item.get_closest_marker("compatible") for item in request.session.items]
    tested = {mark.args for mark in marks if mark is not None}
    told = {(_VERSION.sub("", program), what) for program, what, _ in shown(PAGE.read_text(encoding="utf-8"))}
    assert tested <= told, AGAIN
    if _all_are_there(request.session.items):
        assert told == tested, AGAIN


def _all_are_there(items: Sequence[pytest.Item]) -> bool:
    """Whether no test of these folders was left out of this run."""
    files = {item.path for item in items}
    return all(file in files for folder in FOLDERS for file in (ROOT / folder).glob("test_*.py"))


def test_the_matrix_claims_nothing_that_failed() -> None:
    rows = shown(PAGE.read_text(encoding="utf-8"))
    assert len(rows) > 20
    assert {works for _, _, works in rows if not works.startswith("not tried: ")} == {"yes"}, AGAIN


def test_the_page_tells_what_thunderbird_shows_step_by_step() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert STEPS_BEGIN in page
    assert written(page, told(), begin=STEPS_BEGIN) == page, AGAIN
