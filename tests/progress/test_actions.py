"""Progress as it is kept: who said what when, and what the journal has of it."""

from datetime import timedelta

import pytest
from sqlmodel import select

from service.journal.models import JournalEntry
from service.kit.actor import Actor
from service.kit.errors import Conflict, Denied, NotFound
from service.progress import store
from service.progress.actions import report
from service.progress.models import Progress
from service.progress.rules import ProgressStatus
from tests.reminders.world import World

UNIT = "demo.justice"


async def _said(world: World) -> list[Progress]:
    async with world.database.read() as session:
        return list(await session.exec(select(Progress)))


async def _facts(world: World) -> list[JournalEntry]:
    async with world.database.read() as session:
        return list(await session.exec(select(JournalEntry).where(JournalEntry.kind == "progress.updated")))


async def _report(world: World, actor: Actor, task: str, status: str, *, unit: str = UNIT, note: str = "") -> Progress:
    occurrence = await world.occurrence(task)
    async with world.change() as session:
        return await report(
            session,
            actor,
            occurrence_id=occurrence,
            unit_code=unit,
            status=ProgressStatus(status),
            note=note,
            now=world.now,
        )


async def test_nothing_is_kept_until_somebody_says_something(world: World, actor: Actor) -> None:
    task = await world.milestone("2024-11-07")
    assert await _said(world) == []
    row = await _report(world, actor, task, "in_progress", note="起草中")
    assert (row.status, row.note, row.revision) == ("in_progress", "起草中", 1)
    assert (row.said_by, row.said_at, row.jurisdiction) == (str(actor), world.now, "demo")


async def test_a_fact_has_what_stood_there_before_and_after(world: World, actor: Actor) -> None:
    task = await world.milestone("2024-11-07")
    await _report(world, actor, task, "in_progress")
    world.now += timedelta(days=1)
    await _report(world, actor, task, "submitted", note="见附件")
    first, second = await _facts(world)
    assert first.before is not None
    assert (first.before["status"], first.before["said_by"], first.before["said_at"]) == ("pending", None, None)
    assert second.before == first.after
    assert second.after is not None
    assert (second.after["status"], second.after["note"], second.after["unit"]) == ("submitted", "见附件", UNIT)
    assert (second.subject, second.after["milestone"]) == (await world.occurrence(task), task)


async def test_saying_the_same_again_changes_nothing(world: World, actor: Actor) -> None:
    task = await world.milestone("2024-11-07")
    await _report(world, actor, task, "submitted")
    world.now += timedelta(days=1)
    row = await _report(world, actor, task, "submitted")
    assert (row.revision, row.said_at) == (1, world.now - timedelta(days=1))
    assert len(await _facts(world)) == 1


async def test_statuses_name_only_what_was_said_and_standings_everybody_who_answers(world: World, actor: Actor) -> None:
    task = await world.milestone("2024-11-07", roles={UNIT: "lead", "demo.water": "support"})
    await _report(world, actor, task, "submitted")
    occurrence = await world.occurrence(task)
    async with world.database.read() as session:
        assert await store.statuses(session, [occurrence, "oc_x"]) == {(occurrence, UNIT): ProgressStatus.SUBMITTED}
        standings = await store.standings(session, [occurrence])
    assert [(each.unit, each.role, each.status) for each in standings[occurrence]] == [
        (UNIT, "lead", "submitted"),
        ("demo.water", "support", "pending"),
    ]


async def test_a_unit_that_does_not_answer_for_it_cannot_report(world: World, actor: Actor) -> None:
    task = await world.milestone("2024-11-07")
    with pytest.raises(NotFound, match=r"demo\.water"):
        await _report(world, actor, task, "submitted", unit="demo.water")


async def test_what_was_called_off_takes_no_reports(world: World, actor: Actor) -> None:
    task = await world.milestone("2024-11-07")
    await world.edit(task, status="cancelled")
    with pytest.raises(Conflict, match="called off"):
        await _report(world, actor, task, "submitted")


@pytest.mark.parametrize(
    ("scopes", "home", "status", "allowed"),
    (
        ({"report:demo.justice"}, None, "submitted", True),
        ({"report:demo.justice"}, "elsewhere", "submitted", True),
        ({"report:demo.justice"}, None, "accepted", False),
        ({"report:demo.finance"}, None, "submitted", False),
        ({"read"}, None, "submitted", False),
        ({"edit"}, None, "accepted", True),
        ({"edit"}, "demo", "waived", True),
        ({"edit"}, "elsewhere", "submitted", False),
        ({"admin"}, None, "returned", True),
        ({"report:demo.justice", "edit"}, None, "accepted", True),
    ),
)
async def test_units_report_for_themselves_and_editors_for_any(
    world: World, scopes: set[str], home: str | None, status: str, allowed: bool
) -> None:
    task = await world.milestone("2024-11-07")
    somebody = Actor(kind="key", name="somebody", scopes=frozenset(scopes), jurisdiction=home)
    if allowed:
        assert (await _report(world, somebody, task, status)).status == status
    else:
        with pytest.raises(Denied):
            await _report(world, somebody, task, status)
