"""What attempts come to: for the delivery, for its endpoint, for what was acknowledged."""

from datetime import datetime, timedelta

import pytest

from service.journal.kinds import Kind
from service.webhooks.rules.acknowledgement import Ack, Acknowledgement
from service.webhooks.rules.backoff import MOST_TRIES
from service.webhooks.rules.health import State
from tests.webhooks.world import REAL, SECOND, Post, only

HOUR = timedelta(hours=1)


@pytest.fixture
async def endpoint(post: Post) -> str:
    """An endpoint with one delivery."""
    made = await post.endpoint(types=["milestone.created"])
    await _task(post)
    return made


async def _task(post: Post) -> None:
    await post.milestone("2024-11-07")
    await post.fan()


async def test_what_has_arrived_is_over(post: Post, endpoint: str) -> None:
    await post.end(post.answered(only(await post.claim()), 204, x_trace="7"))
    row, attempt = only(await post.deliveries()), only(await post.attempts())
    assert (row.status, row.reason, row.lease, row.next_at) == ("delivered", "answered 204", None, None)
    assert (attempt.outcome, attempt.status, attempt.response_headers) == ("delivered", 204, {"x-trace": "7"})
    assert (await post.standing(endpoint)).delivered_at == post.real
    assert await post.claim(after=timedelta(days=400)) == []


async def test_what_has_not_is_tried_by_the_schedule(post: Post, endpoint: str) -> None:
    waited = []
    for _ in range(4):
        await post.end(post.answered(only(await post.claim()), 404), after=timedelta())
        next_at = only(await post.deliveries()).next_at
        assert next_at is not None
        waited.append(next_at - post.real)
        post.real = next_at
    for wait, seconds in zip(waited, (5, 300, 1800, 7200), strict=True):
        assert 0.9 * seconds <= wait.total_seconds() <= 1.1 * seconds


async def test_after_the_last_try_it_is_held_and_not_lost(post: Post, endpoint: str) -> None:
    for _ in range(MOST_TRIES):
        await post.end(post.answered(only(await post.claim()), 429), after=timedelta())
        post.real = max(only(await post.deliveries()).next_at or post.real, await _throttled(post, endpoint))
    row = only(await post.deliveries())
    assert (row.status, row.tries, row.next_at) == ("held", MOST_TRIES, None)
    assert await post.claim(after=timedelta(days=9)) == []


async def test_retry_after_is_honoured_and_too_many_leaves_the_whole_endpoint_alone(post: Post, endpoint: str) -> None:
    one = only(await post.claim())
    await _task(post)
    await post.end(post.answered(one, 429, retry_after="120"))
    assert (await post.standing(endpoint)).throttled_until == post.real + timedelta(seconds=120)
    assert await post.claim(after=timedelta(seconds=110)) == []
    assert len(await post.claim(after=timedelta(seconds=11))) == 2


async def test_gone_disables_says_so_and_keeps_everything(post: Post, endpoint: str) -> None:
    await post.end(post.answered(only(await post.claim()), 410))
    standing = await post.standing(endpoint)
    assert (standing.state, standing.reason) == ("disabled", "answered 410: it wants no more messages")
    assert "endpoint.disabled" in await post.types()
    await _task(post)
    assert await post.claim(after=timedelta(days=2)) == []
    assert {row.status for row in await post.deliveries() if row.type == "milestone.created"} == {"pending"}


async def test_a_notice_moves_its_tries_towards_its_deadline_and_expires_there(post: Post) -> None:
    await post.endpoint(types=["occurrence.due_soon"])
    await post.policy("-2d -1d")
    await post.milestone("2024-11-07")
    await post.fire("2024-11-05T09:00")
    deadline = REAL + timedelta(days=1)
    tries, post.real = 0, deadline - timedelta(minutes=2)
    while (row := only(await post.deliveries())).next_at is not None:
        post.real = max(row.next_at, post.real)
        for one in await post.claim(after=timedelta()):
            tries += 1
            await post.end(post.answered(one, 404), after=timedelta())
    assert (row.status, row.reason) == ("expired", "a later notice says it better")
    assert tries > 3
    assert post.real <= deadline + SECOND


async def _throttled(post: Post, endpoint: str) -> datetime:
    until = (await post.standing(endpoint)).throttled_until
    return max(until or post.real, post.real)


async def test_long_failure_warns_then_holds_then_probes_and_what_was_held_is_sent(post: Post, endpoint: str) -> None:
    await _fail_until(post, endpoint, State.FAILING)
    assert (await post.types()).count("endpoint.failing") == 1
    await _fail_until(post, endpoint, State.HELD)
    held = await post.standing(endpoint)
    assert held.held_since is not None
    assert held.probe_at is not None
    await _task(post)
    await _task(post)
    assert await post.claim(after=SECOND) == []
    post.real = held.probe_at
    probe = only(await post.claim())
    assert (await post.standing(endpoint)).state == "probing"
    assert await post.claim() == [], "one at a time"
    await post.end(post.answered(probe))
    assert (await post.standing(endpoint)).state == "healthy"
    while claimed := await post.claim(after=timedelta(minutes=1)):
        await post.end(*(post.answered(one) for one in claimed))
    mine = {row.status for row in await post.deliveries() if row.endpoint == endpoint}
    assert mine == {"delivered"}


async def _fail_until(post: Post, endpoint: str, state: State) -> None:
    """Answer 500 to everything, and see to it that there is something every hour."""
    for _ in range(60):
        if (await post.standing(endpoint)).state == state:
            return
        await _task(post)
        for one in await post.claim(after=HOUR):
            await post.end(post.answered(one, 500))
    raise AssertionError(f"it never was {state}")


async def test_a_probe_whose_worker_died_is_followed_by_another(post: Post, endpoint: str) -> None:
    await _fail_until(post, endpoint, State.HELD)
    probe_at = (await post.standing(endpoint)).probe_at
    assert probe_at is not None
    post.real = probe_at
    first = only(await post.claim())
    second = only(await post.claim(after=timedelta(minutes=1)))
    assert second.attempt != first.attempt
    assert (await post.standing(endpoint)).state == "probing"


@pytest.mark.parametrize("wish", (Ack.HANDLED, Ack.STOP, Ack.SNOOZE))
async def test_an_acknowledgement_ends_what_is_already_waiting(post: Post, wish: Ack) -> None:
    endpoint = await post.endpoint(types=["occurrence.*"], concurrency=1)
    other = await post.endpoint(types=["occurrence.*"], concurrency=1)
    await post.milestone("2024-11-07")
    await post.policy("-2d 0d")
    await post.fire("2024-11-05T09:00")
    claimed = {one.endpoint: one for one in await post.claim()}
    await post.fire("2024-11-07T09:00")
    until = (post.now + timedelta(days=9)).date() if wish is Ack.SNOOZE else None
    await post.end(post.answered(claimed[endpoint], 200, Acknowledgement(wish, until)))
    due = {row.endpoint: row.status for row in await post.deliveries() if row.type == "occurrence.due"}
    assert due == {endpoint: "superseded", other: "pending"}


async def test_facts_of_endpoints_are_recorded_with_what_others_are_told(post: Post, endpoint: str) -> None:
    await post.end(post.answered(only(await post.claim()), 410))
    row = next(row for row in await post.events() if row.type == Kind.ENDPOINT_DISABLED)
    assert f'"endpoint":"{endpoint}"' in row.message
    assert '"host":"127.0.0.1"' in row.message
    assert '"held":1' in row.message
