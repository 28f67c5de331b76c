"""The chores, each done when its time has come, and a failing one harming nobody."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, delete, select, update

from service.access.models import IdempotentAnswer
from service.feeds.models import FeedEntry
from service.gate.state import Gate
from service.milestones.models import Occurrence
from service.reminders.models import Firing, PendingFiring, ReminderSchedule
from service.runner import chores
from service.runner.chores import Chore, Forgetting, Turning
from service.runner.life import Runner
from service.webhooks.models import Attempt, Delivery, Endpoint, WebhookEvent
from tests.runner.conftest import Doors, SetClock
from tests.runner.test_rounds import SOON, Counted


async def test_notices_are_planned_as_they_come_within_the_horizon(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "BATCH", 2)
    for _ in range(5):
        await doors.world.milestone("2026-06-30")
    async with doors.world.database.write() as session:
        await session.exec(delete(PendingFiring))
        await session.exec(delete(Firing))
        await session.exec(delete(ReminderSchedule))
    assert await chores.extend(doors.gate) == 5
    assert await chores.extend(doors.gate) == 0
    doors.set("2026-06-01T08:00")
    assert await chores.extend(doors.gate) == 5
    assert len(await doors.world.pending()) == 5 * 5


async def test_dates_follow_statutory_days_of_a_new_release(doors: Doors) -> None:
    task = await doors.world.milestone({"value": "2024-10-06", "roll": "following"})
    async with doors.world.database.write() as session:
        (row,) = await session.exec(select(Occurrence).where(Occurrence.milestone == task))
        row.dataset = "CN/an older release"
    assert await chores.refresh(doors.gate) == 1
    assert await chores.refresh(doors.gate) == 0


async def test_the_page_of_the_feeds_is_turned_at_midnight_and_only_then_asked_for(doors: Doors) -> None:
    await doors.world.milestone("2024-10-02")
    turning = Turning()
    await turning(doors.gate)
    before = await _revisions(doors.gate)
    assert await turning(doors.gate) == 0
    doors.set("2024-10-03T00:00")
    assert await turning(doors.gate) > 0
    assert await turning(doors.gate) == 0
    assert await _revisions(doors.gate) != before


async def _revisions(gate: Gate) -> dict[str, int]:
    async with gate.database.read() as session:
        return {row.uid: row.revision for row in await session.exec(select(FeedEntry))}


async def test_answers_are_forgotten_when_nobody_will_ask_again(doors: Doors) -> None:
    async with doors.world.database.write() as session:
        for key, day in (("old", 27), ("new", 30)):
            at = datetime(2024, 9, day, tzinfo=UTC)
            session.add(IdempotentAnswer(actor="somebody", key=key, fingerprint="", created_at=at))
    await chores.forget(doors.gate)
    async with doors.world.database.read() as session:
        assert [row.key for row in await session.exec(select(IdempotentAnswer))] == ["new"]


async def _deliver(gate: Gate, *days: int) -> None:
    """Deliveries that were made and answered on these days of 2024."""
    async with gate.database.write() as session:
        at = datetime(2024, 1, 1, tzinfo=UTC)
        session.add(
            Endpoint(
                id="ep_1", url=b"sealed", host="receiver.test", created_at=at, created_by="command:test", updated_at=at
            )
        )
        await session.flush()
        for day in days:
            at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day - 1)
            session.add(WebhookEvent(id=f"evt_{day}", type="endpoint.ping", at=at, message="{}", created_at=at))
            await session.flush()
            delivery = Delivery(
                id=f"dl_{day}", event=f"evt_{day}", endpoint="ep_1", type="endpoint.ping", created_at=at
            )
            delivery.status, delivery.ended_at = "delivered", at
            session.add(delivery)
            await session.flush()
            attempt = Attempt(
                id=f"at_{day}", delivery=f"dl_{day}", number=1, lease="", started_at=at, lease_until=at, status=200
            )
            attempt.response_body, attempt.response_headers, attempt.outcome = b"ok", {"server": "x"}, "delivered"
            session.add(attempt)


async def _kept(gate: Gate) -> list[str]:
    async with gate.database.read() as session:
        rows = (await session.exec(select(Attempt).order_by(col(Attempt.started_at)))).all()
    assert {row.outcome for row in rows} == {"delivered"}
    return [row.id for row in rows if row.response_body is not None and row.response_headers is not None]


async def test_what_receivers_answered_is_forgotten_after_a_month_and_how_it_ended_never(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "PAGE", 2)
    clock = SetClock(datetime(2024, 2, 5, tzinfo=UTC))
    gate = dataclasses.replace(doors.gate, host_clock=clock)
    await _deliver(gate, 1, 2, 3, 10, 35)
    forgetting = Forgetting()
    assert await forgetting(gate) == 3
    assert await _kept(gate) == ["at_10", "at_35"]
    assert await forgetting(gate) == 0
    clock.instant = datetime(2024, 2, 12, tzinfo=UTC)
    assert await forgetting(gate) == 1
    assert await _kept(gate) == ["at_35"]


async def test_a_chore_that_fails_is_counted_and_the_ticks_go_on(doors: Doors) -> None:
    failing, fired = Counted(), asyncio.Event()
    failing.raises = ZeroDivisionError()

    async def fail(_: Gate) -> int:
        await failing()
        return 0

    await doors.world.milestone("2024-11-07")
    doors.gate.hearers.append(lambda _: fired.set())
    runner = Runner(doors.gate, loops={}, done=[Chore("divide by nothing", 0.01, fail)])
    runner.start()
    try:
        await failing.until(ended=2)
        doors.set("2024-10-08T09:00")
        await asyncio.wait_for(fired.wait(), SOON)
    finally:
        await runner.stop()
    assert failing.ended >= 2
    counted = f'milepost_chore_failures_total{{chore="divide by nothing"}} {failing.ended}.0'
    assert counted in doors.gate.metrics.page().decode()


async def test_every_chore_can_be_done_by_all_processes_at_once(doors: Doors) -> None:
    await doors.world.milestone({"value": "2026-06-30", "roll": "following"})
    async with doors.world.database.write() as session:
        await session.exec(delete(PendingFiring))
        await session.exec(delete(Firing))
        await session.exec(delete(ReminderSchedule))
        await session.exec(update(Occurrence).values(dataset="CN/an older release"))
    doors.set("2026-06-01T08:00")
    gates = (doors.gate, doors.another(), doors.another())
    await asyncio.gather(*(chore.run(gate) for gate in gates for chore in chores.chores()))
    assert len(await doors.world.pending()) == 5
