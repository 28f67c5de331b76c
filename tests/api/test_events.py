"""`/api/v1/events`: what others hear of, in the order of its numbers, asked for and waited for."""

import asyncio
import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy.pool import QueuePool

from service.app import Milepost, create_app
from service.gate.news import News
from service.kit.database import Database, Session
from service.settings import Settings
from service.webhooks.models import EventCounter, WebhookEvent
from service.webhooks.rules.events import EventType
from service.webhooks.rules.examples import example
from service.webhooks.rules.stored import text_of
from tests.conftest import ADMIN_KEY, client
from tests.flows.desk import API, Desk, paths

EVENTS = f"{API}/events"
AT = datetime(2024, 10, 8, tzinfo=UTC)
KINDS = (EventType.OCCURRENCE_DUE, EventType.MILESTONE_UPDATED, EventType.OCCURRENCE_OVERDUE)


async def _number(database: Database, *types: EventType, first: int = 1, **columns: Any) -> None:
    """Number some events, as fan-out does."""
    async with database.write() as session:
        for number, event_type in enumerate(types, start=first):
            session.add(_event(event_type, number, **columns))
        await _count(session, first + len(types) - 1)


def _event(event_type: EventType, number: int, **columns: Any) -> WebhookEvent:
    given = {"jurisdiction": "a", "plan": "p"} | columns
    return WebhookEvent(
        id=f"evt_{number}",
        number=number,
        type=event_type.value,
        at=AT,
        message=text_of(example(event_type)).replace("https://milepost.example/", "/"),
        created_at=AT,
        fanned_out_at=AT,
        **given,
    )


async def _count(session: Session, last: int) -> None:
    await session.merge(EventCounter(name="event", last=last))


def _numbers(answer: httpx.Response) -> Sequence[int]:
    assert answer.status_code == 200, answer.text
    return [each["number"] for each in answer.json()["items"]]


@pytest.mark.both
async def test_events_come_in_the_order_of_their_numbers_with_the_whole_message(
    api: httpx.AsyncClient, database: Database
) -> None:
    assert (await api.get(EVENTS)).json() == {"items": [], "next": 0}
    await _number(database, *KINDS)
    answer = await api.get(EVENTS)
    assert (_numbers(answer), answer.json()["next"]) == ([1, 2, 3], 3)
    first = answer.json()["items"][0]
    assert (first["id"], first["type"], first["message"]["type"]) == ("evt_1", "occurrence.due", "occurrence.due")
    assert first["message"]["data"]["occurrence"]["url"].startswith("https://milepost.test/occurrences/")
    assert (await api.get(f"{EVENTS}/evt_1")).json() == first
    assert (await api.get(f"{EVENTS}/evt_9")).status_code == 404


@pytest.mark.both
async def test_who_asks_from_next_to_next_misses_nothing(api: httpx.AsyncClient, database: Database) -> None:
    await _number(database, *KINDS)
    page = await api.get(EVENTS, params={"limit": 2})
    assert (_numbers(page), page.json()["next"]) == ([1, 2], 2)
    page = await api.get(EVENTS, params={"limit": 2, "after": 2})
    assert (_numbers(page), page.json()["next"]) == ([3], 3)
    ahead = await api.get(EVENTS, params={"after": 4})
    assert (ahead.status_code, paths(ahead)) == (404, ["after"])


async def test_types_narrow_what_comes_and_not_where_it_goes_on(api: httpx.AsyncClient, database: Database) -> None:
    await _number(database, *KINDS)
    answer = await api.get(EVENTS, params={"types": ["occurrence.*"], "limit": 2})
    assert (_numbers(answer), answer.json()["next"]) == ([1, 3], 3)
    answer = await api.get(EVENTS, params={"types": ["plan.*"]})
    assert (_numbers(answer), answer.json()["next"]) == ([], 3)
    wrong = await api.get(EVENTS, params={"types": ["plan.*", "nothing.*"]})
    assert (wrong.status_code, paths(wrong)) == (422, ["types.1"])


async def test_a_key_sees_what_belongs_to_its_jurisdiction(
    api: httpx.AsyncClient, app: Milepost, database: Database
) -> None:
    desk = Desk(api)
    for code, parent in (("a", None), ("a-town", "a"), ("b", None)):
        await desk.make("jurisdictions", code=code, name=code, parent=parent)
    await _number(database, KINDS[0], jurisdiction="a-town")
    await _number(database, KINDS[1], first=2, jurisdiction="b")
    key = await desk.make("keys", name="office", scopes=["read"], jurisdiction="a")
    async with client(app, key["key"]) as bound:
        answer = await bound.get(EVENTS)
        assert (_numbers(answer), answer.json()["next"]) == ([1], 2)
        assert (await bound.get(f"{EVENTS}/evt_2")).status_code == 404


async def test_anybody_sees_public_plans_and_nothing_else(
    api: httpx.AsyncClient, app: Milepost, database: Database
) -> None:
    desk = Desk(api)
    await desk.town()
    for slug, visibility in (("open", "public"), ("closed", "private")):
        await desk.plan(slug, visibility=visibility, status="published")
    await _number(database, KINDS[0], plan="open")
    await _number(database, KINDS[0], first=2, plan="closed")
    await _number(database, EventType.ENDPOINT_FAILING, first=3, plan=None)
    async with client(app) as nobody:
        assert (await nobody.get(EVENTS)).status_code == 401
        app.state.gate.settings = _open(app)
        assert _numbers(await nobody.get(EVENTS)) == [1]
        assert (await nobody.get(f"{EVENTS}/evt_2")).status_code == 404


def _open(app: Milepost) -> Any:
    return dataclasses.replace(app.state.gate.settings, public_read=True)


async def _somebody_waits(app: Milepost) -> None:
    while not app.state.gate.news.waiting:  # noqa: ASYNC110 - nobody else wants to know, so there is no event for it
        await asyncio.sleep(0)


@pytest.mark.parametrize("rung", (True, False))
async def test_who_waits_is_answered_when_something_comes(
    app: Milepost, api: httpx.AsyncClient, database: Database, rung: bool
) -> None:
    gate = app.state.gate
    gate.news = News(gate._last_number, every=60.0 if rung else 0.01)
    async with asyncio.timeout(20):
        waiting = asyncio.create_task(api.get(EVENTS, params={"wait": 30, "types": ["occurrence.*"]}))
        await _somebody_waits(app)
        await _number(database, EventType.PLAN_PUBLISHED)  # not what is waited for
        gate.news.ring()
        await _number(database, EventType.OCCURRENCE_DUE, first=2)
        if rung:
            gate.news.ring()
        answer = await waiting
    assert (_numbers(answer), answer.json()["next"]) == ([2], 2)


@pytest.mark.both
async def test_who_waits_holds_no_session(app: Milepost, api: httpx.AsyncClient, database: Database) -> None:
    app.state.gate.news = News(lambda: asyncio.sleep(0, 0), every=60.0)
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    async with asyncio.timeout(20):
        waiting = asyncio.create_task(api.get(EVENTS, params={"wait": 30}))
        await _somebody_waits(app)
        while pool.checkedout():  # noqa: ASYNC110 - the first use of a key is noted at this moment, in another session
            await asyncio.sleep(0)
        await app.state.gate.news.close()  # a stop lets everybody go
        assert (await waiting).json() == {"items": [], "next": 0}


async def test_nothing_comes_of_nothing_when_the_wait_is_over(api: httpx.AsyncClient) -> None:
    async with asyncio.timeout(20):
        assert (await api.get(EVENTS, params={"wait": 1})).json() == {"items": [], "next": 0}
    assert (await api.get(EVENTS, params={"wait": 31})).status_code == 422


async def test_when_too_many_wait_the_next_one_is_sent_away(app: Milepost, api: httpx.AsyncClient) -> None:
    news = app.state.gate.news = News(lambda: asyncio.sleep(0, 0), most=1, every=60.0)
    async with asyncio.timeout(20), client(app, ADMIN_KEY) as other:
        waiting = asyncio.create_task(api.get(EVENTS, params={"wait": 30}))
        await _somebody_waits(app)
        refused = await other.get(EVENTS, params={"wait": 30})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        assert (await other.get(EVENTS)).status_code == 200  # who does not wait needs no room
        await news.close()
        await waiting


def test_the_document_describes_every_webhook_with_an_example() -> None:
    webhooks = create_app(Settings()).openapi()["webhooks"]
    assert set(webhooks) == {each.value for each in EventType}
    told = webhooks["occurrence.due"]["post"]["requestBody"]["content"]["application/json"]
    assert told["example"]["type"] == "occurrence.due"
    assert told["schema"]["properties"]["type"] == {"const": "occurrence.due"}
