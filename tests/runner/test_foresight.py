"""What is made ready before its time goes out as it would have anyway, and is never older than the last change."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlmodel import col, select

from service.journal.actions import record
from service.journal.kinds import Kind
from service.kit.actor import COMMAND
from service.kit.clock import SimulatedClock
from service.kit.database import Database
from service.milestones.models import Milestone
from service.reminders.actions.telling import Draft, Drafter, Teller
from service.runner.ticks import Ticks
from service.units import actions as units
from service.units.models import Unit
from service.webhooks.models import WebhookEvent
from tests.reminders.world import PLAN
from tests.runner.conftest import Doors

HARD = '梳理"\\问题\u2028</script>清单'


async def _tasks(doors: Doors, count: int = 2) -> list[str]:
    """So many tasks that tell of the day itself alone; it is half a minute before."""
    made = []
    for _ in range(count):
        task = await doors.world.milestone("2024-11-07", roles={"demo.justice": "lead", "demo.water": "support"})
        await doors.world.policy("0d", milestone=task)
        made.append(task)
    doors.set("2024-11-07T08:59:40")
    return made


async def _look_ahead(doors: Doors) -> Ticks:
    """The ticks of a process that has seen what comes."""
    ticks = Ticks(doors.gate)
    for _ in range(3):
        await ticks.tick()
    return ticks


async def _events(database: Database, kind: str = "occurrence.due") -> dict[str, WebhookEvent]:
    """Milestone → its notice of this kind."""
    query = select(WebhookEvent).where(WebhookEvent.type == kind).order_by(col(WebhookEvent.number))
    async with database.read() as session:
        return {row.milestone or "": row for row in await session.exec(query)}


async def test_what_was_made_ready_goes_out_as_if_it_had_not_been(doors: Doors) -> None:
    ready, unready = await _tasks(doors)
    for task in (ready, unready):
        await doors.world.edit(task, title=HARD, ref="二(三)1")
    ticks = await _look_ahead(doors)
    assert len(ticks.foresight.drafts) == 2
    (other,) = [row.id for row in await doors.world.ledger(unready) if row.offset == "0d"]
    ticks.foresight.drafts.forget([other])
    doors.set("2024-11-07T09:00:01")
    await ticks.tick()
    assert len(ticks.foresight.drafts) == 0
    first, second = [fact.after or {} for fact in await doors.world.notices()]
    assert _alike(first) == _alike(second)
    assert first["title"] == HARD
    assert first["notice"]["lateness_s"] == 1.0
    events = await _events(doors.world.database)
    texts = {task: events[task].message for task in (ready, unready)}
    names = {task: [task, events[task].occurrence or "", events[task].firing or ""] for task in texts}
    for task, text in texts.items():
        for place, name in enumerate(names[task]):
            text = text.replace(name, f"<{place}>")
        texts[task] = text
    assert texts[ready] == texts[unready]


async def test_others_of_the_same_task_count_whether_or_not_they_were_made_ready(doors: Doors) -> None:
    ready, unready = await _tasks(doors)
    for task in (ready, unready):
        await doors.world.edit(task, due="2024-11-08")
        await doors.world.policy("-1d -1wd 0d", milestone=task)  # the first two come at the same instant
    ticks = await _look_ahead(doors)
    assert len(ticks.foresight.drafts) == 4
    ticks.foresight.drafts.forget([row.id for row in await doors.world.ledger(unready)])
    doors.set("2024-11-07T09:00")
    await ticks.tick()
    ledgers = [await doors.world.ledger(task) for task in (ready, unready)]
    ends = [sorted((row.status, row.cause) for row in rows if row.cause != "replanned") for rows in ledgers]
    assert ends[0] == ends[1]
    assert {("fired", "time"), ("superseded", "overtaken"), ("pending", "")} <= set(ends[0])
    first, second = [fact.after or {} for fact in await doors.world.notices()]
    assert _alike(first) | {"notice": None} == _alike(second) | {"notice": None}
    events = await _events(doors.world.database, "occurrence.due_soon")
    (later,) = [row.fire_at for row in await doors.world.ledger(ready) if row.status == "pending"]
    assert [events[task].not_after for task in (ready, unready)] == [later, later]


async def test_what_was_made_ready_says_when_the_next_one_comes(doors: Doors) -> None:
    (task,) = await _tasks(doors, 1)
    await doors.world.edit(task, due="2024-11-08")
    await doors.world.policy("-1d 0d +1d", milestone=task)
    ticks = await _look_ahead(doors)
    assert len(ticks.foresight.drafts) == 1
    doors.set("2024-11-07T09:00")
    await ticks.tick()
    (told,) = [fact.after or {} for fact in await doors.world.notices()]
    assert told["notice"]["next_at"] == "2024-11-08T01:00:00Z"
    event = (await _events(doors.world.database, "occurrence.due_soon"))[task]
    assert event.not_after == min(row.fire_at for row in await doors.world.ledger(task) if row.status == "pending")


def _alike(told: dict[str, Any]) -> dict[str, Any]:
    """What a fact says, without what differs from one task to another that is the same otherwise."""
    notice = {name: each for name, each in told["notice"].items() if name != "firing"}
    return {name: each for name, each in told.items() if name not in ("id", "milestone", "key")} | {"notice": notice}


async def _retitle(doors: Doors, task: str) -> None:
    await doors.world.edit(task, title="改了")


async def _rename_unit(doors: Doors, _task: str) -> None:
    async with doors.world.change() as session:
        row = await session.get_one(Unit, "demo.justice")
        await units.update(session, COMMAND, row, changes={"name": "改了"}, now=doors.world.now)


async def _retitle_plan(doors: Doors, _task: str) -> None:
    await doors.world.change_plan(PLAN, title="改了")


async def _begin(doors: Doors, task: str) -> None:
    await doors.world.say(task, "in_progress", "demo.water")


@pytest.mark.parametrize("change", (_retitle, _rename_unit, _retitle_plan, _begin))
async def test_what_changes_at_the_last_moment_is_told(
    doors: Doors, change: Callable[[Doors, str], Awaitable[None]]
) -> None:
    (task,) = await _tasks(doors, 1)
    ticks = await _look_ahead(doors)
    assert len(ticks.foresight.drafts) == 1
    await change(doors, task)
    doors.set("2024-11-07T09:00")
    await ticks.tick()
    message = (await _events(doors.world.database))[task].message
    assert ("in_progress" if change is _begin else "改了") in message


async def test_what_is_finished_or_moved_at_the_last_moment_is_not_sent(doors: Doors) -> None:
    finished, moved, left = await _tasks(doors, 3)
    ticks = await _look_ahead(doors)
    for unit in ("demo.justice", "demo.water"):
        await doors.world.say(finished, "accepted", unit)
    await doors.world.edit(moved, due="2024-12-05")
    doors.set("2024-11-07T09:00")
    await ticks.tick()
    assert set(await _events(doors.world.database)) == {left}


async def test_progress_with_one_task_leaves_the_others_ready(doors: Doors) -> None:
    first, second = await _tasks(doors)
    ticks = await _look_ahead(doors)
    await _begin(doors, first)
    await ticks.tick()
    assert len(ticks.foresight.drafts) == 1
    await doors.world.edit(second, title="另一个")
    await ticks.tick()
    assert len(ticks.foresight.drafts) == 0


async def test_after_a_change_a_new_beginning_is_made(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.runner.foresight.ANEW", 0.0)
    (task,) = await _tasks(doors, 1)
    ticks = await _look_ahead(doors)
    await doors.world.edit(task, title="改了")
    for _ in range(3):
        await ticks.tick()
    (draft,) = [ticks.foresight.drafts.get(row.id) for row in await doors.world.ledger(task) if row.status == "pending"]
    assert draft is not None
    assert draft.told["title"] == "改了"


async def test_nobody_begins_while_somebody_is_recording(doors: Doors) -> None:
    (task,) = await _tasks(doors, 1)
    other = doors.another()
    async with other.database.write() as session:
        row = await session.get_one(Milestone, task)
        row.title = "改了"
        record(
            session,
            COMMAND,
            kind=Kind.MILESTONE_UPDATED,
            subject=task,
            jurisdiction="demo",
            before={"title": "任务"},
            after={"title": "改了"},
            now=doors.world.now,
        )
        await session.flush()
        ticks = Ticks(doors.gate)
        if doors.gate.database.is_sqlite:  # whoever looks sees what is committed, and that is what is ready
            await ticks.foresight.look_ahead(doors.world.now, doors.world.now)
        else:
            async with doors.gate.database.read() as looking:
                assert not await ticks.foresight.drafts.begin(looking)
    doors.set("2024-11-07T09:00")
    await ticks.tick()
    assert "改了" in (await _events(doors.world.database))[task].message


async def test_one_that_cannot_be_made_ready_holds_up_no_tick_and_the_others_go_out(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    ill, *well = await _tasks(doors, 4)
    make = Drafter.draft

    def fail(self: Drafter, one: Any, subject: Any, standings: Any, **given: Any) -> Draft:
        if subject.milestone == ill:
            raise RuntimeError("it is ill")
        return make(self, one, subject, standings, **given)

    monkeypatch.setattr(Drafter, "draft", fail)
    ticks = await _look_ahead(doors)  # none of them raises
    assert len(ticks.foresight.drafts) == 0
    doors.set("2024-11-07T09:00")
    for _ in range(12):
        await ticks.tick()
    assert set(await _events(doors.world.database)) == set(well)


async def test_nothing_is_made_ready_long_before_its_time_or_where_time_stands_still(doors: Doors) -> None:
    await _tasks(doors)
    ticks = Ticks(doors.gate)
    doors.set("2024-11-07T08:59")
    await ticks.tick()
    assert not ticks.foresight.drafts.begun
    doors.set("2024-11-07T08:59:59.900000")  # too late: it is due in a moment
    await ticks.tick()
    assert len(ticks.foresight.drafts) == 0
    doors.gate.clock = SimulatedClock(doors.world.now, speed=0)
    await ticks.tick()
    assert len(ticks.foresight.drafts) == 0


async def test_what_is_ready_is_forgotten_when_it_is_no_longer_near(doors: Doors) -> None:
    tasks = await _tasks(doors)
    ticks = await _look_ahead(doors)
    assert len(ticks.foresight.drafts) == 2
    for task in tasks:
        await doors.world.edit(task, due="2025-03-03")
    await ticks.tick()
    assert not ticks.foresight.drafts.begun


async def test_no_more_are_made_ready_than_may_be_and_the_others_go_out_all_the_same(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.reminders.actions.drafting.MOST", 3)
    monkeypatch.setattr("service.runner.foresight.PORTION", 2)
    tasks = await _tasks(doors, 5)
    ticks = await _look_ahead(doors)
    assert len(ticks.foresight.drafts) == 3
    doors.set("2024-11-07T09:00")
    await ticks.tick()
    assert set(await _events(doors.world.database)) == set(tasks)


async def test_batches_beside_each_other_fire_everything_once_and_number_without_gaps(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.runner.ticks.MOST", 2)
    tasks = await _tasks(doors, 11)
    ticks = Ticks(doors.gate, batch=2)
    for _ in range(3):
        await ticks.tick()
    assert len(ticks.foresight.drafts) == 11
    doors.set("2024-11-07T09:00")
    while await ticks.tick() == 0.0:
        pass
    events = await _events(doors.world.database)
    assert set(events) == set(tasks)
    numbers = sorted(row.number or 0 for row in events.values())
    assert numbers == list(range(numbers[0], numbers[0] + 11))
    assert await doors.world.pending() == []


async def test_one_that_fails_whenever_it_is_touched_does_not_hold_up_those_that_are_ready(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.runner.ticks.MOST", 2)
    ill, *well = await _tasks(doors, 7)
    ticks = Ticks(doors.gate, batch=2)
    for _ in range(3):
        await ticks.tick()
    tell = Teller.fact

    def fail(self: Teller, draft: Draft, **given: Any) -> Any:
        if draft.told["milestone"] == ill:
            raise RuntimeError("it is ill")
        return tell(self, draft, **given)

    monkeypatch.setattr(Teller, "fact", fail)
    doors.set("2024-11-07T09:00")
    for _ in range(12):
        await ticks.tick()
    assert set(await _events(doors.world.database)) == set(well)
