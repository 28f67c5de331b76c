"""`/api/v1/deliveries`: every event on its way, every try, and sending it again."""

import dataclasses
import ipaddress
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import col, update

from service.app import Milepost
from service.kit.clock import RealClock
from service.kit.database import Database
from service.settings import Settings
from service.webhooks.models import Attempt, Delivery
from tests.conftest import client
from tests.flows.desk import API, Desk

HERE = "http://127.0.0.1:9009/"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Messages may go to this machine."""
    return dataclasses.replace(settings, allow_networks=(ipaddress.ip_network("127.0.0.1/32"),))


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    return Desk(api)


async def _sent(desk: Desk, endpoint: str) -> dict[str, Any]:
    answer = await desk.api.post(f"{API}/endpoints/{endpoint}:test")
    return await desk.get(f"deliveries/{answer.json()['delivery']}")


async def _put(database: Database, delivery: str, **values: Any) -> None:
    async with database.write() as session:
        await session.exec(update(Delivery).where(col(Delivery.id) == delivery).values(**values))


@pytest.mark.both
async def test_deliveries_are_listed_newest_first_and_narrowed(desk: Desk, database: Database) -> None:
    one, other = [(await desk.make("endpoints", url=HERE))["id"] for _ in range(2)]
    made = [await _sent(desk, each) for each in (one, other, one)]
    await _put(database, made[0]["id"], status="delivered", next_at=None, occurrence="oc_1")
    newest_first = [each["id"] for each in reversed(made)]
    assert [each["id"] for each in await desk.items("deliveries", limit=1)] == newest_first
    assert [each["id"] for each in await desk.items("deliveries", endpoint=one, limit=1)] == newest_first[::2]
    assert [each["id"] for each in await desk.items("deliveries", status="delivered")] == [made[0]["id"]]
    assert [each["id"] for each in await desk.items("deliveries", occurrence="oc_1")] == [made[0]["id"]]
    assert [each["id"] for each in await desk.items("deliveries", event=made[1]["event"])] == [made[1]["id"]]
    wrong = await desk.api.get(f"{API}/deliveries", params={"cursor": "bm9uc2Vuc2U"})
    assert wrong.status_code == 404


async def test_every_try_is_shown_with_what_came_back(desk: Desk, database: Database, now: datetime) -> None:
    made = await _sent(desk, (await desk.make("endpoints", url=HERE))["id"])
    assert made["attempts"] == []
    async with database.write() as session:
        failed: dict[str, Any] = {
            "outcome": "failed",
            "status": 500,
            "response_body": b"\xe9\x94\x99\xff",
            "reason": "answered 500",
        }
        for number, ended in ((2, dict[str, Any]()), (1, failed)):
            session.add(
                Attempt(
                    id=f"at_{number}",
                    delivery=made["id"],
                    number=number,
                    lease="token",
                    started_at=now,
                    lease_until=now + timedelta(seconds=30),
                    **ended,
                )
            )
    told = await desk.get(f"deliveries/{made['id']}")
    assert [(each["number"], each["outcome"], each["status"]) for each in told["attempts"]] == [
        (1, "failed", 500),
        (2, None, None),
    ]
    assert told["attempts"][0]["response_body"] == "错\ufffd"
    assert "token" not in str(told)


async def test_what_has_ended_is_sent_again_under_the_same_id(desk: Desk, database: Database) -> None:
    endpoint = (await desk.make("endpoints", url=HERE))["id"]
    past = RealClock().now() - timedelta(days=1)
    ended = {"next_at": None, "ended_at": past, "not_after": past, "overtaken": "moved", "tries": 3}
    for status in ("delivered", "expired", "superseded", "held"):
        made = await _sent(desk, endpoint)
        await _put(database, made["id"], status=status, **ended)
        answer = await desk.api.post(f"{API}/deliveries/{made['id']}:replay")
        told = answer.json()
        assert (answer.status_code, told["status"], told["event"]) == (202, "pending", made["event"])
        assert (told["not_after"], told["overtaken"], told["ended_at"], told["tries"]) == (None, "", None, 3)
        assert datetime.fromisoformat(told["next_at"]) <= RealClock().now()
        (fact,) = await desk.facts(kind="delivery.replayed", subject=made["id"])
        assert (fact["actor"], fact["before"]["status"]) == ("key:MILEPOST_ADMIN_KEY", status)


@pytest.mark.both
async def test_what_is_being_tried_is_left_to_whoever_tries_it(desk: Desk, database: Database) -> None:
    made = await _sent(desk, (await desk.make("endpoints", url=HERE))["id"])
    await _put(database, made["id"], lease="token")
    told = (await desk.api.post(f"{API}/deliveries/{made['id']}:replay")).json()
    assert (told["under_way"], told["next_at"]) == (True, made["next_at"])
    assert await desk.facts(kind="delivery.replayed") == []


async def test_what_a_digest_tells_is_not_sent_again_by_itself(desk: Desk, database: Database) -> None:
    endpoint = (await desk.make("endpoints", url=HERE))["id"]
    for status in ("waiting", "digested", "cancelled"):
        made = await _sent(desk, endpoint)
        await _put(database, made["id"], status=status, next_at=None)
        assert (await desk.api.post(f"{API}/deliveries/{made['id']}:replay")).status_code == 409


async def test_deliveries_are_for_administrators_of_their_endpoint(desk: Desk, app: Milepost) -> None:
    await desk.town()
    made = await _sent(desk, (await desk.make("endpoints", url=HERE))["id"])
    bound = await desk.make("keys", name="office", scopes=["admin"], jurisdiction="a")
    editor = await desk.make("keys", name="editor", scopes=["edit"])
    async with client(app, bound["key"]) as theirs:
        assert (await theirs.get(f"{API}/deliveries/{made['id']}")).status_code == 404
        assert (await theirs.post(f"{API}/deliveries/{made['id']}:replay")).status_code == 404
        assert (await theirs.get(f"{API}/deliveries")).json()["items"] == []
    async with client(app, editor["key"]) as other:
        assert (await other.get(f"{API}/deliveries")).status_code == 403
