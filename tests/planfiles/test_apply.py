"""Applying plan files: all or nothing, in the right order, and twice is once."""

import asyncio
from datetime import datetime

import pytest
from sqlmodel import col, select

from service.gate.transaction import change
from service.journal.actions import recorded
from service.journal.models import JournalEntry
from service.kit.actor import Actor
from service.kit.database import Database, Session
from service.kit.errors import Denied, Fault, Invalid
from service.milestones.models import Milestone, Occurrence
from service.planfiles.actions import export_plan
from service.plans.models import Plan
from service.units.models import Jurisdiction, Unit, UnitGroup
from tests.flows.desk import SEED_NAMES, apply, apply_seeds, seed

REGISTRY = """\
milepost: 1
jurisdictions:
  - {code: a, name: 甲区}
units:
  - {code: a.x, name: 区司法局}
  - {code: a.y, name: 区财政局}
groups:
  - {code: a.g, name: 各部门, members: [a.x, a.y]}
"""
PLAN = """\
milepost: 1
plan:
  slug: p
  title: 方案
  jurisdiction: a
  period: 2024-01-01/2025-12-31
milestones:
  - {key: '1', title: 甲, due: {value: 2024-10}, lead: [a.x]}
  - {key: '2', title: 乙, due: {rrule: FREQ=YEARLY;BYMONTH=3}, responsible: [a.g]}
"""


async def _count(session: Session, table: type) -> int:
    return len((await session.exec(select(table))).all())


async def _faults(session: Session, actor: Actor, now: datetime, *texts: str) -> list[Fault]:
    with pytest.raises(Invalid) as raised:
        await apply(session, actor, *texts, now=now)
    return list(raised.value.faults)


async def test_every_seed_comes_back_byte_for_byte(session: Session, actor: Actor, now: datetime) -> None:
    for one in await apply_seeds(session, actor, now=now):
        assert one.file.plan is not None
        text = await export_plan(session, await session.get_one(Plan, one.file.plan.slug))
        name = one.file.plan.jurisdiction
        assert text.encode() == seed(name).encode(), name


async def test_seeds_applied_twice_change_nothing(session: Session, actor: Actor, now: datetime) -> None:
    await apply_seeds(session, actor, now=now)
    await session.flush()
    facts = len(recorded(session))
    revisions = {row.slug: row.revision for row in await session.exec(select(Plan))}
    again = await apply_seeds(session, actor, now=now)
    assert all(one.difference.empty for one in again)
    assert not session.dirty
    assert len(recorded(session)) == facts
    assert {row.slug: row.revision for row in await session.exec(select(Plan))} == revisions


async def test_seeds_in_any_order_come_to_the_same(session: Session, actor: Actor, now: datetime) -> None:
    await apply(session, actor, *(seed(name) for name in reversed(SEED_NAMES)), now=now)
    assert await _count(session, Plan) == 5
    # Three of them are declared below others: 崇明 and 宝山 below 上海市, and so on, whatever file came first.
    assert (await session.get_one(Jurisdiction, "chongming")).parent == "shanghai"
    assert (await session.get_one(Jurisdiction, "baoshan")).parent == "shanghai"


async def test_one_seed_alone_names_what_it_lacks(session: Session, actor: Actor, now: datetime) -> None:
    faults = await _faults(session, actor, now, seed("chongming"))
    assert [fault.path for fault in faults] == ["jurisdictions[0].parent"]
    assert "'shanghai'" in faults[0].message


async def test_all_that_nobody_knows_is_told_at_once_with_its_place(
    session: Session, actor: Actor, now: datetime
) -> None:
    wrong = (
        PLAN.replace("a.x]", "a.xx, a.nobody]")
        .replace("a.g]", "b.g]")
        .replace("title: 方案", "title: 方案\n  superior: q")
    )
    faults = await _faults(session, actor, now, REGISTRY, wrong)
    assert [(fault.path, fault.file, fault.line) for fault in faults] == [
        ("milestones[0].lead", "1.yaml", 9),
        ("milestones[0].lead", "1.yaml", 9),
        ("milestones[1].responsible", "1.yaml", 10),
        ("plan.superior", "1.yaml", 3),
    ]
    assert all(fault.column for fault in faults)
    assert str(faults[0]).startswith("1.yaml:9:5: milestones[0].lead: nobody knows 'a.xx'; the nearest known are a.x")
    for table in (Jurisdiction, Unit, UnitGroup, Plan, Milestone, Occurrence, JournalEntry):
        assert await _count(session, table) == 0


async def test_a_wrong_code_is_answered_with_the_names_that_look_like_it(
    session: Session, actor: Actor, now: datetime
) -> None:
    await apply(session, actor, REGISTRY, now=now)
    (fault,) = await _faults(session, actor, now, PLAN.replace("[a.x]", "[a.xz]"))
    assert "the nearest known are a." in fault.message
    assert await _count(session, Plan) == 0


async def test_a_unit_may_be_declared_in_another_file_of_the_same_call(
    session: Session, actor: Actor, now: datetime
) -> None:
    await apply(session, actor, PLAN, REGISTRY, now=now)
    assert await _count(session, Milestone) == 2


async def test_a_unit_out_of_use_is_unknown_until_a_file_declares_it_again(
    session: Session, actor: Actor, now: datetime
) -> None:
    await apply(session, actor, REGISTRY, now=now)
    unit = await session.get_one(Unit, "a.x")
    unit.retired_at = now
    faults = await _faults(session, actor, now, PLAN)
    assert [fault.path for fault in faults] == ["milestones[0].lead"]
    await apply(session, actor, REGISTRY, PLAN, now=now)
    assert (await session.get_one(Unit, "a.x")).retired_at is None


async def test_a_plan_may_come_before_the_one_that_it_carries_out(
    session: Session, actor: Actor, now: datetime
) -> None:
    below = PLAN.replace("slug: p", "slug: below").replace("title: 方案", "title: 方案\n  superior: p")
    await apply(session, actor, below, REGISTRY, PLAN, now=now)
    assert (await session.get_one(Plan, "below")).superior == "p"


async def test_plans_that_carry_each_other_out_are_refused(session: Session, actor: Actor, now: datetime) -> None:
    await apply(session, actor, REGISTRY, PLAN, PLAN.replace("slug: p", "slug: q\n  superior: p"), now=now)
    with pytest.raises(Invalid, match="own superior"):
        await apply(session, actor, PLAN.replace("slug: p", "slug: p\n  superior: q"), now=now)


async def test_the_same_plan_in_two_files_is_refused(session: Session, actor: Actor, now: datetime) -> None:
    other = PLAN.replace("甲", "丙")
    (fault,) = await _faults(session, actor, now, REGISTRY, PLAN, other)
    assert (fault.path, fault.file, fault.line) == ("plan", "2.yaml", 3)
    assert "1.yaml:3" in fault.message
    assert await _count(session, Plan) == 0


async def test_what_two_files_declare_alike_is_taken_and_differently_refused(
    session: Session, actor: Actor, now: datetime
) -> None:
    await apply(session, actor, REGISTRY, REGISTRY, now=now)
    faults = await _faults(session, actor, now, REGISTRY, REGISTRY.replace("区财政局", "区财政厅"))
    assert [(fault.path, fault.file) for fault in faults] == [("units[1]", "1.yaml")]
    assert (await session.get_one(Unit, "a.y")).name == "区财政局"


async def test_a_code_is_a_unit_or_a_group_and_not_both(session: Session, actor: Actor, now: datetime) -> None:
    other = "milepost: 1\ngroups:\n  - {code: a.x, name: 又一个}\n"
    faults = await _faults(session, actor, now, REGISTRY, other)
    assert [(fault.path, fault.file) for fault in faults] == [("groups[0]", "1.yaml")]


async def test_groups_that_contain_each_other_through_two_files_are_refused(
    session: Session, actor: Actor, now: datetime
) -> None:
    one = "milepost: 1\ngroups:\n  - {code: a.h, name: 甲组, members: [a.i]}\n"
    two = "milepost: 1\ngroups:\n  - {code: a.i, name: 乙组, members: [a.h]}\n"
    (fault,) = await _faults(session, actor, now, REGISTRY, one, two)
    assert fault.file in {"1.yaml", "2.yaml"}
    assert "a.h" in fault.message
    assert "a.i" in fault.message


async def test_a_group_that_would_contain_itself_through_a_stored_one_is_refused(
    session: Session, actor: Actor, now: datetime
) -> None:
    await apply(session, actor, REGISTRY.replace("[a.x, a.y]", "[a.x, a.h]") + "  - {code: a.h, name: 内组}\n", now=now)
    (fault,) = await _faults(session, actor, now, "milepost: 1\ngroups:\n  - {code: a.h, name: 内组, members: [a.g]}\n")
    assert (fault.file, fault.line) == ("0.yaml", 3)


async def test_what_left_the_file_is_left_alone(session: Session, actor: Actor, now: datetime) -> None:
    await apply(session, actor, REGISTRY, PLAN, now=now)
    shorter = PLAN[: PLAN.index("  - {key: '2'")]
    (one,) = await apply(session, actor, shorter, now=now)
    assert one.difference.left == ("2",)
    rows = (await session.exec(select(Milestone).order_by(col(Milestone.position)))).all()
    assert [(row.key, row.status) for row in rows] == [("1", "active"), ("2", "active")]


async def test_pruning_cancels_what_left_the_file_and_its_occurrences(
    session: Session, actor: Actor, now: datetime
) -> None:
    await apply(session, actor, REGISTRY, PLAN, now=now)
    shorter = PLAN[: PLAN.index("  - {key: '2'")]
    (one,) = await apply(session, actor, shorter, now=now, prune=True)
    assert one.difference.count("cancel") == 1
    rows = (await session.exec(select(Occurrence).order_by(col(Occurrence.sort_on)))).all()
    assert [(row.period, row.status) for row in rows] == [
        ("2024-03", "cancelled"),
        ("2024-10", "active"),
        ("2025-03", "cancelled"),
    ]


async def test_a_milestone_that_returns_is_active_again_under_the_same_id(
    session: Session, actor: Actor, now: datetime
) -> None:
    await apply(session, actor, REGISTRY, PLAN, now=now)
    before = {row.key: row.id for row in await session.exec(select(Milestone))}
    dates = {row.period: row.id for row in await session.exec(select(Occurrence))}
    await apply(session, actor, PLAN[: PLAN.index("  - {key: '2'")], now=now, prune=True)
    await apply(session, actor, PLAN, now=now)
    assert {
        row.key: row.id for row in await session.exec(select(Milestone).where(Milestone.status == "active"))
    } == before
    active = await session.exec(select(Occurrence).where(Occurrence.status == "active"))
    assert {row.period: row.id for row in active} == dates


async def test_pruning_twice_cancels_once(session: Session, actor: Actor, now: datetime) -> None:
    await apply(session, actor, REGISTRY, PLAN, now=now)
    shorter = PLAN[: PLAN.index("  - {key: '2'")]
    await apply(session, actor, shorter, now=now, prune=True)
    facts = len(recorded(session))
    (again,) = await apply(session, actor, shorter, now=now, prune=True)
    assert again.difference.empty
    assert len(recorded(session)) == facts


async def test_only_the_order_changed_is_a_change_that_nobody_hears_of(
    session: Session, actor: Actor, now: datetime
) -> None:
    await apply(session, actor, REGISTRY, PLAN, now=now)
    facts = len(recorded(session))
    lines = PLAN.splitlines(keepends=True)
    (one,) = await apply(session, actor, "".join([*lines[:-2], lines[-1], lines[-2]]), now=now)
    assert one.difference.reordered
    keys = [row.key for row in await session.exec(select(Milestone).order_by(col(Milestone.position)))]
    assert keys == ["2", "1"]
    assert len(recorded(session)) == facts


async def test_a_parent_and_its_part_may_change_places(session: Session, actor: Actor, now: datetime) -> None:
    below = PLAN.replace("title: 乙,", "title: 乙, parent: '1',")
    await apply(session, actor, REGISTRY, below, now=now)
    await apply(session, actor, PLAN.replace("title: 甲,", "title: 甲, parent: '2',"), now=now)
    rows = {row.key: row for row in await session.exec(select(Milestone))}
    assert rows["1"].parent == rows["2"].id
    assert rows["2"].parent is None


async def test_a_plan_never_moves_to_another_jurisdiction(session: Session, actor: Actor, now: datetime) -> None:
    await apply(session, actor, REGISTRY, PLAN, "milepost: 1\njurisdictions:\n  - {code: b, name: 乙区}\n", now=now)
    faults = await _faults(session, actor, now, PLAN.replace("jurisdiction: a", "jurisdiction: b"))
    assert [(fault.path, fault.file, fault.line) for fault in faults] == [("plan.jurisdiction", "0.yaml", 3)]


async def test_a_change_is_recorded_with_what_was_before(session: Session, actor: Actor, now: datetime) -> None:
    await apply(session, actor, REGISTRY, PLAN, now=now)
    before = len(recorded(session))
    await apply(session, actor, PLAN.replace("2024-10", "2024-12"), now=now)
    facts = recorded(session)[before:]
    assert [fact.kind for fact in facts] == ["milestone.updated", "occurrence.rescheduled"]
    assert facts[0].before is not None
    assert facts[0].after is not None
    assert (facts[0].before["due"]["value"], facts[0].after["due"]["value"]) == ("2024-10", "2024-12")
    assert facts[0].actor == "command:test"


async def test_a_key_bound_to_another_jurisdiction_cannot_apply(session: Session, actor: Actor, now: datetime) -> None:
    await apply(session, actor, REGISTRY, PLAN, "milepost: 1\njurisdictions:\n  - {code: b, name: 乙区}\n", now=now)
    bound = Actor(kind="key", name="b", scopes=frozenset({"edit"}), jurisdiction="b")
    with pytest.raises(Denied):
        await apply(session, bound, PLAN.replace("甲", "丙"), now=now)


async def test_two_files_at_once_leave_a_history_without_gaps(database: Database, actor: Actor, now: datetime) -> None:
    codes = [f"a.u{place}" for place in range(40)]

    async def bring(kind: str, order: list[str]) -> None:
        units = "".join(f"  - {{code: {code}, name: 单位, kind: {kind}}}\n" for code in order)
        text = f"milepost: 1\njurisdictions:\n  - {{code: a, name: 甲区}}\nunits:\n{units}"
        async with change(database, now=now) as session:
            await apply(session, actor, text, now=now)

    await bring("department", codes)
    await asyncio.gather(bring("town", codes), bring("party", codes[::-1]), bring("court", codes[::2]))
    async with database.read() as session:
        for code in codes:
            of_one = select(JournalEntry).where(JournalEntry.subject == code).order_by(col(JournalEntry.id))
            facts = (await session.exec(of_one)).all()
            assert [fact.before for fact in facts] == [None, *(fact.after for fact in facts[:-1])]
            assert (await session.get_one(Unit, code)).revision == len(facts)
