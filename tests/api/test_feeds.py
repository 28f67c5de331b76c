"""`/api/v1/feeds`: making, listing, rotating and closing subscription addresses."""

import re
from typing import Any

import httpx
import pytest

from service.app import Milepost
from service.gate.transaction import change
from service.kit.database import Database
from tests.conftest import client
from tests.feeds.world import Watch, settle

FEEDS = "/api/v1/feeds"


@pytest.fixture(autouse=True)
async def _settled(app: Milepost, database: Database) -> None:
    await settle(database, Watch(), app.state.gate.hearers[0].__self__)


async def _make(api: httpx.AsyncClient, **wanted: Any) -> dict[str, Any]:
    answer = await api.post(FEEDS, json={"unit": "demo.justice"} | wanted)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_feed_is_made_with_an_address_that_works(api: httpx.AsyncClient) -> None:
    made = await _make(api, component="vtodo", lang="en", label="王科长")
    assert re.fullmatch(r"https://milepost\.test/calendars/mpf_[A-Za-z0-9_-]{43}/justice\.ics", made["url"])
    assert made["webcal_url"] == made["url"].replace("https:", "webcal:")
    assert (made["unit"], made["plan"], made["component"], made["lang"]) == ("demo.justice", None, "vtodo", "en")
    answer = await api.get(made["url"])
    assert answer.status_code == 200
    assert "BEGIN:VTODO" in answer.text
    assert "Subscribed" in answer.text


async def test_its_owner_can_be_shown_the_address_again(api: httpx.AsyncClient) -> None:
    made = await _make(api)
    shown = await api.get(f"{FEEDS}/{made['id']}")
    assert shown.json() == made
    again = await api.get(f"{FEEDS}/{made['id']}", headers={"If-None-Match": shown.headers["etag"]})
    assert again.status_code == 304
    assert [each["id"] for each in (await api.get(FEEDS, params={"unit": "demo.justice"})).json()["items"]] == [
        made["id"]
    ]
    assert (await api.get(FEEDS, params={"unit": "demo.water"})).json()["items"] == []


async def test_every_subscriber_gets_an_address_of_their_own(api: httpx.AsyncClient) -> None:
    assert (await _make(api))["url"] != (await _make(api))["url"]


async def test_rotation_gives_a_new_address_under_the_same_id(api: httpx.AsyncClient) -> None:
    made = await _make(api)
    rotated = (await api.post(f"{FEEDS}/{made['id']}:rotate")).json()
    assert rotated["id"] == made["id"]
    assert rotated["url"] != made["url"]
    assert [(await api.get(url)).status_code for url in (made["url"], rotated["url"])] == [200, 200]


async def test_a_closed_feed_stays_in_the_list_and_opens_nothing(api: httpx.AsyncClient) -> None:
    made = await _make(api)
    assert (await api.get(made["url"])).status_code == 200
    assert (await api.delete(f"{FEEDS}/{made['id']}")).status_code == 204
    assert (await api.delete(f"{FEEDS}/{made['id']}")).status_code == 204
    assert (await api.get(made["url"])).status_code == 410
    (listed,) = (await api.get(FEEDS)).json()["items"]
    assert listed["revoked_at"] is not None
    assert (await api.post(f"{FEEDS}/{made['id']}:rotate")).status_code == 409


@pytest.mark.parametrize(
    ("wanted", "status"),
    (
        ({}, 422),
        ({"unit": "demo.justice", "plan": "demo-2024"}, 422),
        ({"unit": "demo.justice", "alarms": "on"}, 422),
        ({"unit": "demo.justice", "component": "vjournal"}, 422),
        ({"unit": "demo.justice", "colour": "red"}, 422),
        ({"unit": "demo.nobody"}, 409),
        ({"plan": "nothing-of-the-kind"}, 409),
        ({"public": "demo.justice"}, 422),
        ({"unit": "demo.justice", "expires_at": "2020-01-01T00:00:00Z"}, 409),
    ),
)
async def test_what_cannot_be_made_is_refused(api: httpx.AsyncClient, wanted: dict[str, Any], status: int) -> None:
    answer = await api.post(FEEDS, json=wanted)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_only_editors_see_and_make_addresses(api: httpx.AsyncClient, nobody: httpx.AsyncClient) -> None:
    made = await _make(api)
    assert (await nobody.get(FEEDS)).status_code == 401
    assert (await nobody.get(f"{FEEDS}/{made['id']}")).status_code == 401
    assert (await nobody.post(FEEDS, json={"unit": "demo.justice"})).status_code == 401


async def test_a_key_of_another_jurisdiction_sees_nothing(api: httpx.AsyncClient, app: Milepost) -> None:
    made = await _make(api)
    await api.post("/api/v1/jurisdictions", json={"code": "other", "name": "别处"})
    key = await api.post("/api/v1/keys", json={"name": "elsewhere", "scopes": ["edit"], "jurisdiction": "other"})
    async with client(app, key.json()["key"]) as stranger:
        assert (await stranger.get(FEEDS)).json()["items"] == []
        assert (await stranger.get(f"{FEEDS}/{made['id']}")).status_code == 403
        assert (await stranger.post(FEEDS, json={"unit": "demo.justice"})).status_code == 403
        assert (await stranger.delete(f"{FEEDS}/{made['id']}")).status_code == 403


async def test_the_audit_log_has_every_step_and_no_token(api: httpx.AsyncClient) -> None:
    made = await _make(api)
    await api.post(f"{FEEDS}/{made['id']}:rotate")
    await api.delete(f"{FEEDS}/{made['id']}")
    facts = await api.get("/api/v1/audit", params={"subject": made["id"]})
    assert [each["kind"] for each in facts.json()["items"]] == ["feed.revoked", "feed.rotated", "feed.created"]
    assert "mpf_" not in facts.text


async def test_the_database_holds_no_token(api: httpx.AsyncClient, database: Database) -> None:
    made = await _make(api)
    token = made["url"].split("/")[4]
    async with change(database, now=Watch().now()) as session:
        from sqlmodel import select

        from service.feeds.models import FeedToken

        (row,) = (await session.exec(select(FeedToken))).all()
        assert token not in repr(row)


async def test_links_in_a_feed_lead_somewhere(api: httpx.AsyncClient) -> None:
    made = await _make(api)
    (page,) = set(re.findall(r"^URL:(\S+)", (await api.get(made["url"])).text, re.MULTILINE))
    assert (await api.get(page)).status_code == 200
