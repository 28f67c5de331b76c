"""`/endpoints/{id}:rehearse`: a plan's time is played with real signatures, and nothing real is touched."""

import asyncio
import dataclasses
import ipaddress
import json
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest
from sqlmodel import col, select
from standardwebhooks import Webhook

from service.app import Milepost
from service.kit.database import Database
from service.runner.sending import deliver
from service.runner.supervising import Signals
from service.settings import Settings
from service.webhooks.models import Delivery, WebhookEvent
from tests.conftest import client
from tests.flows.desk import API, Desk, paths
from tests.kit.outbound.receivers import OK, Line, receiving

HERE = "http://127.0.0.1:9009/hook"
YEAR = {"plan": "p", "from": "2024-01-01", "to": "2024-12-31"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Messages may go to this machine."""
    return dataclasses.replace(settings, allow_networks=(ipaddress.ip_network("127.0.0.1/32"),))


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    """A draft with one task, whose notices are three."""
    made = Desk(api)
    await made.town()
    await made.plan(status="draft")
    await made.task("a.x", due={"value": "2024-05-31"})
    put = await made.api.put(
        f"{API}/plans/p/reminders", json={"offsets": ["-7d", "0d", "+1d"]}, headers={"If-None-Match": "*"}
    )
    assert put.status_code == 200, put.text
    return made


async def _rehearse(desk: Desk, endpoint: str, **wanted: Any) -> httpx.Response:
    return await desk.api.post(f"{API}/endpoints/{endpoint}:rehearse", json=YEAR | wanted)


async def test_what_arrives_is_really_signed_in_order_and_marked(desk: Desk, app: Milepost) -> None:
    arrived = asyncio.Event()

    async def script(line: Line) -> None:
        while True:
            await line.request()
            if len(line.receiver.seen) >= 3:
                arrived.set()
            await line.send(OK)

    signals = Signals()
    async with receiving(script) as receiver:
        made = await desk.make("endpoints", url=receiver.url("/hook"), types=["occurrence.*"])
        answer = await _rehearse(desk, made["id"], speed=10_000_000)
        assert (answer.status_code, answer.json()["notices"]) == (202, 3)
        async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
            tasks.create_task(deliver(app.state.gate, signals))
            await arrived.wait()
            signals.stopping.set()
        bodies = []
        for request in receiver.seen:
            headers = {
                name: request.header(name)[0] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
            }
            Webhook(made["secret"]).verify(request.body, headers)
            bodies.append(json.loads(request.body))
    assert [(one["type"], one["data"]["offset"], one["data"]["days_left"]) for one in bodies] == [
        ("occurrence.due_soon", "-7d", 7),
        ("occurrence.due", "0d", 0),
        ("occurrence.overdue", "+1d", -3),  # 1 June 2024 is a Saturday
    ]
    assert [(one["data"]["sandbox"], one["data"]["cause"]["kind"]) for one in bodies] == [(True, "rehearsal")] * 3
    assert [one["timestamp"] for one in bodies] == [one["data"]["scheduled_for"] for one in bodies]
    assert bodies[0]["timestamp"] == "2024-05-24T01:00:00.000Z"


async def test_nothing_real_hears_of_a_rehearsal(desk: Desk, database: Database) -> None:
    made = await desk.make("endpoints", url=HERE)
    firings, events = await desk.items("firings"), await desk.items("events")
    assert (await _rehearse(desk, made["id"])).status_code == 202
    assert (await desk.items("firings"), await desk.items("events")) == (firings, events)
    async with database.read() as session:
        rows = (await session.exec(select(WebhookEvent).where(WebhookEvent.endpoint == made["id"]))).all()
        waiting = (await session.exec(select(Delivery).order_by(col(Delivery.next_at)))).all()
    assert {(row.number, row.fact, row.firing, row.plan, row.occurrence, row.milestone) for row in rows} == {
        (None,) * 6
    }
    assert not any(each.is_notice or each.occurrence for each in waiting)
    (fact,) = await desk.facts(kind="endpoint.rehearsed")
    assert (fact["after"]["plan"], fact["after"]["notices"]) == ("p", 3)


async def test_a_year_is_played_at_the_speed_that_is_asked_for_and_no_faster_than_is_borne(
    desk: Desk, database: Database
) -> None:
    async def times(**values: Any) -> list[timedelta]:
        speed = values.pop("speed")
        made = await desk.make("endpoints", url=HERE, **values)
        answer = (await _rehearse(desk, made["id"], speed=speed)).json()
        query = select(Delivery).where(Delivery.endpoint == made["id"]).order_by(col(Delivery.next_at))
        async with database.read() as session:
            at = [each.next_at for each in await session.exec(query) if each.next_at]
        assert [at[0], at[-1]] == [datetime.fromisoformat(answer[name]) for name in ("begins_at", "ends_at")]
        return [later - earlier for earlier, later in pairwise(at)]

    # 7 days and 3 days apart (1 June is a Saturday); half of 20 a minute.
    assert await times(speed=86_400) == [timedelta(seconds=7), timedelta(seconds=3)]
    assert await times(speed=10_000_000, per_minute=20) == [timedelta(seconds=6)] * 2


async def test_a_rehearsal_is_one_at_a_time_and_can_be_stopped(desk: Desk) -> None:
    made = await desk.make("endpoints", url=HERE)
    assert (await _rehearse(desk, made["id"])).status_code == 202
    assert (await _rehearse(desk, made["id"])).status_code == 409
    stopped = await desk.api.post(f"{API}/endpoints/{made['id']}:stop-rehearsal")
    assert (stopped.status_code, stopped.json()) == (200, {"stopped": 3})
    assert {one["status"] for one in await desk.items("deliveries")} == {"cancelled"}
    assert (await desk.api.post(f"{API}/endpoints/{made['id']}:stop-rehearsal")).json() == {"stopped": 0}
    assert (await _rehearse(desk, made["id"])).status_code == 202


async def test_a_rehearsal_that_cannot_be_played_is_refused_with_the_reason(desk: Desk, app: Milepost) -> None:
    made = await desk.make("endpoints", url=HERE)
    deaf = await desk.make("endpoints", url=HERE, units=["a.y"])
    for endpoint, wanted, status, fields in (
        (deaf["id"], {}, 422, ["plan"]),
        (made["id"], {"speed": 10}, 422, ["speed"]),
        (made["id"], {"speed": 0.5}, 422, ["speed"]),
        (made["id"], {"to": "2023-12-31"}, 422, ["to"]),
        (made["id"], {"plan": "nowhere"}, 404, []),
        ("ep_nowhere", {}, 404, []),
    ):
        answer = await _rehearse(desk, endpoint, **wanted)
        assert (answer.status_code, paths(answer)) == (status, fields), answer.text
    await desk.change(f"endpoints/{made['id']}", paused=True)
    assert (await _rehearse(desk, made["id"])).status_code == 409
    key = (await desk.make("keys", name="editor", scopes=["edit"]))["key"]
    async with client(app, key) as editor:
        assert (await _rehearse(Desk(editor), made["id"])).status_code == 403
