"""What is due goes out once, late or in time, and the ledger says how everything ended."""

from datetime import timedelta
from typing import Any

from service.journal.rules import Written
from service.milestones.models import OccurrenceUnit
from service.reminders.actions.firing import tally
from service.reminders.rules.ending import CATCH_UP, CatchUp
from service.reminders.rules.offsets import NoticeKind
from service.reminders.store.due import next_fire_at
from tests.reminders.world import World, at


async def _payloads(world: World) -> list[dict[str, Any]]:
    return [fact.after for fact in await world.notices() if fact.after is not None]


async def test_a_task_gets_its_notices_and_they_go_out_on_time(world: World) -> None:
    task = await world.milestone("2024-11-07")
    assert await world.pending(task) == [
        ("-30d", "2024-10-08"),
        ("-7d", "2024-10-31"),
        ("-1d", "2024-11-06"),
        ("0d", "2024-11-07"),
        ("+1d", "2024-11-08"),
        ("+7d", "2024-11-14"),
    ]
    for day in ("10-08", "10-31", "11-06", "11-07", "11-08", "11-14"):
        assert await world.tick(f"2024-{day}T08:59") == []
        (fired,) = await world.tick(f"2024-{day}T09:00")
        assert fired.lateness == timedelta(0)
        assert await world.tick() == []
    assert [fact.kind for fact in await world.notices()] == [
        *["occurrence.due_soon"] * 3,
        "occurrence.due",
        *["occurrence.overdue"] * 2,
    ]
    assert await world.pending() == []


async def test_a_fact_says_what_is_due_for_whom_and_why_it_went_out(world: World) -> None:
    task = await world.milestone("2024-11-07", roles={"demo.justice": "lead", "demo.water": "support"})
    await world.say(task, "in_progress")
    await world.tick("2024-10-31T09:02")
    (payload,) = await _payloads(world)  # of -30d and -7d the later
    assert payload["notice"] == {
        "firing": next(row.id for row in await world.ledger() if row.offset == "-7d"),
        "kind": "due_soon",
        "offset": "-7d",
        "due_version": 1,
        "scheduled_for": "2024-10-31T01:00:00Z",
        "fired_at": "2024-10-31T01:02:00Z",
        "lateness_s": 120.0,
        "days_left": 7,
        "time_zone": "Asia/Shanghai",
        "local_time": "regular",
        "next_at": "2024-11-06T01:00:00Z",
        "also": [],
    }
    assert payload["units"] == [
        {"code": "demo.justice", "role": "lead", "status": "in_progress"},
        {"code": "demo.water", "role": "support", "status": "pending"},
    ]
    expected = {"milestone": task, "plan": "demo-2024", "period": "2024-11-07", "due_on": "2024-11-07", "title": "任务"}
    assert {name: payload[name] for name in expected} == expected


async def test_a_firing_points_to_its_fact_and_the_fact_to_it(world: World) -> None:
    await world.milestone("2024-11-07")
    await world.tick("2024-11-06T09:00")
    (fact,) = await world.notices()
    (row,) = [row for row in await world.ledger() if row.status == "fired"]
    assert fact.after is not None
    assert (row.fact, row.id, row.ended_at) == (fact.id, fact.after["notice"]["firing"], world.now)
    assert (fact.actor, fact.subject, fact.jurisdiction) == ("service:milepost", row.occurrence, "demo")


async def test_what_the_answer_says_is_what_the_fact_says(world: World) -> None:
    roles = {"demo.justice": "lead", "demo.water": "support"}
    tasks = [
        await world.milestone({"value": "2024-11-07", "time": "17:30"}, roles=roles),
        await world.milestone("2024-11-07"),
    ]
    await world.edit(tasks[1], title='"引号"\\ \n\t\u2028 <&> 😀')
    await world.say(tasks[0], "in_progress")
    fired = await world.tick("2024-11-06T09:00", policy=dict(CATCH_UP) | {NoticeKind.DUE_SOON: CatchUp.DIGEST})
    told = [one.fact for one in fired if isinstance(one.fact, Written)]
    kept = await world.notices()
    assert [fact._asdict() for fact in told] == [fact.model_dump() for fact in kept]
    assert {fact.after["title"] for fact in kept if fact.after} == {"任务", '"引号"\\ \n\t\u2028 <&> 😀'}
    assert [len(fact.after["notice"]["also"]) for fact in kept if fact.after] == [2, 2]


async def test_after_a_long_rest_one_reminder_goes_out_and_the_others_say_why_not(world: World) -> None:
    await world.milestone("2024-11-07")
    fired = await world.tick("2024-11-06T15:00")
    assert await world.told() == [
        ("-30d", "2024-10-08", 1, "superseded overtaken"),
        ("-7d", "2024-10-31", 1, "superseded overtaken"),
        ("-1d", "2024-11-06", 1, "fired"),
        ("0d", "2024-11-07", 1, "pending"),
        ("+1d", "2024-11-08", 1, "pending"),
        ("+7d", "2024-11-14", 1, "pending"),
    ]
    assert tally(fired) == {("due_soon", "superseded"): 2, ("due_soon", "fired"): 1}
    assert {row.reason for row in await world.ledger() if row.cause == "overtaken"} == {"a later reminder overtook it"}


async def test_after_a_rest_across_the_due_date_its_notice_and_the_latest_overdue_go_out(world: World) -> None:
    await world.milestone("2024-11-07")
    await world.tick("2024-12-01T00:00")
    assert [how for *_, how in await world.told()] == [
        *["skipped passed"] * 3,
        "fired",
        "superseded overtaken",
        "fired",
    ]
    assert [payload["notice"]["days_left"] for payload in await _payloads(world)] == [-24, -24]


async def test_small_batches_end_the_same_way_as_one_large_one(world: World) -> None:
    tasks = [await world.milestone(f"2024-11-{day:02}") for day in (7, 8, 11)]
    world.set("2024-11-10T12:00")
    sizes = []
    while batch := await world.tick(limit=2):
        sizes.append(len(batch))
    assert set(sizes[:-1]) == {2}
    for task, fired in zip(tasks, (["0d", "+1d"], ["0d"], ["-1d"]), strict=True):
        assert [offset for offset, *_, how in await world.told(task) if how == "fired"] == fired


async def test_a_digest_tells_of_what_it_stands_for(world: World) -> None:
    await world.milestone("2024-11-07")
    policy = dict(CATCH_UP) | {NoticeKind.DUE_SOON: CatchUp.DIGEST}
    world.set("2024-11-06T15:00")
    for _ in range(3):
        await world.tick(limit=1, policy=policy)
    (payload,) = await _payloads(world)
    assert [each["offset"] for each in payload["notice"]["also"]] == ["-30d", "-7d"]
    assert [how for *_, how in await world.told()][:3] == ["superseded digest", "superseded digest", "fired"]


async def test_notices_that_rolling_puts_on_one_day_become_one(world: World) -> None:
    world.set("2024-09-01T08:00")
    await world.milestone("2024-10-08")  # -7d and -1d both fall into the October week, so on 30 September
    await world.tick("2024-09-30T09:00")
    assert [payload["notice"]["offset"] for payload in await _payloads(world)] == ["-1d"]


async def test_a_unit_that_joined_unseen_or_left_is_asked_for_at_the_last_moment(world: World) -> None:
    task = await world.milestone("2024-11-07", roles={"demo.justice": "lead", "demo.finance": "responsible"})
    await world.say(task, "submitted", "demo.justice")
    occurrence = await world.occurrence(task)
    async with world.database.write() as session:  # beside the service: nobody recorded it
        await session.delete(await session.get_one(OccurrenceUnit, (occurrence, "demo.finance")))
    (ended,) = await world.tick("2024-10-08T09:00")
    assert (ended.end.status, ended.end.cause, ended.fact) == ("cancelled", "finished", None)


async def test_overdue_is_told_only_while_somebody_has_not_finished(world: World) -> None:
    late, done = await world.milestone("2024-11-07"), await world.milestone("2024-11-07")
    await world.tick("2024-11-07T09:00")
    await world.say(done, "submitted")
    await world.tick("2024-11-08T09:00")
    overdue = [fact for fact in await world.notices() if fact.kind == "occurrence.overdue"]
    assert [fact.after["milestone"] for fact in overdue if fact.after] == [late]


async def test_a_clock_that_goes_back_repeats_nothing(world: World) -> None:
    task = await world.milestone("2024-11-07")
    await world.tick("2024-11-06T09:00")
    world.set("2024-10-20T09:00")
    assert await world.tick() == []
    await world.policy("-30d -7d -1d 0d +1d +7d +14d at 09:00")  # planned again, by a clock that is wrong
    await world.edit(task, status="cancelled")
    await world.edit(task, status="active")
    await world.tick("2024-11-06T09:00")
    assert [payload["notice"]["offset"] for payload in await _payloads(world)] == ["-1d"]
    await world.tick("2024-11-07T09:00")
    assert [payload["notice"]["offset"] for payload in await _payloads(world)] == ["-1d", "0d"]


async def test_the_ledger_is_never_without_a_reason(world: World) -> None:
    task = await world.milestone("2024-11-07")
    await world.tick("2024-10-08T09:00")
    await world.edit(task, due="2024-12-05")
    await world.say(task, "submitted")
    await world.say(task, "returned")
    await world.policy("-1d 0d", milestone=task)
    await world.tick("2025-01-01T09:00")
    for row in await world.ledger():
        assert (row.status == "pending") == (row.ended_at is None) == (not row.cause) == (not row.reason)
        assert (row.status == "fired") == (row.fact is not None)


async def test_the_next_instant_at_which_something_is_due_is_known(world: World) -> None:
    async with world.database.read() as session:
        assert await next_fire_at(session) is None
    await world.milestone("2024-11-07")
    async with world.database.read() as session:
        assert await next_fire_at(session) == at("2024-10-08T09:00")
    await world.tick("2024-10-08T09:00")
    async with world.database.read() as session:
        assert await next_fire_at(session) == at("2024-10-31T09:00")
