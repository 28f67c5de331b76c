"""What a file would change, before anything is changed."""

from dataclasses import replace
from datetime import date

from hypothesis import HealthCheck, given, settings

from service.due.spec import parse as due
from service.planfiles.rules.difference import Difference, FieldChange, difference, render_difference, to_mapping
from service.planfiles.rules.faults import Where
from service.planfiles.rules.shapes import (
    GroupShape,
    JurisdictionShape,
    MemberShape,
    MilestoneShape,
    PlanFile,
    PlanShape,
    SourceShape,
    UnitShape,
)
from tests.planfiles.strategies import plan_files

PLAN = PlanShape(slug="p", title="方案", jurisdiction="a")
JUSTICE = UnitShape(code="chongming.justice", name="区司法局", where=Where("plan.yaml", 7, 5))


def milestones(*several: MilestoneShape, plan: PlanShape = PLAN) -> PlanFile:
    return PlanFile(plan=plan, milestones=several)


def task(key: str, *, parent: str | None = None) -> MilestoneShape:
    return MilestoneShape(key=key, title=f"任务{key}", parent=parent)


def order(found: Difference) -> list[str]:
    return [f"{change.action} {change.name}" for change in found.changes]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=30)
@given(plan_files())
def test_a_file_against_itself_changes_nothing_and_against_nothing_creates_all(file: PlanFile) -> None:
    same = difference(file, file, prune=True)
    assert same.empty
    assert render_difference(same) == "0 to add, 0 to change, 0 to cancel\n"
    fresh = difference(file, PlanFile(), prune=True)
    things = len(file.jurisdictions) + len(file.units) + len(file.groups) + len(file.milestones) + bool(file.plan)
    assert fresh.count("create") == things == len(same.changes)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=30)
@given(plan_files(), plan_files())
def test_there_is_a_difference_exactly_where_items_differ(desired: PlanFile, current: PlanFile) -> None:
    found = difference(desired, current, prune=False)
    held = {unit.code: unit for unit in current.units}
    for unit in desired.units:
        (change,) = [one for one in found.changes if one.subject == "unit" and one.name == unit.code]
        expected = "create" if unit.code not in held else "keep" if held[unit.code] == unit else "update"
        assert change.action == expected
        assert bool(change.fields) is (expected != "keep")


def test_changed_fields_are_named_with_both_values_and_defaults_spelled_out() -> None:
    before = replace(task("1"), due=due({"value": "2023-12"}), lead=("a.b",), kind="duty")
    after = replace(
        before,
        due=due({"value": "2024-01", "boundary": "before", "phrase": "1月前"}),
        lead=("a.b", "a.c"),
        kind="task",
        note="n",
    )
    (_, change) = difference(milestones(after), milestones(before), prune=False).changes
    assert change.fields == (
        FieldChange("kind", "duty", "task"),
        FieldChange("due.value", "2023-12", "2024-01"),
        FieldChange("due.boundary", "during", "before"),
        FieldChange("due.phrase", None, "1月前"),
        FieldChange("lead", ["a.b"], ["a.b", "a.c"]),
        FieldChange("note", None, "n"),
    )


def test_what_left_the_file_is_cancelled_with_prune_and_left_alone_without() -> None:
    gone, over = task("2"), replace(task("3"), status="cancelled")
    desired, current = milestones(task("1")), milestones(task("1"), gone, over)
    kept = difference(desired, current, prune=False)
    assert (order(kept), kept.left, kept.empty) == (["keep p", "keep 1"], ("2",), True)
    pruned = difference(desired, current, prune=True)
    assert (order(pruned), pruned.left, pruned.empty) == (["keep p", "keep 1", "cancel 2"], (), False)


def test_a_registry_file_never_cancels_milestones() -> None:
    assert difference(PlanFile(units=(JUSTICE,)), milestones(task("1")), prune=True).count("cancel") == 0


def test_changes_come_in_the_order_in_which_they_can_be_applied() -> None:
    desired = PlanFile(
        jurisdictions=(
            JurisdictionShape(code="chongming", name="x", parent="shanghai"),
            JurisdictionShape(code="shanghai", name="x"),
        ),
        units=(JUSTICE,),
        groups=(
            GroupShape(
                code="a.outer", name="x", members=(MemberShape(member="a.inner"), MemberShape(member="a.other"))
            ),
            GroupShape(code="a.other", name="x", members=(MemberShape(member="a.inner"),)),
            GroupShape(code="a.inner", name="x"),
        ),
        plan=PLAN,
        milestones=(task("1.1", parent="1"), task("2"), task("1")),
    )
    assert order(difference(desired, milestones(task("0")), prune=True)) == [
        "create shanghai",
        "create chongming",
        "create chongming.justice",
        "create a.inner",
        "create a.other",
        "create a.outer",
        "keep p",
        "create 1",
        "create 1.1",
        "create 2",
        "cancel 0",
    ]


def test_a_new_order_of_known_milestones_is_a_difference() -> None:
    found = difference(milestones(task("2"), task("1")), milestones(task("1"), task("2")), prune=False)
    assert found.reordered
    assert not found.empty
    assert not difference(milestones(task("0"), task("1")), milestones(task("1"), task("2")), prune=False).reordered


def test_the_text_reads_like_that_of_infrastructure_tools() -> None:
    before = replace(task("2.2.1-1"), due=due({"value": "2023-12"}))
    plan = replace(PLAN, period=(date(2023, 1, 1), date(2025, 12, 31)), source=SourceShape(file="a.txt"))
    desired = PlanFile(
        units=(JUSTICE,),
        plan=replace(plan, source=SourceShape(file="b.txt"), period=None),
        milestones=(replace(before, due=due({"value": "2024-01"}), responsible=("a.b",)),),
    )
    found = difference(desired, milestones(before, task("3"), plan=plan), prune=True)
    assert render_difference(found) == (
        "+ unit chongming.justice 区司法局\n"
        "~ plan p 方案\n"
        "    period: 2023-01-01/2025-12-31 → (none)\n"
        "    source.file: a.txt → b.txt\n"
        "~ milestone 2.2.1-1 任务2.2.1-1\n"
        "    due.value: 2023-12 → 2024-01\n"
        "    responsible: (none) → [a.b]\n"
        "- milestone 3 任务3  (cancelled)\n"
        "1 to add, 2 to change, 1 to cancel\n"
    )


def test_the_text_names_what_is_left_alone() -> None:
    found = difference(milestones(task("1")), milestones(task("1"), task("2")), prune=False)
    assert render_difference(found) == "1 not in the file and left as they are: 2\n0 to add, 0 to change, 0 to cancel\n"


def test_the_mapping_lists_changes_and_counts_the_rest() -> None:
    found = difference(PlanFile(units=(JUSTICE,), plan=PLAN), milestones(), prune=False)
    assert to_mapping(found) == {
        "changes": [
            {
                "action": "create",
                "subject": "unit",
                "name": "chongming.justice",
                "title": "区司法局",
                "fields": [
                    {"path": "code", "before": None, "after": "chongming.justice"},
                    {"path": "name", "before": None, "after": "区司法局"},
                ],
                "line": 7,
            }
        ],
        "left": [],
        "reordered": False,
        "counts": {"create": 1, "update": 0, "cancel": 0, "keep": 1},
    }
