"""Digests and checkpoints: at their instants, once, and the same again after a crash."""

from datetime import date, time, timedelta

import pytest
from sqlmodel import select

from service.webhooks.actions.clockwork import tell_the_time
from service.webhooks.models import Endpoint, EndpointStanding, WebhookEvent
from service.webhooks.rules.events import Checkpoint, Digest, EventType
from service.webhooks.rules.filters import Filter
from service.webhooks.rules.stored import event_of
from service.webhooks.store.clockwork import next_firing
from tests.fixtures.explained import explained
from tests.reminders.world import at
from tests.webhooks.world import Post, only


async def _tell(post: Post, text: str) -> int:
    post.set(text)
    async with post.change() as session:
        return await tell_the_time(session, now=post.now, zone="Asia/Shanghai")


async def _made(post: Post, event_type: EventType) -> list[WebhookEvent]:
    return [row for row in await post.events() if row.type == event_type]


async def test_a_day_comes_in_one_message_at_its_hour_and_what_waited_is_told(post: Post) -> None:
    endpoint = await post.endpoint(types=["occurrence.*"], rhythm="daily")
    for _ in range(3):
        await post.milestone("2024-11-07")
    await post.policy("-7d")
    await _tell(post, "2024-10-31T08:30")
    await post.fire("2024-10-31T09:00")
    assert await _tell(post, "2024-11-01T08:29") == 0
    assert {row.status for row in await post.deliveries()} == {"waiting"}
    assert await _tell(post, "2024-11-01T08:30") == 1
    row = only(await _made(post, EventType.ENDPOINT_DIGEST))
    about = event_of(row.id, row.message).about
    assert isinstance(about, Digest)
    assert (about.total, about.from_on, row.number, row.endpoint) == (3, date(2024, 11, 1), None, endpoint)
    assert {entry.days_left for entry in about.entries} == {6}
    states = [status for kind, status in await post.states() if kind == "occurrence.due_soon"]
    assert states == ["digested"] * 3
    assert [status for kind, status in await post.states() if kind == "endpoint.digest"] == ["pending"]
    assert (await post.standing(endpoint)).digest_at == at("2024-11-02T08:30")
    assert await _tell(post, "2024-11-01T08:31") == 0


async def test_who_moves_the_hour_of_a_digest_that_was_sent_gets_another_on_the_same_day(post: Post) -> None:
    endpoint = await post.endpoint(types=["milestone.created"], rhythm="daily")
    for hour in ("08:30", "10:00"):
        await post.milestone("2024-11-07")
        await post.fan()
        async with post.change() as session:
            row, standing = await session.get_one(Endpoint, endpoint), await session.get_one(EndpointStanding, endpoint)
            row.digest_at, standing.digest_at = time.fromisoformat(hour), at(f"2024-10-02T{hour}")
        assert await _tell(post, f"2024-10-02T{hour}") == 1
    assert len(await _made(post, EventType.ENDPOINT_DIGEST)) == 2


async def test_a_quiet_day_sends_nothing(post: Post) -> None:
    await post.endpoint(types=["occurrence.*"], rhythm="daily")
    assert await _tell(post, "2024-10-02T08:30") == 1
    assert await _made(post, EventType.ENDPOINT_DIGEST) == []


async def test_after_a_rest_one_digest_tells_what_all_would_have(post: Post) -> None:
    endpoint = await post.endpoint(types=["occurrence.*"], rhythm="daily")
    await post.milestone("2024-11-07")
    await post.fire("2024-10-31T09:00")
    await _tell(post, "2024-11-04T12:00")
    row = only(await _made(post, EventType.ENDPOINT_DIGEST))
    about = event_of(row.id, row.message).about
    assert isinstance(about, Digest)
    assert about.from_on == date(2024, 11, 4)
    assert (await post.standing(endpoint)).digest_at == at("2024-11-05T08:30")


async def test_who_dies_in_the_midst_makes_the_same_message_again(post: Post) -> None:
    await post.endpoint(types=["occurrence.*"], rhythm="weekly")
    await post.milestone("2024-11-07")
    await post.fire("2024-10-31T09:00")
    post.set("2024-11-04T08:30")

    class Died(BaseException):
        pass

    lost: list[str] = []

    async def die() -> None:
        async with post.change() as session:
            await tell_the_time(session, now=post.now, zone="Asia/Shanghai")
            query = select(WebhookEvent.id).where(WebhookEvent.type == EventType.ENDPOINT_DIGEST.value)
            lost.extend(await session.exec(query))
            raise Died

    with pytest.raises(Died):
        await die()
    assert await _made(post, EventType.ENDPOINT_DIGEST) == []
    await _tell(post, "2024-11-04T08:45")
    assert [row.id for row in await _made(post, EventType.ENDPOINT_DIGEST)] == lost


async def test_what_is_finished_before_the_digest_is_not_in_it(post: Post) -> None:
    await post.endpoint(types=["occurrence.*"], rhythm="daily")
    task = await post.milestone("2024-11-07")
    await post.fire("2024-10-31T09:00")
    await post.say(task, "submitted")
    await _tell(post, "2024-11-01T08:30")
    assert await _made(post, EventType.ENDPOINT_DIGEST) == []
    assert [status for _, status in await post.states()] == ["superseded"]


async def test_a_checkpoint_says_what_should_be_there_and_what_comes(post: Post) -> None:
    endpoint = await post.endpoint(types=["occurrence.*"], numbered=True, checkpoint=True, units=["demo.justice"])
    await post.milestone("2024-11-07")
    done = await post.milestone("2024-11-07")
    await post.milestone("2024-11-07", roles={"demo.finance": "lead"})
    await post.policy("-7d 0d +1d")
    await post.fire("2024-10-31T09:00")
    await post.end(*(post.answered(one) for one in await post.claim()))
    await post.say(done, "submitted")
    await post.fan()
    assert await _tell(post, "2024-11-07T08:30") == 1
    row = only(await _made(post, EventType.ENDPOINT_CHECKPOINT))
    about = event_of(row.id, row.message).about
    assert isinstance(about, Checkpoint)
    assert (about.last_sequence, about.due_today, about.waiting) == (2, 1, 0)
    assert about.next_at == at("2024-11-07T09:00")
    assert (await post.standing(endpoint)).checkpoint_at == at("2024-11-08T08:30")
    await _tell(post, "2024-11-07T23:00")
    assert len(await _made(post, EventType.ENDPOINT_CHECKPOINT)) == 1
    assert timedelta(0) < at("2024-11-08T08:30") - post.now


async def test_the_next_notice_is_looked_for_among_those_that_are_pending_alone(post: Post) -> None:
    for _ in range(20):
        await post.milestone("2024-11-07")
    plan = await explained(post.database, lambda session: next_firing(session, Filter(), ("due_soon",)))
    assert "pending_firing" in plan, plan
