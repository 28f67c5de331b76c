"""The chore that plans what comes within the horizon, what is older than reminders, and what was planned otherwise."""

from datetime import date

from sqlmodel import delete, select

from service.reminders.models import Firing, PendingFiring, ReminderSchedule
from tests.reminders.world import World


async def test_a_distant_date_is_planned_piece_by_piece_as_it_comes_near(world: World) -> None:
    task = await world.milestone("2026-06-30")
    await world.policy("-366d -30d 0d at 09:00 roll none", milestone=task)
    assert await world.pending() == [("-366d", "2025-06-29")]  # 400 days from now is 5 November 2025
    for before, then, offset, day in (
        ("2025-04-26T08:59", "2025-04-26T09:00", "-30d", "2026-05-31"),
        ("2025-05-26T08:59", "2025-05-26T09:00", "0d", "2026-06-30"),
    ):
        world.set(before)
        assert await world.extend() == 0
        world.set(then)
        assert await world.extend() == 1
        assert await world.extend() == 0
        assert (await world.pending())[-1] == (offset, day)
    assert {row.due_version for row in await world.ledger()} == {1}


async def test_a_limit_is_kept_and_the_rest_is_done_next(world: World) -> None:
    for _ in range(5):
        await world.milestone("2026-06-30")
    world.set("2026-06-01T08:00")
    assert [await world.extend(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert len(await world.pending()) == 5 * 5  # -30d was due on 29 May: it is skipped


async def test_what_is_older_than_reminders_is_planned_and_what_is_past_sends_nothing(world: World) -> None:
    await world.milestone("2024-11-07")
    await world.milestone("2024-03-31")
    await world.milestone(None)
    async with world.database.write() as session:
        await session.exec(delete(PendingFiring))
        await session.exec(delete(Firing))
        await session.exec(delete(ReminderSchedule))
    assert await world.extend() == 2
    assert await world.extend() == 0
    assert len(await world.pending()) == 6
    assert await world.tick() == []


async def test_another_default_time_zone_plans_anew_what_depends_on_it(world: World) -> None:
    await world.plan("berlin", time_zone="Europe/Berlin")
    await world.milestone("2024-11-07")
    await world.milestone("2024-11-07", plan="berlin")
    assert await world.extend(zone="Asia/Tokyo") == 1
    assert await world.extend(zone="Asia/Tokyo") == 0
    assert {row.time_zone for row in await world.ledger() if row.status == "pending"} == {"Europe/Berlin", "Asia/Tokyo"}


async def test_other_workdays_than_those_it_was_planned_with_are_noticed(world: World) -> None:
    await world.milestone("2024-11-07")
    task = await world.milestone("2024-11-07")
    await world.policy("0d", milestone=task)  # the day itself asks no calendar
    async with world.database.write() as session:
        for row in await session.exec(select(ReminderSchedule)):
            row.dataset = "CN/an older release" if row.dataset else ""
    assert (await world.extend(), await world.extend()) == (1, 0)
    assert {row.due_on for row in await world.ledger()} == {date(2024, 11, 7)}
    assert len(await world.pending()) == 7
