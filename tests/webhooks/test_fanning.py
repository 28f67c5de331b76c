"""Events get their numbers and their deliveries: gapless, in the order of commits, to whoever wants them."""

import asyncio
from datetime import timedelta

import pytest

from service.gate.transaction import change
from service.kit.database import Database, Session
from service.reminders.actions.firing import fire_due
from service.webhooks.actions.endpoints import Listeners
from service.webhooks.actions.fanning import fan_out, hold_events
from service.webhooks.rules.acknowledgement import Ack, Acknowledgement
from service.webhooks.rules.events import EventType
from service.webhooks.store import events as event_store
from tests.reminders.world import at
from tests.webhooks.world import REAL, Post, only


async def test_everybody_gets_what_the_filter_asks_for_and_nothing_else(post: Post) -> None:
    all_of_it = await post.endpoint(types=["*"])
    finance = await post.endpoint(units=["demo.finance"])
    notices = await post.endpoint(types=["occurrence.*"], roles=["lead"])
    await post.milestone("2024-11-07")
    await post.milestone("2024-11-07", roles={"demo.finance": "lead"})
    await post.fire("2024-10-31T09:00")
    got = {id: [row.type for row in await post.deliveries() if row.endpoint == id] for id in (finance, notices)}
    assert sorted(got[finance]) == ["milestone.created", "occurrence.due_soon"]
    assert got[notices] == ["occurrence.due_soon"] * 2
    numbered = {row.id for row in await post.events() if row.number and row.type != "plan.published"}
    assert {row.event for row in await post.deliveries() if row.endpoint == all_of_it} == numbered


async def test_a_firings_end_its_event_and_its_deliveries_are_one_transaction(post: Post) -> None:
    await post.endpoint(types=["occurrence.due_soon"])
    await post.milestone("2024-11-07")
    await post.fan()
    post.set("2024-10-31T09:00")

    class Died(BaseException):
        pass

    async def die(session: Session) -> None:
        await fan_out(session, now=post.now)
        raise Died

    with pytest.raises(Died):
        async with change(post.database, now=post.now, lastly=die) as session:
            await fire_due(session, now=post.now)
    assert "occurrence.due_soon" not in await post.types()
    assert await post.deliveries() == []
    assert ("-7d", "2024-10-31") in await post.pending()


async def test_what_a_transaction_holds_is_numbered_behind_what_waited(post: Post) -> None:
    await post.endpoint(types=["*"])
    await post.fan()
    await post.milestone("2024-11-07")
    post.set("2024-10-31T09:00")
    waited: list[int] = []

    async def lastly(session: Session) -> None:
        waited.append(await fan_out(session, now=post.now, real=post.real))

    async with change(post.database, now=post.now, lastly=lastly) as session:
        hold_events(session)
        (fact,) = [one.fact for one in await fire_due(session, now=post.now) if one.fact]
    created, notice = [row for row in await post.events() if row.type != "plan.published"]
    assert waited == [1]
    assert (created.type, notice.type) == ("milestone.created", "occurrence.due_soon")
    assert notice.number == (created.number or 0) + 1
    assert notice.fanned_out_at == created.fanned_out_at == post.now
    assert notice.fact == fact.id
    assert [row.event for row in await post.deliveries()] == [created.id, notice.id]
    assert await post.fan() == 0


@pytest.mark.parametrize("waiting", (0, 2))
async def test_who_begins_to_listen_before_the_numbers_are_given_hears_of_it_and_everybody_once(
    post: Post, monkeypatch: pytest.MonkeyPatch, waiting: int
) -> None:
    if post.database.is_sqlite:
        pytest.skip("a writer is alone there")
    first = await post.endpoint(types=["occurrence.*"])
    await post.milestone("2024-11-07")
    await post.fan()
    post.set("2024-10-31T09:00")
    lock, others = event_store.lock_counter, list[str]()

    async def meanwhile(session: Session) -> int:
        if not others:
            others.append("")
            others[0] = await post.endpoint(types=["occurrence.due_soon"])
            for _ in range(waiting):
                await post.milestone("2025-11-07")
        return await lock(session)

    monkeypatch.setattr(event_store, "lock_counter", meanwhile)

    async def lastly(session: Session) -> None:
        await fan_out(session, now=post.now, real=post.real, limit=waiting or 1_000, listeners=Listeners())

    async with change(post.database, now=post.now, lastly=lastly) as session:
        hold_events(session)
        await fire_due(session, now=post.now)
    while await post.fan():
        pass
    events = [row for row in await post.events() if row.type == "occurrence.due_soon"]
    assert [row.number is not None for row in events] == [True]
    got = [(row.event, row.endpoint) for row in await post.deliveries() if row.type == "occurrence.due_soon"]
    assert sorted(got) == sorted((only(events).id, endpoint) for endpoint in (first, *others))


async def test_many_who_fan_out_at_once_number_without_gaps_and_in_the_order_of_facts(post: Post) -> None:
    await post.endpoint(types=["milestone.*"])
    for _ in range(12):
        await post.milestone("2024-11-07")
    replicas = [Database(post.database.url.render_as_string(hide_password=False)) for _ in range(3)]

    async def fan(database: Database) -> int:
        async with change(database, now=post.now) as session:
            return await fan_out(session, now=post.now, limit=5)

    try:
        counts = [await asyncio.gather(*(fan(each) for each in replicas)) for _ in range(2)]
    finally:
        for each in replicas:
            await each.close()
    assert sum(map(sum, counts)) == 12
    assert [row.number for row in await post.events()] == list(range(1, 14))
    assert len(await post.deliveries()) == 12


async def test_who_was_told_of_the_old_date_hears_of_the_new_one_whatever_types_it_asks_for(post: Post) -> None:
    told = await post.endpoint(types=["occurrence.due_soon"])
    untold = await post.endpoint(types=["occurrence.overdue"])
    task = await post.milestone("2024-11-07")
    await post.fire("2024-10-31T09:00")
    await post.end(post.answered(only(await post.claim())))
    await post.edit(task, due="2024-11-14")
    await post.fan()
    moved = [row.endpoint for row in await post.deliveries() if row.type == "occurrence.rescheduled"]
    assert moved == [told]
    assert untold not in moved


async def test_an_endpoint_with_a_rhythm_waits_except_for_what_concerns_the_channel(post: Post) -> None:
    await post.endpoint(types=["*"], rhythm="daily")
    await post.milestone("2024-11-07")
    await post.fire("2024-10-31T09:00")
    assert {row.status for row in await post.deliveries()} == {"waiting"}


async def test_what_a_receiver_does_not_want_to_hear_is_recorded_and_not_sent(post: Post) -> None:
    endpoint = await post.endpoint(types=["occurrence.*"])
    tasks = [await post.milestone("2024-11-07") for _ in range(3)]
    await post.policy("-7d -6d 0d")
    await post.fire("2024-10-31T09:00")
    wishes = [
        Acknowledgement(Ack.HANDLED),
        Acknowledgement(Ack.STOP),
        Acknowledgement(Ack.SNOOZE, at("2024-11-07T00:00", "UTC").date()),
    ]
    claimed = {one.milestone: one for one in await post.claim()}
    await post.end(*(post.answered(claimed[task], 200, wish) for task, wish in zip(tasks, wishes, strict=True)))
    await post.fire("2024-11-01T09:00")
    reasons = {row.milestone: row.reason for row in await post.deliveries() if row.status == "superseded"}
    assert [reasons[task] for task in tasks] == [
        "the receiver has handled it",
        "the receiver wants no reminders of it",
        "the receiver wants no reminders of it before 2024-11-07",
    ]
    await post.fire("2024-11-07T09:00")
    due = {row.milestone: row.status for row in await post.deliveries() if row.type == "occurrence.due"}
    assert [due[task] for task in tasks] == ["superseded", "superseded", "pending"]
    assert endpoint


async def test_the_wish_of_one_endpoint_is_not_that_of_another(post: Post) -> None:
    first = await post.endpoint(types=["occurrence.*"])
    await post.endpoint(types=["occurrence.*"])
    await post.milestone("2024-11-07")
    await post.policy("-7d -6d")
    await post.fire("2024-10-31T09:00")
    claimed = {one.endpoint: one for one in await post.claim()}
    await post.end(post.answered(claimed[first], 200, Acknowledgement(Ack.STOP)))
    await post.fire("2024-11-01T09:00")
    found = {row.endpoint: row.status for row in await post.deliveries() if row.status in ("superseded", "pending")}
    assert found.pop(first) == "superseded"
    assert set(found.values()) == {"pending"}


async def test_listeners_that_are_kept_hear_of_an_endpoint_that_changed_elsewhere(post: Post) -> None:
    listeners = Listeners()
    endpoint = await post.endpoint(types=["milestone.created"])
    await post.milestone("2024-11-07")
    await post.fan(listeners=listeners)
    await post.alter(endpoint, types=["plan.*"])
    await post.milestone("2024-11-07")
    await post.fan(listeners=listeners)
    assert len(await post.deliveries()) == 1


async def test_under_a_simulated_clock_a_deadline_is_translated_into_real_time(post: Post) -> None:
    await post.endpoint(types=["occurrence.due_soon"])
    await post.milestone("2024-11-07")
    await post.policy("-2d -1d")
    await post.tick("2024-11-05T09:00")
    await post.fan(speed=3600)
    row = only(await post.deliveries())
    assert row.not_after == REAL + timedelta(seconds=24)
    assert timedelta() <= row.next_at - REAL < timedelta(seconds=1)


async def test_under_a_clock_that_stands_nothing_is_ever_too_late(post: Post) -> None:
    await post.endpoint(types=["occurrence.due_soon"])
    await post.milestone("2024-11-07")
    await post.policy("-2d -1d")
    await post.tick("2024-11-05T09:00")
    await post.fan(speed=0)
    assert only(await post.deliveries()).not_after is None


async def test_an_endpoint_does_not_hear_of_its_own_failure(post: Post) -> None:
    failing = await post.endpoint(types=["milestone.created", "endpoint.*"])
    watching = await post.endpoint(types=["endpoint.*"])
    await post.milestone("2024-11-07")
    await post.fan()
    await post.end(post.answered(only(await post.claim()), 410))
    await post.fan()
    found = {row.endpoint: row.status for row in await post.deliveries() if row.type == EventType.ENDPOINT_DISABLED}
    assert found == {failing: "superseded", watching: "pending"}
