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
        ({"unit": "demo.justice", "alarms": "yes"}, 422),
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


async def test_a_link_keeps_the_options_that_it_was_made_with(api: httpx.AsyncClient) -> None:
    made = await _make(api, content="title", alarms="on", back=30, ahead=60, changes="on", expand="all")
    assert (made["content"], made["alarms"], made["back"], made["expand"]) == ("title", "on", 30, "all")
    text = (await api.get(made["url"])).text.replace("\r\n ", "")
    assert "过去30天至今后60天" in text
    assert (await api.get(made["url"], params={"content": "full"})).status_code == 404
    assert (await api.get(made["url"], params={"alarms": "off"})).status_code == 200
    archive = made["url"].replace("justice.ics", "archive-2023.ics")
    assert "2023年归档" in (await api.get(archive)).text.replace("\r\n ", "")


async def test_a_replaced_address_says_so_until_it_ends(api: httpx.AsyncClient) -> None:
    made = await _make(api)
    rotated = (await api.post(f"{FEEDS}/{made['id']}:rotate", json={"overlap_days": 10})).json()
    old, new = [(await api.get(url)).text.replace("\r\n ", "") for url in (made["url"], rotated["url"])]
    assert "【请更换订阅地址】" in old
    assert "请更换订阅地址" not in new
    assert rotated["url"].split("/")[4] not in old
    assert (await api.get(f"{FEEDS}/{made['id']}/fetches")).json()["replaced_until"] is not None
    await api.post(f"{FEEDS}/{made['id']}:rotate", json={"overlap_days": 0})
    assert (await api.get(made["url"])).status_code == 410
    assert (await api.get(rotated["url"])).status_code == 410


async def test_the_owner_sees_who_fetched_what(api: httpx.AsyncClient, app: Milepost) -> None:
    made = await _make(api)
    agents = ("Thunderbird/153.0", "Google-Calendar-Importer", "Google-Calendar-Importer")
    for agent in agents:
        await api.get(made["url"], headers={"User-Agent": f"Mozilla/5.0 {agent}"})
    await app.state.desk.write_ledger()
    ledger = (await api.get(f"{FEEDS}/{made['id']}/fetches")).json()
    assert sorted(each["program"] for each in ledger["fetches"]) == ["google", "thunderbird"]
    assert all(each["is_current"] and not each["replaced"] for each in ledger["fetches"])
    assert ledger["warnings"] == []
    (listed,) = (await api.get(FEEDS)).json()["items"]
    assert listed["ledger"] == ledger
    assert listed["subscribe_url"].startswith("https://milepost.test/subscribe/mpf_")
