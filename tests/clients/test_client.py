"""The API client, async against the application itself, sync against a transport that answers as it does."""

import dataclasses
import ipaddress
import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from milepost_client import (
    ApiError,
    AsyncClient,
    Client,
    Conflict,
    Denied,
    Invalid,
    NotFound,
    Stale,
    Throttled,
    Unknown,
)
from milepost_client.errors import FieldError, Unavailable, Unguarded
from milepost_client.wire import EventPage

from service.app import Milepost
from service.settings import Settings
from tests.conftest import ADMIN_KEY

BASE = "https://milepost.test"


@pytest.fixture
async def milepost(app: Milepost) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(BASE, ADMIN_KEY, transport=httpx.ASGITransport(app=app)) as client:
        yield client


async def _register(milepost: AsyncClient) -> None:
    await milepost.jurisdictions.create({"code": "chongming", "name": "崇明区"})
    for word in ("justice", "towns", "police"):
        await milepost.units.create({"code": f"chongming.{word}", "name": f"单位{word}"})


async def test_what_is_created_can_be_read_changed_and_retired(milepost: AsyncClient) -> None:
    await _register(milepost)
    unit = await milepost.units.get("chongming.justice")
    assert (unit["name"], unit["jurisdiction"], unit["retired_at"]) == ("单位justice", "chongming", None)
    changed = await milepost.units.change("chongming.justice", {"aliases": ["司法局"]}, etag=unit["etag"])
    assert changed["aliases"] == ["司法局"]
    assert changed["etag"] != unit["etag"]
    await milepost.units.remove("chongming.justice", etag=changed["etag"])
    assert (await milepost.units.get("chongming.justice"))["retired_at"] is not None


async def test_somebody_who_was_faster_is_not_overwritten(milepost: AsyncClient) -> None:
    await _register(milepost)
    unit = await milepost.units.get("chongming.justice")
    await milepost.units.change("chongming.justice", {"note": "one"}, etag=unit["etag"])
    with pytest.raises(Stale) as refused:
        await milepost.units.change("chongming.justice", {"note": "two"}, etag=unit["etag"])
    assert refused.value.status == 412
    assert refused.value.request_id.startswith("req_")
    assert (await milepost.units.get("chongming.justice"))["note"] == "one"


async def test_what_has_not_changed_is_not_sent_again(milepost: AsyncClient) -> None:
    await _register(milepost)
    unit = await milepost.units.get("chongming.justice")
    assert await milepost.units.get_if_changed("chongming.justice", unit["etag"]) is None
    changed = await milepost.units.change("chongming.justice", {"note": "new"}, etag=unit["etag"])
    assert await milepost.units.get_if_changed("chongming.justice", unit["etag"]) == changed


async def test_a_list_is_followed_to_its_end(milepost: AsyncClient) -> None:
    await _register(milepost)
    found = [unit["code"] async for unit in milepost.units.all(jurisdiction="chongming", limit=1)]
    assert found == ["chongming.justice", "chongming.police", "chongming.towns"]
    page = await milepost.units.page(limit=2)
    assert [unit["code"] for unit in page.items] == found[:2]
    rest = await milepost.units.page(limit=2, cursor=page.next)
    assert ([unit["code"] for unit in rest.items], rest.next) == (found[2:], None)


async def test_a_creation_that_is_repeated_happens_once(milepost: AsyncClient) -> None:
    await _register(milepost)
    wanted = {"unit": "chongming.justice"}
    first = await milepost.feeds.create(wanted, idempotency_key="feed-1")
    again = await milepost.feeds.create(wanted, idempotency_key="feed-1")
    assert again == first
    assert first["etag"]
    assert (await milepost.feeds.create(wanted))["id"] != first["id"]


async def test_an_item_can_be_told_to_do_what_has_a_word_of_its_own(milepost: AsyncClient) -> None:
    await _register(milepost)
    feed = await milepost.feeds.create({"unit": "chongming.justice"})
    rotated = await milepost.feeds.act(feed["id"], "rotate")
    assert rotated["id"] == feed["id"]
    assert rotated["url"] != feed["url"]
    await milepost.feeds.remove(feed["id"])
    assert (await milepost.feeds.get(feed["id"]))["revoked_at"] is not None


PLAN = """milepost: 1
jurisdictions:
  - {code: chongming, name: 崇明区}
units:
  - {code: chongming.justice, name: 区司法局}
plan: {slug: one, title: 一号方案, jurisdiction: chongming, published_on: 2024-02-23, period: 2024-01-01/2025-12-31}
milestones:
  - key: a
    title: 中期评估
    kind: evaluation
    due: {phrase: 2024年10月底前, value: 2024-10, boundary: by_end}
    responsible: [chongming.justice]
""".encode()


async def test_a_plan_is_loaded_reported_on_and_exported(milepost: AsyncClient) -> None:
    await milepost.jurisdictions.create({"code": "chongming", "name": "崇明区"})
    looked = await milepost.put_plan("one", PLAN, dry_run=True)
    assert not looked["applied"]
    with pytest.raises(NotFound):
        await milepost.plans.get("one")
    assert (await milepost.put_plan("one", PLAN))["applied"]
    (task,) = [task async for task in milepost.occurrences.all(plan="one")]
    assert (task["due_on"], task["units"][0]["code"]) == ("2024-10-31", "chongming.justice")
    (before,) = await milepost.progress(task["id"])
    assert before["status"] == "pending"
    first = await milepost.report(task["id"], "chongming.justice", "in_progress", note="已启动")
    with pytest.raises((Unguarded, Stale)):
        await milepost.report(task["id"], "chongming.justice", "submitted")
    done = await milepost.report(task["id"], "chongming.justice", "submitted", etag=first["etag"])
    assert (done["status"], done["finished"]) == ("submitted", True)
    assert "一号方案" in await milepost.export_plan("one")
    assert [firing["occurrence"] async for firing in milepost.firings.all(plan="one")]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Messages may go to this machine."""
    return dataclasses.replace(settings, allow_networks=(ipaddress.ip_network("127.0.0.1/32"),))


async def test_an_endpoint_is_made_tried_and_retired(milepost: AsyncClient) -> None:
    endpoint = await milepost.endpoints.create({"url": "http://127.0.0.1:9009/"})
    assert (endpoint["secret"] or "").startswith("whsec_")
    sent = await milepost.endpoints.act(endpoint["id"], "test")
    delivery = await milepost.deliveries.get(sent["delivery"])
    assert (delivery["status"], delivery.get("attempts")) == ("pending", [])
    ping = await milepost.event(delivery["event"])
    assert (ping["type"], ping["message"]["data"]["endpoint"]) == ("endpoint.ping", endpoint["id"])
    assert await milepost.events(wait=0) == EventPage([], 0)
    paused = await milepost.endpoints.change(endpoint["id"], {"paused": True}, etag=endpoint["etag"])
    await milepost.endpoints.remove(endpoint["id"], etag=paused["etag"])
    assert [each["status"] async for each in milepost.deliveries.all(endpoint=endpoint["id"])] == ["cancelled"]


async def test_refusals_are_named(milepost: AsyncClient, app: Milepost) -> None:
    with pytest.raises(NotFound) as missing:
        await milepost.units.get("chongming.nobody")
    assert (missing.value.status, missing.value.kind) == (404, "urn:milepost:problem:not-found")
    with pytest.raises(Invalid) as wrong:
        await milepost.units.create({"code": "NOT A CODE", "name": "x"})
    assert "code" in {error.path for error in wrong.value.errors}
    await milepost.jurisdictions.create({"code": "chongming", "name": "崇明区"})
    with pytest.raises(Conflict):
        await milepost.jurisdictions.create({"code": "chongming", "name": "崇明区"})
    async with AsyncClient(BASE, transport=httpx.ASGITransport(app=app)) as nobody:
        with pytest.raises(Unknown):
            await nobody.units.get("chongming.justice")


async def test_an_id_stays_within_its_place_in_the_address(milepost: AsyncClient) -> None:
    with pytest.raises(ApiError) as refused:
        await milepost.units.get("../keys?limit=1#")
    assert refused.value.status in {404, 422}


# ── sync ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

Answering = Callable[[httpx.Request], httpx.Response]


def _client(answer: Answering) -> Client:
    return Client(BASE, "mpk_test", transport=httpx.MockTransport(answer))


def test_the_waiting_client_does_the_same() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.method == "POST":
            return httpx.Response(201, json={"id": "ep_1", "secret": "whsec_x"}, headers={"ETag": '"r1"'})
        if request.method == "DELETE":
            return httpx.Response(204)
        if request.headers.get("if-none-match"):
            return httpx.Response(304)
        return httpx.Response(200, json={"id": "ep_1"}, headers={"ETag": '"r1"'})

    with _client(answer) as milepost:
        made = milepost.endpoints.create({"url": "https://oa.example.cn"}, idempotency_key="one")
        assert (made["etag"], made["secret"]) == ('"r1"', "whsec_x")
        assert milepost.endpoints.get("ep_1")["etag"] == '"r1"'
        assert milepost.endpoints.get_if_changed("ep_1", '"r1"') is None
        milepost.endpoints.change("ep_1", {"types": ["*"]}, etag='"r1"')
        milepost.endpoints.act("ep_1", "rotate-secret")
        milepost.endpoints.remove("ep_1", etag='"r1"')
    assert [(each.method, each.url.path) for each in seen] == [
        ("POST", "/api/v1/endpoints"),
        ("GET", "/api/v1/endpoints/ep_1"),
        ("GET", "/api/v1/endpoints/ep_1"),
        ("PATCH", "/api/v1/endpoints/ep_1"),
        ("POST", "/api/v1/endpoints/ep_1:rotate-secret"),
        ("DELETE", "/api/v1/endpoints/ep_1"),
    ]
    assert {each.headers["authorization"] for each in seen} == {"Bearer mpk_test"}
    assert seen[0].headers["idempotency-key"] == "one"
    assert [seen[place].headers["if-match"] for place in (3, 5)] == ['"r1"', '"r1"']
    assert seen[4].headers["idempotency-key"]


def test_the_waiting_client_follows_pages_and_polls_events() -> None:
    pages = {None: ("a", "c1"), "c1": ("b", None)}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/events":
            asked = [("after", "418"), ("types", "plan.*"), ("types", "feed.*"), ("wait", "5"), ("limit", "100")]
            assert request.url.params.multi_items() == asked
            return httpx.Response(200, json={"items": [{"id": "evt_1"}], "next": 419})
        if request.url.path == "/api/v1/events/evt_1":
            return httpx.Response(200, json={"id": "evt_1"})
        if request.url.path == "/api/v1/preview":
            return httpx.Response(200, json={"asked": dict(request.url.params)})
        code, following = pages[request.url.params.get("cursor")]
        assert request.url.params["unit"] == "chongming.justice"
        return httpx.Response(200, json={"items": [{"id": code}], "next": following})

    with _client(answer) as milepost:
        assert [task["id"] for task in milepost.occurrences.all(unit="chongming.justice", plan=None)] == ["a", "b"]
        page = milepost.events(418, types=("plan.*", "feed.*"), wait=5)
        assert ([event["id"] for event in page.items], page.next) == (["evt_1"], 419)
        assert milepost.event("evt_1")["id"] == "evt_1"
        asked = milepost.preview("2024-10-01", "2024-11-01", plan="one")["asked"]
        assert asked == {"from": "2024-10-01", "to": "2024-11-01", "plan": "one"}


def test_the_waiting_client_loads_plans_and_reports() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.path.endswith("/export"):
            return httpx.Response(200, text="milepost: 1\n")
        if request.method == "GET":
            return httpx.Response(200, json={"items": [{"unit": "a.b", "status": "pending"}], "next": None})
        return httpx.Response(200, json={"applied": True})

    with _client(answer) as milepost:
        milepost.put_plan("one", b"milepost: 1", etag='"r3"', dry_run=True)
        assert milepost.export_plan("one") == "milepost: 1\n"
        assert milepost.progress("oc_1")[0]["status"] == "pending"
        milepost.report("oc_1", "a.b", "submitted", note="完成", etag='"r2"')
    assert seen[0].headers["content-type"] == "application/yaml"
    assert (seen[0].headers["if-match"], seen[0].url.params["dry_run"]) == ('"r3"', "true")
    assert seen[3].url.path == "/api/v1/occurrences/oc_1/progress/a.b"
    assert json.loads(seen[3].content) == {"status": "submitted", "note": "完成", "evidence": ""}


@pytest.mark.parametrize(
    ("status", "kind"), ((403, Denied), (428, Unguarded), (429, Throttled), (503, Unavailable), (500, ApiError))
)
def test_every_refusal_tells_what_the_service_told(status: int, kind: type[ApiError]) -> None:
    told = {
        "type": "urn:milepost:problem:x",
        "title": "No",
        "detail": "Not so.",
        "request_id": "req_1",
        "errors": [{"path": "due.value", "message": "wrong"}],
    }
    with (
        _client(lambda _: httpx.Response(status, json=told, headers={"Retry-After": "7"})) as milepost,
        pytest.raises(kind) as refused,
    ):
        milepost.units.get("a.b")
    error = refused.value
    assert (str(error), error.status, error.kind, error.title) == ("Not so.", status, told["type"], "No")
    assert (error.request_id, error.errors, error.retry_after) == ("req_1", (FieldError("due.value", "wrong"),), 7.0)


@pytest.mark.parametrize("body", (b"<html>Bad gateway</html>", b"[]", b""))
def test_a_gateways_refusal_without_a_problem_is_an_error_too(body: bytes) -> None:
    with _client(lambda _: httpx.Response(502, content=body)) as milepost, pytest.raises(ApiError, match="502"):
        milepost.units.get("a.b")
