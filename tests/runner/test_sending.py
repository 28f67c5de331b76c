"""The loop that delivers: real receivers on this machine, kind ones and hostile ones, and none harms another."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from service.kit.database import Session
from service.kit.errors import Unavailable
from service.runner import attempting, sending, sifting
from service.settings import Settings
from service.webhooks.actions.endpoints import targets
from service.webhooks.actions.settling import Finished, Settlement, settle
from service.webhooks.models import Attempt, Delivery
from service.webhooks.rules import stored
from service.webhooks.rules.formats.request import FormatName
from service.webhooks.rules.signature import verify
from service.webhooks.rules.words import Signing
from tests.kit.outbound.receivers import Line, polite, receiving, saying, silent
from tests.runner.office import PLENTY, Office
from tests.webhooks.world import REAL


def _ended(count: int) -> Callable[[Sequence[Delivery]], bool]:
    return lambda rows: sum(row.status == "delivered" for row in rows) == count


def _tried(endpoint: str) -> Callable[[Sequence[Delivery]], bool]:
    return lambda rows: all(row.tries and row.lease is None for row in rows if row.endpoint == endpoint)


async def test_what_arrives_is_what_was_kept_signed_for_its_receiver_at_this_very_moment(office: Office) -> None:
    async with receiving(polite) as receiver, office.delivering():
        await office.endpoint(receiver, headers={"X-Office": "law"}, numbered=True)
        await office.tasks(2)
        await office.until(_ended(2))
    seen = receiver.seen[0]
    assert seen.header("x-office") == ["law"]
    assert b'"sequence":1,"previous_sequence":null' in seen.body
    assert b'"url":"https://milepost.test/occurrences/' in seen.body
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    headers = {name: seen.header(name)[0] for name in names}
    events = {row.id for row in await office.post.events()}
    assert headers["webhook-id"] in events
    async with office.post.database.read() as session:
        ids = {row.endpoint for row in await office.post.deliveries()}
        found = await targets(session, ids, seals=office.gate.seals, now=office.gate.host_clock.now())
    (target,) = found.values()
    verified = verify(headers, seen.body, target.keys, now=office.gate.host_clock.now())
    assert verified.id == headers["webhook-id"]


@pytest.mark.parametrize("chosen", [each for each in FormatName if each is not FormatName.STANDARD])
async def test_every_format_goes_out_from_what_was_kept(office: Office, chosen: FormatName) -> None:
    says = b'HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{"errcode":0, "code": 0}'
    async with receiving(saying(says)) as receiver, office.delivering():
        await office.endpoint(receiver, format=chosen)
        await office.tasks()
        await office.until(_ended(1))
    assert "任务".encode() in receiver.seen[0].body or b"\\u4efb" in receiver.seen[0].body


async def test_one_that_hangs_holds_its_own_places_and_nobody_elses(office: Office) -> None:
    office.grace = 0.1
    async with receiving(silent) as hanging, receiving(polite) as kind:
        stuck = await office.endpoint(hanging, concurrency=2)
        await office.endpoint(kind)
        await office.tasks(12)
        async with office.delivering():
            rows = await office.until(_ended(12))
            mine = [row for row in rows if row.endpoint == stuck]
            assert sum(row.lease is not None for row in mine) == 2
    assert len(kind.seen) == 12
    assert len(hanging.seen) == 2


async def test_what_is_claimed_ahead_waits_for_its_place(office: Office) -> None:
    office.at_once = 3
    under_way, most, leased = 0, 0, 0

    async def counting(line: Line) -> None:
        nonlocal under_way, most, leased
        while True:
            await line.request()
            under_way += 1
            most = max(most, under_way)
            leased = max(leased, sum(row.lease is not None for row in await office.post.deliveries()))
            under_way -= 1
            await line.send(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with receiving(counting) as receiver:
        await office.endpoint(receiver, concurrency=50)
        await office.tasks(60)
        async with office.delivering():
            await office.until(_ended(60))
    assert most == 3
    assert leased > 3


async def test_where_they_hang_nothing_is_claimed_ahead(office: Office) -> None:
    office.at_once, office.grace = 3, 0.1
    arrived = asyncio.Semaphore(0)

    async def hangs(line: Line) -> None:
        await line.request()
        arrived.release()
        await line.hold()

    async with receiving(hangs) as hanging:
        await office.endpoint(hanging, concurrency=50)
        await office.tasks(20)
        async with office.delivering(), asyncio.timeout(PLENTY):
            for _ in range(3):
                await arrived.acquire()
            assert sum(row.lease is not None for row in await office.post.deliveries()) == 3


async def test_attempts_that_all_time_out_let_nothing_be_claimed_ahead(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "QUICK_MS", 50)
    office.at_once, office.deadline_s, office.grace = 6, 0.3, 0.1
    leased: list[int] = []

    async def counting(line: Line) -> None:
        await line.request()
        leased.append(sum(row.lease is not None for row in await office.post.deliveries()))
        await line.hold()

    async with receiving(counting) as hanging:
        for _ in range(6):
            await office.endpoint(hanging, concurrency=2)
        await office.tasks(4)
        async with office.delivering():
            await office.until(lambda rows: sum(row.tries > 0 for row in rows) > 12)
    assert max(leased) == 6


async def test_what_waited_too_long_for_its_turn_says_so_and_is_tried_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MOST_AGE", -1.0)
    async with receiving(polite) as receiver, office.delivering():
        endpoint = await office.endpoint(receiver)
        await office.tasks()
        (row,) = await office.until(_tried(endpoint))
    (attempt,) = await office.post.attempts()
    assert (attempt.outcome, attempt.reason) == ("failed", sending.NOT_SENT)
    assert (row.status, row.lease) == ("pending", None)
    assert row.next_at is not None
    assert (await office.post.standing(endpoint)).failures == 0
    assert receiver.seen == []


async def test_a_stop_ends_soon_and_gives_back_what_hangs(office: Office) -> None:
    office.grace, arrived = 0.1, asyncio.Event()

    async def hangs(line: Line) -> None:
        await line.request()
        arrived.set()
        await line.hold()

    async with receiving(hangs) as hanging, office.delivering():
        await office.endpoint(hanging)
        await office.tasks()
        async with asyncio.timeout(PLENTY):
            await arrived.wait()
        office.signals.stopping.set()
    (row,) = await office.post.deliveries()
    assert row.status == "pending"
    assert row.lease is not None
    assert row.next_at is not None


async def test_a_receivers_wish_is_read_from_its_answer(office: Office) -> None:
    says = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"ack":"stop"}'
    async with receiving(saying(says)) as receiver, office.delivering():
        await office.endpoint(receiver, types=["occurrence.*"])
        await office.post.milestone("2024-11-07")
        await office.post.policy("-7d -6d")
        office.post.real = office.gate.host_clock.now()
        await office.post.fire("2024-10-31T09:00")
        office.signals.deliveries.set()
        await office.until(_ended(1))
    await office.post.fire("2024-11-01T09:00")
    assert sorted(row.status for row in await office.post.deliveries()) == ["delivered", "superseded"]


async def test_an_endpoint_whose_secrets_cannot_be_read_fails_with_that_reason(office: Office) -> None:
    office.gate.settings = Settings(secret="another secret that is long enough for this", public_url="https://x.test")
    async with receiving(polite) as receiver, office.delivering():
        endpoint = await office.endpoint(receiver, signing=Signing.SYMMETRIC)
        await office.tasks()
        await office.until(_tried(endpoint))
    assert "secret" in (await office.attempt(endpoint)).reason
    assert receiver.seen == []


async def test_a_mistake_with_one_message_does_not_end_the_others(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    body_of, broken = stored.body_of, list[str]()

    def failing(message: str, *given: Any, **named: Any) -> bytes:
        if not broken:
            broken.append(message)
            raise RuntimeError("ours")
        return body_of(message, *given, **named)

    monkeypatch.setattr(attempting, "body_of", failing)
    async with receiving(polite) as receiver, office.delivering():
        await office.endpoint(receiver)
        await office.tasks(3)
        await office.until(_ended(2))
    assert len(receiver.seen) == 2
    assert {row.outcome for row in await office.post.attempts()} == {"delivered", "failed"}


async def test_what_cannot_even_be_claimed_is_put_aside_with_its_endpoint_and_the_others_are_served(
    office: Office,
) -> None:
    counted = office.gate.metrics.put_aside.labels("endpoint")
    before = counted._value.get()
    async with receiving(polite) as receiver:
        spoilt = await office.endpoint(receiver)
        await office.endpoint(receiver)
        await office.endpoint(receiver)
        await office.tasks(2)
        async with office.post.database.write() as session:
            # What no version of the service would write, and neither database refuses.
            nonsense = "tries = 'many'" if office.post.database.is_sqlite else "tries = 2147483647"
            statement = f"UPDATE delivery SET {nonsense} WHERE endpoint = '{spoilt}'"
            await (await session.connection()).exec_driver_sql(statement)
        async with office.delivering():
            await office.until(_ended(4))
            async with asyncio.timeout(PLENTY):
                while counted._value.get() == before:
                    office.settled.clear()
                    await office.settled.wait()
            async with office.post.database.read() as session:
                rows = await (await session.connection()).exec_driver_sql("SELECT endpoint, status FROM delivery")
                kept = [row.status for row in rows if row.endpoint == spoilt]
    assert kept == ["pending", "pending"]


async def test_a_claim_that_contradicts_what_is_there_is_put_aside_like_any_other(office: Office) -> None:
    counted = office.gate.metrics.put_aside.labels("endpoint")
    async with receiving(polite) as receiver:
        spoilt = await office.endpoint(receiver)
        await office.endpoint(receiver)
        await office.tasks(2)
        mine = [row.id for row in await office.post.deliveries() if row.endpoint == spoilt]
        async with office.post.database.write() as session:
            for delivery in mine:  # somebody has written their first attempts already
                session.add(
                    Attempt(
                        id=f"at_{delivery}", delivery=delivery, number=1, lease="", started_at=REAL, lease_until=REAL
                    )
                )
        async with office.delivering():
            await office.until(_ended(2))
            async with asyncio.timeout(PLENTY):
                while not counted._value.get():
                    office.settled.clear()
                    await office.settled.wait()
    assert all(row.tries == 0 for row in await office.post.deliveries() if row.id in mine)


async def test_where_everything_fails_there_is_a_pause_and_the_stop_ends_it(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = asyncio.Semaphore(0)

    async def failing(*_given: object, **_named: object) -> None:
        asked.release()
        raise RuntimeError("a column is missing")

    monkeypatch.setattr(sending, "claim", failing)
    monkeypatch.setattr(sifting, "MOST_ASIDE", 0)
    monkeypatch.setattr(sending, "LONG_PAUSE", 1.0)
    async with receiving(polite) as receiver:
        await office.endpoint(receiver)
        await office.tasks()
        async with office.delivering(), asyncio.timeout(PLENTY):
            while not any("nothing can be claimed" in line.getMessage() for line in caplog.records):
                await asked.acquire()
                await asyncio.sleep(0)
            before = asked._value
            await asyncio.sleep(0.2)
            assert asked._value == before
    assert receiver.seen == []


async def test_what_ended_is_kept_through_an_outage_also_where_it_is_settled_one_by_one(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    outages, settled = 2, []

    async def away(session: Session, finished: Sequence[Finished], **given: Any) -> Settlement:
        nonlocal outages
        if not finished[1:] and outages:
            outages -= 1
            raise Unavailable
        if finished[1:]:
            raise RuntimeError("not together")
        settled.append(finished[0].claimed.delivery)
        return await settle(session, finished, **given)

    monkeypatch.setattr(sending, "settle", away)
    monkeypatch.setattr(sending, "PAUSE", 0.01)
    async with receiving(polite) as receiver, office.delivering():
        await office.endpoint(receiver)
        await office.tasks(3)
        await office.until(_ended(3))
    assert len(receiver.seen) == len(settled) == 3
    assert outages == 0
