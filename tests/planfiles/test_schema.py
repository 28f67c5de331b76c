"""The published schema: current, true of good files, and against bad ones."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from service.planfiles.rules import fields
from service.planfiles.rules.emit import emit_plan_file, to_mapping
from service.planfiles.rules.faults import PlanFileFaults
from service.planfiles.rules.parse import parse_plan_file, parse_plan_mapping
from service.planfiles.rules.schema import plan_schema, schema_text
from service.planfiles.rules.shapes import PlanFile
from tests.planfiles.strategies import plan_files

ROOT = Path(__file__).parents[2]
SEEDS = sorted((ROOT / "seed_data").glob("*.yaml"))
VALID = jsonschema.Draft202012Validator(plan_schema())
PLAN: dict[str, Any] = {"slug": "p", "title": "t", "jurisdiction": "a"}


class CoreLoader(yaml.SafeLoader):
    """Reads as editors do: YAML 1.2 knows no dates, and no NO for false."""


CoreLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"true|false", "tf"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]*", "-+0123456789"),
):
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"(?:{pattern})\Z"), list(first))


def milestone(**fields: Any) -> dict[str, Any]:
    return {"milepost": 1, "plan": PLAN, "milestones": [{"key": "1", "title": "x", **fields}]}


def test_the_published_schema_is_current() -> None:
    published = (ROOT / "docs" / "plan.schema.json").read_text(encoding="utf-8")
    assert published == schema_text(), "run: python -m service.planfiles.rules.schema > docs/plan.schema.json"


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(plan_schema())


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.name)
def test_the_seeds_are_valid(seed: Path) -> None:
    VALID.validate(yaml.load(seed.read_text(encoding="utf-8"), Loader=CoreLoader))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(plan_files())
def test_whatever_is_a_plan_file_is_valid(file: PlanFile) -> None:
    VALID.validate(to_mapping(file))


@pytest.mark.parametrize(
    "bad",
    (
        {},
        {"milepost": 2},
        {"milepost": 1, "unit": []},
        {"milepost": 1, "milestones": []},
        {"milepost": 1, "units": [{"code": "justice", "name": "x"}]},
        {"milepost": 1, "units": [{"code": "a.b"}]},
        {"milepost": 1, "units": [{"code": "a.b", "name": "x", "kind": "ministry"}]},
        {"milepost": 1, "units": [{"code": "a.b", "name": "x" * 101}]},
        {"milepost": 1, "units": [{"code": "a.b", "name": "x", "aliases": ["y", "y"]}]},
        {"milepost": 1, "groups": [{"code": "a.b", "name": "x", "members": [{"from": "2024-01-01"}]}]},
        {"milepost": 1, "plan": {**PLAN, "period": "2024"}},
        {"milepost": 1, "plan": {**PLAN, "source": {}}},
        milestone(titel="x"),
        milestone(due={}),
        milestone(due={"value": "2024", "rrule": "FREQ=YEARLY"}),
        milestone(due={"value": "next year"}),
        milestone(due={"open": False}),
        milestone(due={"value": "2024", "time": "25:00"}),
        milestone(due={"value": "2024", "quota": {"count": 0}}),
        milestone(due={"value": "2024", "quota": {"count": 1, "amount": 2}}),
        milestone(due={"within_term": {"years": 3}}),
        milestone(lines=[0]),
        milestone(key="-1"),
    ),
)
def test_the_schema_and_the_reader_refuse_the_same_mistakes(bad: dict[str, Any]) -> None:
    assert not VALID.is_valid(bad)
    if bad.get("milestones") != [] and bad.get("plan", {}).get("source") != {}:  # harmless, and most likely a slip
        with pytest.raises(PlanFileFaults):
            parse_plan_mapping(bad)


@pytest.mark.parametrize(
    ("heading", "table"),
    (
        ("jurisdictions", fields.JURISDICTION_FIELDS),
        ("units", fields.UNIT_FIELDS),
        ("groups", fields.GROUP_FIELDS),
        ("plan", fields.PLAN_FIELDS),
        ("milestones", fields.MILESTONE_FIELDS),
    ),
)
def test_the_tables_of_the_documentation_name_the_same_fields_in_the_same_order(
    heading: str, table: tuple[fields.Field, ...]
) -> None:
    page = (ROOT / "docs" / "plan-format.md").read_text(encoding="utf-8")
    section = page.split(f"\n## `{heading}`\n")[1].split("\n## ")[0].split("\n\n")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith(("| `", "| **`"))]
    assert [name for row in rows for name in re.findall(r"`(\w+)`", row)] == [row.name for row in table]


def test_the_example_of_the_documentation_is_in_canonical_form() -> None:
    page = (ROOT / "docs" / "plan-format.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    assert emit_plan_file(parse_plan_file(example, file="plan-format.md", limit=10_000)) == example
