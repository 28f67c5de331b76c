"""What changes upstream changes what is planned, in the same transaction."""

from datetime import date

import pytest

from service.holidays.actions import supply_year
from service.holidays.rules import StatutoryYear
from service.kit.actor import COMMAND
from service.milestones.models import Milestone
from tests.reminders.world import GROUP, UNITS, World

NOVEMBER = ["10-08", "10-31", "11-06", "11-07", "11-08", "11-14"]  # what the default asks for about 7 November 2024


async def test_loading_a_plan_from_the_past_sends_nothing(world: World) -> None:
    await world.milestone("2024-03-31")
    assert {how for *_, how in await world.told()} == {"skipped grace"}
    assert await world.tick() == []
    assert await world.tick("2026-12-31T00:00") == []
    assert {row.reason for row in await world.ledger()} == {"older than the grace period"}


async def test_a_task_without_a_date_has_no_notices(world: World) -> None:
    await world.milestone({"open": True})
    await world.milestone(None)
    assert await world.ledger() == []


async def test_every_date_of_a_recurring_duty_has_its_notices_within_the_horizon(world: World) -> None:
    await world.milestone({"rrule": "FREQ=YEARLY;BYMONTH=11"})  # due 30 November 2024, 2025 and 2026
    assert {row.due_on for row in await world.ledger()} == {date(2024, 11, 30), date(2025, 11, 30)}


async def test_a_moved_date_takes_its_pending_notices_along(world: World) -> None:
    task = await world.milestone("2024-11-07")
    await world.tick("2024-10-08T09:00")
    await world.edit(task, due="2024-12-05")
    old, new = [row for row in await world.ledger() if row.due_version == 1], await world.pending()
    assert [row.status for row in old] == ["fired", *["superseded"] * 5]
    assert {row.reason for row in old[1:]} == {"the due date moved from 2024-11-07 to 2024-12-05"}
    assert {row.ended_at for row in old[1:]} == {world.now}
    assert [offset for offset, _ in new] == ["-30d", "-7d", "-1d", "0d", "+1d", "+7d"]
    assert {row.due_version for row in await world.ledger() if row.status == "pending"} == {2}


async def test_calling_off_ends_the_notices_and_calling_it_back_brings_them_again(world: World) -> None:
    task = await world.milestone("2024-11-07")
    await world.edit(task, status="cancelled")
    assert {how for *_, how in await world.told()} == {"cancelled cancelled"}
    world.set("2024-11-06T08:00")
    await world.edit(task, status="active")
    assert [each for each in await world.told() if each[2] == 2] == [
        ("-30d", "2024-10-08", 2, "skipped grace"),
        ("-7d", "2024-10-31", 2, "skipped grace"),
        ("-1d", "2024-11-06", 2, "pending"),
        ("0d", "2024-11-07", 2, "pending"),
        ("+1d", "2024-11-08", 2, "pending"),
        ("+7d", "2024-11-14", 2, "pending"),
    ]


async def test_who_calls_off_and_back_within_a_day_reminds_nobody_twice(world: World) -> None:
    task = await world.milestone("2024-11-07")
    await world.tick("2024-11-06T09:00")
    await world.edit(task, status="cancelled")
    world.set("2024-11-06T12:00")
    await world.edit(task, status="active")
    assert await world.tick() == []
    assert [offset for offset, _ in await world.pending()] == ["0d", "+1d", "+7d"]


@pytest.mark.parametrize("status", ("submitted", "accepted", "waived"))
async def test_finishing_ends_every_notice_at_once(world: World, status: str) -> None:
    task = await world.milestone("2024-11-07")
    await world.say(task, status)
    assert {how for *_, how in await world.told()} == {"cancelled finished"}
    assert {row.reason for row in await world.ledger()} == {"everybody who owes this has finished"}


@pytest.mark.parametrize("status", ("pending", "in_progress", "returned"))
async def test_work_that_comes_back_is_reminded_of_again(world: World, status: str) -> None:
    task = await world.milestone("2024-11-07")
    await world.say(task, "submitted")
    world.set("2024-11-07T10:00")
    await world.say(task, status)
    assert await world.pending() == [("0d", "2024-11-07"), ("+1d", "2024-11-08"), ("+7d", "2024-11-14")]
    (fired,) = await world.tick()
    assert (fired.firing.offset, fired.lateness.total_seconds()) == ("0d", 3600)


async def test_notices_go_on_until_the_last_who_owes_it_has_finished(world: World) -> None:
    roles = {"demo.justice": "lead", "demo.finance": "responsible", "demo.water": "support"}
    task = await world.milestone("2024-11-07", roles=roles)
    await world.say(task, "submitted", "demo.justice")
    assert len(await world.pending()) == 6
    await world.say(task, "waived", "demo.finance")
    assert await world.pending() == []


async def test_another_unit_that_has_not_finished_brings_the_notices_back(world: World) -> None:
    task = await world.milestone("2024-11-07")
    await world.say(task, "submitted")
    await world.edit(task, roles={"demo.justice": "lead", "demo.finance": "responsible"})
    assert len(await world.pending()) == 6
    await world.edit(task, roles={"demo.justice": "lead"})
    assert await world.pending() == []


async def test_a_member_who_joins_or_leaves_counts(world: World) -> None:
    task = await world.milestone("2024-11-07", roles={GROUP: "lead"})
    for unit in ("demo.justice", "demo.finance"):
        await world.say(task, "submitted", unit)
    assert await world.pending() == []
    await world.members(*UNITS)
    assert len(await world.pending()) == 6
    await world.members("demo.justice", "demo.finance")
    assert await world.pending() == []


async def test_a_draft_reminds_nobody_until_it_is_published(world: World) -> None:
    await world.plan("draft", status="draft")
    await world.milestone("2024-11-07", plan="draft")
    assert await world.ledger() == []
    await world.change_plan("draft", status="published")
    assert len(await world.pending()) == 6
    await world.change_plan("draft", status="draft")
    assert {how for *_, how in await world.told()} == {"cancelled draft"}


async def test_an_archived_plan_reminds_nobody(world: World) -> None:
    await world.milestone("2024-11-07")
    await world.change_plan(status="archived")
    assert {how for *_, how in await world.told()} == {"cancelled cancelled"}


async def test_another_time_zone_plans_for_its_own_morning(world: World) -> None:
    await world.milestone("2024-10-31")
    await world.change_plan(time_zone="America/New_York")
    pending = [row for row in await world.ledger() if row.status == "pending"]
    assert {row.time_zone for row in pending} == {"America/New_York"}
    (itself,) = [row for row in pending if row.offset == "0d"]
    assert f"{itself.fire_at:%Y-%m-%dT%H:%M}" == "2024-10-31T13:00"
    assert {row.cause for row in await world.ledger() if row.status == "superseded"} == {"zone"}
    await world.tick("2024-10-31T20:59")
    (fired,) = await world.tick("2024-10-31T21:00")
    (notice,) = [fact.after["notice"] for fact in await world.notices() if fact.after and fact.kind == "occurrence.due"]
    assert fired.fact is not None
    assert (notice["days_left"], notice["time_zone"]) == (0, "America/New_York")  # it is 1 November in Shanghai soon


async def test_a_milestones_policy_comes_before_its_plans_and_that_before_the_services(world: World) -> None:
    task, other = await world.milestone("2024-11-07"), await world.milestone("2024-11-07")
    await world.policy("-3d at 08:30")
    assert await world.pending(task) == await world.pending(other) == [("-3d", "2024-11-04")]
    await world.policy("-2d at 08:30", plan="demo-2024")
    assert await world.pending(task) == await world.pending(other) == [("-2d", "2024-11-05")]
    await world.policy("-1d at 08:30", milestone=task)
    assert (await world.pending(task), await world.pending(other)) == ([("-1d", "2024-11-06")], [("-2d", "2024-11-05")])
    await world.policy(None, milestone=task)
    await world.policy(None, plan="demo-2024")
    await world.policy(None)
    assert [day for _, day in await world.pending(task)] == [f"2024-{day}" for day in NOVEMBER]
    # Everything that was planned meanwhile is there, with the reason.
    ended = [row for row in await world.ledger() if row.status != "pending"]
    assert {(row.status, row.reason) for row in ended} == {("superseded", "the reminder policy changed")}


async def test_a_policy_of_nothing_reminds_nobody(world: World) -> None:
    task = await world.milestone("2024-11-07")
    await world.policy("never", milestone=task)
    assert await world.pending() == []


async def test_the_same_policy_again_changes_nothing(world: World) -> None:
    await world.milestone("2024-11-07")
    before = [(row.id, row.status) for row in await world.ledger()]
    await world.policy("-30d -7d -1d 0d +1d +7d at 09:00")
    await world.policy("-30d -7d -1d 0d +1d +7d at 09:00")
    assert [(row.id, row.status) for row in await world.ledger()] == before


async def test_a_policy_in_workdays_counts_the_october_week_and_the_days_worked_for_it(world: World) -> None:
    world.set("2024-09-01T08:00")
    task = await world.milestone("2024-10-14")
    await world.policy("-5wd -3wd -1wd +1wd", milestone=task)
    # 12 October is a Saturday that is worked; the 8th to the 11th are Tuesday to Friday; 1 to 7 October are off.
    assert await world.pending() == [
        ("-5wd", "2024-10-08"),
        ("-3wd", "2024-10-10"),
        ("-1wd", "2024-10-12"),
        ("+1wd", "2024-10-15"),
    ]


async def test_a_years_notice_moves_the_reminders_that_fall_on_its_days_off_and_no_others(world: World) -> None:
    world.set("2026-11-02T08:00")
    await world.plan("later", period_start=date(2027, 1, 1), period_end=date(2027, 12, 31))
    await world.milestone("2027-05-06", plan="later")
    assert await world.pending() == [
        ("-30d", "2027-04-06"),
        ("-7d", "2027-04-29"),
        ("-1d", "2027-05-05"),
        ("0d", "2027-05-06"),
        ("+1d", "2027-05-07"),
        ("+7d", "2027-05-13"),
    ]
    year = StatutoryYear(
        region="CN",
        year=2027,
        notice="国办发明电〔2026〕1号",
        off_days=frozenset(date(2027, 5, day) for day in (1, 2, 3, 4, 5)),
        work_days=frozenset(),
    )
    async with world.change() as session:
        await supply_year(session, COMMAND, year, now=world.now)
    (moved,) = [row for row in await world.ledger() if row.status != "pending"]
    assert (moved.offset, moved.status, moved.cause) == ("-1d", "superseded", "workdays")
    assert moved.reason == "it goes out on 2027-04-30: workdays or the rule about them changed"
    assert ("-1d", "2027-04-30") in await world.pending()


async def test_a_title_that_is_corrected_leaves_the_notices_alone(world: World) -> None:
    task = await world.milestone("2024-11-07")
    before = [(row.id, row.status) for row in await world.ledger()]
    await world.edit(task, title="改了名")
    async with world.database.read() as session:
        assert (await session.get_one(Milestone, task)).title == "改了名"
    assert [(row.id, row.status) for row in await world.ledger()] == before


async def test_a_change_that_fails_leaves_the_notices_as_they_were(world: World) -> None:
    task = await world.milestone("2024-11-07")

    async def fail() -> None:
        async with world.change() as session:
            row = await session.get_one(Milestone, task)
            row.title = "x"
            raise LookupError

    before = await world.told()
    with pytest.raises(LookupError):
        await fail()
    assert await world.told() == before
