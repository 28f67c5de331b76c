"""Reminder policies in plan files: read with their place, shown, set, and taken away where the file had set them."""

from datetime import datetime

import pytest
from sqlmodel import select

from service.journal.actions import recorded
from service.journal.models import JournalEntry
from service.kit.actor import Actor
from service.kit.database import Session
from service.milestones.models import Milestone
from service.planfiles.actions import export_plan
from service.planfiles.rules.difference import render_difference
from service.planfiles.rules.emit import emit_plan_file
from service.planfiles.rules.faults import PlanFileFaults
from service.planfiles.rules.parse import parse_plan_file, parse_plan_mapping
from service.plans.models import Plan
from service.reminders.actions.policies import remove_policy, set_policy
from service.reminders.models import ReminderPolicy
from service.reminders.rules.policy import Policy, parse_text
from tests.flows.desk import apply

HEAD = "milepost: 1\nplan: {slug: p, title: t, jurisdiction: a}\n"
FILE = """\
# yaml-language-server: $schema=../docs/plan.schema.json
milepost: 1

jurisdictions:
  - code: a
    name: 甲区

plan:
  slug: p
  title: 方案
  jurisdiction: a
  reminders: -3wd 0d at 08:30

milestones:
  - key: '1'
    title: 甲
    due: {value: 2024-10}
    reminders: never
  - key: '2'
    title: 乙
    due: {value: 2024-11}
"""
WITHOUT = FILE.replace("  reminders: -3wd 0d at 08:30\n", "").replace("    reminders: never\n", "")


def _milestone(written: str) -> str:
    return f"{HEAD}milestones: [{{key: 1, title: x, reminders: {written}}}]"


@pytest.mark.parametrize(
    ("written", "line"),
    (
        ("-7d 0d", "-7d 0d at 09:00"),
        ("0d -7d roll none", "-7d 0d at 09:00 roll none"),
        ("{offsets: [0d, -7d], at: 08:00}", "-7d 0d at 08:00"),
        ("{offsets: []}", "never"),
    ),
)
def test_one_line_and_the_fields_of_the_api_say_the_same(written: str, line: str) -> None:
    file = parse_plan_file(_milestone(written), file="p.yaml", limit=10_000)
    assert file.milestones[0].reminders == parse_text(line)
    assert emit_plan_file(file).endswith(f"    reminders: {line}\n")


@pytest.mark.parametrize(
    ("written", "path", "column", "message"),
    (
        ("-7x at 09:00", "milestones[0].reminders", 44, "'-7x' is no offset"),
        ("-7d at 25:00", "milestones[0].reminders", 44, "not a time of day"),
        ("[-7d]", "milestones[0].reminders", 44, "on one line"),
        ("{offsets: [0d, 0]}", "milestones[0].reminders.offsets[1]", 59, "'0' is no offset"),
        ("{offsets: [0d], at: 9}", "milestones[0].reminders.at", 64, "not a time of day"),
        ("{offset: [0d], offsets: [0d]}", "milestones[0].reminders.offset", 53, "did you mean 'offsets'?"),
    ),
)
def test_a_fault_in_a_policy_points_at_what_is_wrong(written: str, path: str, column: int, message: str) -> None:
    with pytest.raises(PlanFileFaults) as raised:
        parse_plan_file(_milestone(written), file="p.yaml", limit=10_000)
    (fault,) = raised.value.faults
    assert (fault.line, fault.column, fault.path) == (3, column, path)
    assert message in fault.message


def test_a_policy_in_decoded_json_is_read_alike() -> None:
    told = {"milepost": 1, "plan": {"slug": "p", "title": "t", "jurisdiction": "a", "reminders": {"offsets": ["0d"]}}}
    plan = parse_plan_mapping(told).plan
    assert plan is not None
    assert plan.reminders == parse_text("0d")


async def _policies(session: Session) -> dict[str, object]:
    rows = await session.exec(select(ReminderPolicy).execution_options(populate_existing=True))
    return {row.subject.partition(":")[0]: row.policy for row in rows}


async def test_a_file_sets_policies_once_and_gives_them_back(session: Session, actor: Actor, now: datetime) -> None:
    await apply(session, actor, FILE, now=now)
    assert await _policies(session) == {
        "plan": {"offsets": ["-3wd", "0d"], "at": "08:30"},
        "milestone": {"offsets": []},
    }
    assert await export_plan(session, await session.get_one(Plan, "p")) == FILE
    facts = len(recorded(session))
    (again,) = await apply(session, actor, FILE, now=now)
    assert again.difference.empty
    assert len(recorded(session)) == facts


async def test_the_difference_shows_a_change_of_policy(session: Session, actor: Actor, now: datetime) -> None:
    await apply(session, actor, FILE, now=now)
    (one,) = await apply(session, actor, FILE.replace("-3wd 0d", "0d +1d").replace("never", "0d"), now=now)
    assert render_difference(one.difference) == (
        "~ plan p 方案\n"
        "    reminders: -3wd 0d at 08:30 → 0d +1d at 08:30\n"
        "~ milestone 1 甲\n"
        "    reminders: never → 0d at 09:00\n"
        "0 to add, 2 to change, 0 to cancel\n"
    )
    await session.flush()
    last = [fact for fact in (await session.exec(select(JournalEntry))).all() if fact.kind == "reminders.updated"]
    assert len(last) == 4


async def test_what_leaves_the_file_is_taken_away(session: Session, actor: Actor, now: datetime) -> None:
    await apply(session, actor, FILE, now=now)
    (one,) = await apply(session, actor, WITHOUT, now=now)
    assert "reminders: never → (none)" in render_difference(one.difference)
    assert await _policies(session) == {"plan": None, "milestone": None}
    (again,) = await apply(session, actor, WITHOUT, now=now)
    assert again.difference.empty


async def test_what_no_file_set_is_left_alone(session: Session, actor: Actor, now: datetime) -> None:
    await apply(session, actor, WITHOUT, now=now)
    plan = await session.get_one(Plan, "p")
    (second,) = await session.exec(select(Milestone).where(Milestone.key == "2"))
    await set_policy(session, actor, plan, policy=parse_text("-1d"), now=now)
    await set_policy(session, actor, second, policy=Policy(), now=now)
    (one,) = await apply(session, actor, WITHOUT, now=now)
    assert one.difference.empty
    assert await _policies(session) == {"plan": {"offsets": ["-1d"]}, "milestone": {"offsets": []}}
    exported = await export_plan(session, plan)
    assert "  reminders: -1d at 09:00\n" in exported
    # Once a file with them was applied they are the file's, and go with it.
    await apply(session, actor, exported, now=now)
    await apply(session, actor, WITHOUT, now=now)
    assert await _policies(session) == {"plan": None, "milestone": None}


async def test_what_the_file_declares_comes_back_whoever_took_it_away(
    session: Session, actor: Actor, now: datetime
) -> None:
    await apply(session, actor, FILE, now=now)
    plan = await session.get_one(Plan, "p")
    await remove_policy(session, actor, plan, now=now)
    (one,) = await apply(session, actor, FILE, now=now)
    assert "reminders: (none) → -3wd 0d at 08:30" in render_difference(one.difference)
    assert (await _policies(session))["plan"] == {"offsets": ["-3wd", "0d"], "at": "08:30"}
