"""The canonical form: the same plan is the same bytes, there and back."""

from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.due.spec import parse
from service.planfiles.rules.emit import emit_plan_file, to_mapping
from service.planfiles.rules.parse import parse_plan_file, parse_plan_mapping
from service.planfiles.rules.shapes import GroupShape, MemberShape, MilestoneShape, PlanFile, PlanShape, UnitShape
from tests.planfiles.strategies import AWKWARD, plan_files

SEEDS = sorted((Path(__file__).parents[2] / "seed_data").glob("*.yaml"))
LIMIT = 10 * 1024 * 1024


def read(text: str) -> PlanFile:
    return parse_plan_file(text, file="plan.yaml", limit=LIMIT)


def emitted_unit(*, name: str = "区司法局", note: str | None = None) -> str:
    return emit_plan_file(PlanFile(units=(UnitShape(code="a.b", name=name, note=note),)))


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.name)
def test_every_seed_file_comes_back_byte_for_byte(seed: Path) -> None:
    text = seed.read_bytes()
    found = parse_plan_file(text, file=seed.name, limit=LIMIT)
    assert found.milestones
    assert emit_plan_file(found).encode() == text


def test_there_are_seed_files() -> None:
    assert len(SEEDS) >= 5


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=80)
@given(plan_files())
def test_what_is_emitted_reads_back_as_the_same_values_and_the_same_bytes(file: PlanFile) -> None:
    text = emit_plan_file(file)
    again = read(text)
    assert again == file
    assert emit_plan_file(again) == text


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(plan_files())
def test_the_mapping_of_a_file_reads_back_as_the_same_values(file: PlanFile) -> None:
    assert parse_plan_mapping(to_mapping(file)) == file


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(plan_files())
def test_any_yaml_1_1_reader_takes_every_text_of_the_emitted_form_for_a_text(file: PlanFile) -> None:
    dated = {"value", "from", "until", "published_on", "period"}

    def texts(node: object, name: str = "") -> list[object]:
        if isinstance(node, dict):
            return [one for key, inner in node.items() for one in texts(inner, key)]
        if isinstance(node, list):
            return [one for inner in node for one in texts(inner, name)]
        return [] if name in dated else [node]

    assert texts(yaml.safe_load(emit_plan_file(file))) == texts(to_mapping(file))


@pytest.mark.parametrize("name", AWKWARD)
def test_a_text_that_looks_like_something_else_stays_a_text(name: str) -> None:
    text = emitted_unit(name=name)
    assert read(text).units[0].name == name
    assert yaml.safe_load(text)["units"][0]["name"] == name


@given(st.sampled_from(("1", "0", "-1", "1.5", "1e3", "0o7", ".5", "1.", "12e03", "-2E+05")))
def test_numbers_of_yaml_1_2_are_quoted_too(name: str) -> None:
    assert f"name: '{name}'" in emitted_unit(name=name)


def test_a_key_with_two_decimals_is_quoted_and_read_without_quotes_as_well() -> None:
    plan = PlanShape(slug="p", title="t", jurisdiction="a")
    file = PlanFile(plan=plan, milestones=(MilestoneShape(key="2.10", title="x"),))
    text = emit_plan_file(file)
    assert "  - key: '2.10'\n" in text
    assert read(text.replace("'2.10'", "2.10")) == file


def test_fields_come_in_the_order_of_the_tables_and_defaults_are_left_out() -> None:
    milestone = MilestoneShape(
        key="1-1",
        title="报送清单",
        kind="task",
        status="active",
        due=parse({"value": "2024-06-30", "phrase": "6月30日17时前", "boundary": "before", "time": "17:00"}),
        lead=("a.b", "a.c"),
        lines=(38, 41),
        note="备注",
    )
    plan = PlanShape(slug="p", title="t", jurisdiction="a", period=(date(2024, 1, 1), date(2024, 12, 31)))
    assert emit_plan_file(PlanFile(plan=plan, milestones=(milestone,))) == (
        "# yaml-language-server: $schema=../docs/plan.schema.json\n"
        "milepost: 1\n"
        "\n"
        "plan:\n"
        "  slug: p\n"
        "  title: t\n"
        "  jurisdiction: a\n"
        "  period: 2024-01-01/2024-12-31\n"
        "\n"
        "milestones:\n"
        "  - key: 1-1\n"
        "    title: 报送清单\n"
        "    due: {phrase: 6月30日17时前, value: 2024-06-30, boundary: before, time: '17:00'}\n"
        "    lead: [a.b, a.c]\n"
        "    lines: [38, 41]\n"
        "    note: 备注\n"
    )


def test_members_with_dates_stand_on_the_line_of_the_list() -> None:
    members = (
        MemberShape(member="a.b"),
        MemberShape(member="a.c", from_on=date(2024, 1, 1), until_on=date(2024, 12, 31)),
    )
    text = emit_plan_file(PlanFile(groups=(GroupShape(code="a.all", name="各单位", members=members),)))
    assert text.endswith("    members: [a.b, {member: a.c, from: 2024-01-01, until: 2024-12-31}]\n")


def test_no_line_is_ever_wrapped() -> None:
    text = emitted_unit(name="word " * 19 + "word", note="long words and spaces " * 80)
    assert len(text.splitlines()) == 7


def test_a_note_of_several_lines_is_written_as_a_block() -> None:
    text = emitted_unit(note="第一行\n\n  第三行: 缩进 # 不是注释")
    assert text.endswith("    note: |-\n      第一行\n\n        第三行: 缩进 # 不是注释\n")
    assert read(text).units[0].note == "第一行\n\n  第三行: 缩进 # 不是注释"


def test_a_long_text_in_a_due_specification_stays_on_its_line() -> None:
    due = parse({"on_event": "收到 司法 建议 " * 40})
    plan = PlanShape(slug="p", title="t", jurisdiction="a")
    text = emit_plan_file(PlanFile(plan=plan, milestones=(MilestoneShape(key="1", title="x", due=due),)))
    assert text.splitlines()[-1].startswith("    due: {on_event: 收到")
    assert text.count("\n") == 12
