"""`docs/due.md` tells the truth."""

import datetime as dt
import re
from pathlib import Path

import pytest
import yaml

from service.due.expand import expand
from service.due.periods import parse_value
from service.due.spec import FIELDS, Frame, check, parse, parse_text, print_text
from tests.due.strategies import CHINA

PAGE = (Path(__file__).parents[2] / "docs" / "due.md").read_text(encoding="utf-8")
PLAN = Frame(start=dt.date(2023, 1, 1), end=dt.date(2025, 12, 31), effective_on=dt.date(2024, 2, 23))
EXAMPLES = re.findall(r"^\| ([^`\s]+) \| `(\{.*\})` \| (.*) \|$", PAGE, re.MULTILINE)
VALUES = re.findall(r"^\| `([0-9/HQW-]+)` \| the .* \| ([0-9-]+), ([0-9-]+) \|$", PAGE, re.MULTILINE)
RULES = re.findall(r"^\| `(FREQ=[^`]+)` \| .* \| `([^`]+)`, `([^`]+)` \|$", PAGE, re.MULTILINE)
LINES = re.findall(r"^    (\S.*)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("phrase", "written", "due"), EXAMPLES)
def test_every_example_is_due_when_the_page_says(phrase: str, written: str, due: str) -> None:
    spec = parse(yaml.safe_load(written))
    assert check(spec, PLAN) == ()
    assert ", ".join(str(one.due_on) if one.due_on else "no date" for one in expand(spec, PLAN, CHINA)) == due


@pytest.mark.parametrize(("value", "first", "last"), VALUES)
def test_every_value_has_the_days_that_the_page_says(value: str, first: str, last: str) -> None:
    span = parse_value(value)
    assert (str(span.first.first), str(span.last.last)) == (first, last)


@pytest.mark.parametrize(("rule", "one", "two"), RULES)
def test_every_rule_names_the_periods_that_the_page_says(rule: str, one: str, two: str) -> None:
    frame = Frame(start=dt.date(2024, 1, 1), end=dt.date(2025, 12, 31))
    assert {one, two} <= {due.period for due in expand(parse({"rrule": rule}), frame, CHINA)}


@pytest.mark.parametrize("line", LINES)
def test_every_line_is_printed_as_the_page_has_it(line: str) -> None:
    assert print_text(parse_text(line)) == line


def test_the_page_has_its_examples_and_every_field() -> None:
    assert (len(EXAMPLES), len(VALUES), len(RULES), len(LINES)) == (22, 5, 10, 6)
    assert [name for name in FIELDS if f"| `{name}` |" not in PAGE] == []
