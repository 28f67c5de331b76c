"""Whoever claims has it alone, as much as an endpoint bears, whoever waited longest first."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlmodel import update

from service.gate.transaction import change
from service.kit.database import Database
from service.kit.errors import Conflict
from service.webhooks.actions.claiming import LEASE, check_lease, claim
from service.webhooks.models import Delivery
from tests.webhooks.world import SECOND, Post, only

MINUTE = timedelta(minutes=1)


async def _tasks(post: Post, count: int) -> None:
    for _ in range(count):
        await post.milestone("2024-11-07")
    await post.fan()


async def test_replicas_that_claim_at_once_take_everything_once_and_never_more_than_the_cap(post: Post) -> None:
    endpoints = [await post.endpoint(types=["milestone.created"], concurrency=5) for _ in range(4)]
    await _tasks(post, 8)
    replicas = [Database(post.database.url.render_as_string(hide_password=False)) for _ in range(4)]

    async def take(database: Database) -> list[tuple[str, str]]:
        async with change(database, now=post.now) as session:
            found = await claim(session, limit=100, now=post.real + MINUTE)
        return [(one.endpoint, one.delivery) for one in found.taken]

    try:
        found = [one for some in await asyncio.gather(*(take(each) for each in replicas * 2)) for one in some]
    finally:
        for each in replicas:
            await each.close()
    assert len({delivery for _, delivery in found}) == len(found)
    assert max(Counter(endpoint for endpoint, _ in found).values()) == 5
    post.real += MINUTE
    rest = await post.claim()
    taken = Counter(endpoint for endpoint, _ in found) + Counter(one.endpoint for one in rest)
    assert taken == Counter(dict.fromkeys(endpoints, 5))


async def test_who_was_served_the_longest_ago_comes_first(post: Post) -> None:
    endpoints = [await post.endpoint(types=["milestone.created"], concurrency=1) for _ in range(3)]
    await _tasks(post, 4)
    order = []
    for _ in range(6):
        one = only(await post.claim(1, after=MINUTE))
        await post.end(post.answered(one))
        order.append(one.endpoint)
    assert sorted(order[:3]) == sorted(endpoints)
    assert order[3:] == order[:3]


async def test_within_an_endpoint_the_oldest_goes_first(post: Post) -> None:
    await post.endpoint(types=["milestone.created"], concurrency=8)
    await _tasks(post, 5)
    facts = {row.id: row.number for row in await post.events()}
    numbers = [facts[one.event] for one in await post.claim(3, after=MINUTE)]
    assert numbers == [2, 3, 4]


async def test_a_rate_is_kept_whoever_asks(post: Post) -> None:
    await post.endpoint(types=["milestone.created"], concurrency=50, per_minute=20)
    await _tasks(post, 30)
    taken = 0
    for _ in range(60):
        found = await post.claim(after=timedelta(seconds=1))
        taken += len(found)
        if found:
            await post.end(*(post.answered(one) for one in found), after=timedelta())
    assert taken == 20


async def test_what_nobody_settles_comes_up_again_when_its_lease_ends(post: Post) -> None:
    await post.endpoint(types=["milestone.created"])
    await _tasks(post, 1)
    first = only(await post.claim(after=MINUTE))
    assert await post.claim(after=LEASE - SECOND) == []
    second = only(await post.claim())
    assert (second.delivery, second.event, second.tries) == (first.delivery, first.event, 2)
    assert [row.outcome for row in await post.attempts()] == ["abandoned", None]


async def test_a_late_settlement_changes_nothing_but_its_own_attempt(post: Post) -> None:
    endpoint = await post.endpoint(types=["milestone.created"])
    await _tasks(post, 1)
    first = only(await post.claim(after=MINUTE))
    second = only(await post.claim(after=LEASE))
    late = await post.end(post.answered(first, 410))
    assert (late.settled, late.late) == (0, 1)
    row = only(await post.deliveries())
    assert (row.status, row.lease) == ("pending", second.lease)
    assert (await post.standing(endpoint)).state == "healthy"
    assert [row.status for row in await post.attempts()] == [410, None]
    await post.end(post.answered(second))
    assert only(await post.deliveries()).status == "delivered"


async def test_a_lease_that_has_passed_is_over_although_nobody_took_it(post: Post) -> None:
    await post.endpoint(types=["milestone.created"])
    await _tasks(post, 1)
    one = only(await post.claim(after=MINUTE))
    late = await post.end(post.answered(one), after=LEASE)
    assert (late.settled, only(await post.deliveries()).status) == (0, "pending")


async def test_numbers_are_given_at_the_first_try_and_stay(post: Post) -> None:
    await post.endpoint(types=["milestone.created"], numbered=True, concurrency=1)
    await _tasks(post, 3)
    first = only(await post.claim(after=MINUTE))
    assert first.position is not None
    assert (first.position.number, first.position.previous) == (1, None)
    await post.end(post.answered(first, 500))
    second = only(await post.claim())
    assert second.position is not None
    assert (second.position.number, second.position.previous) == (2, 1)
    await post.end(post.answered(second))
    third = only(await post.claim())
    await post.end(post.answered(third))
    again = only(await post.claim(after=MINUTE))
    assert (again.delivery, again.position) == (first.delivery, first.position)


async def test_an_endpoint_gets_no_number_twice_and_as_many_without_one_as_there_are(post: Post) -> None:
    await post.endpoint(types=["milestone.created"], numbered=True)
    await _tasks(post, 3)
    await post.claim(1, after=MINUTE)
    assert sorted(row.sequence or 0 for row in await post.deliveries()) == [0, 0, 1]
    with pytest.raises(Conflict):
        async with post.change() as session:
            await session.exec(update(Delivery).values(sequence=1))


async def test_what_a_later_notice_says_better_expires_instead_of_being_sent(post: Post) -> None:
    await post.endpoint(types=["occurrence.due_soon"])
    await post.policy("-2d -1d")
    await post.milestone("2024-11-07")
    await post.fire("2024-11-05T09:00")
    found = await post.claim_all(after=timedelta(days=1))
    assert (list(found.taken), found.left) == ([], True)
    row = only(await post.deliveries())
    assert (row.status, row.reason) == ("expired", "a later notice says it better")


@pytest.mark.parametrize("how", ("paused", "retired"))
async def test_nothing_is_claimed_for_an_endpoint_that_is_paused_or_gone(post: Post, how: str) -> None:
    endpoint = await post.endpoint(types=["milestone.created"])
    await _tasks(post, 1)
    await post.alter(endpoint, **({"paused": True} if how == "paused" else {"retired_at": post.now}))
    assert await post.claim(after=MINUTE) == []


async def test_one_that_only_fails_is_tried_one_at_a_time(post: Post) -> None:
    await post.endpoint(types=["milestone.created"], concurrency=4)
    await _tasks(post, 12)
    first = await post.claim(after=MINUTE)
    assert len(first) == 4
    await post.end(*(post.hung(one) for one in first))
    assert len(await post.claim()) == 1


def test_a_lease_that_could_end_before_its_attempt_is_refused_at_the_start() -> None:
    check_lease()
    with pytest.raises(ValueError, match="too short"):
        check_lease(lease=timedelta(seconds=20))
