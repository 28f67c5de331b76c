"""`/preview`: what would go out, as a list and as a calendar."""

import dataclasses
import ipaddress
from typing import Any

import httpx
import icalendar
import pytest

from service.app import Milepost
from service.settings import Settings
from tests.conftest import client
from tests.flows.desk import API, Desk, paths

WHOLE = {"from": "2024-10-01", "to": "2025-01-31"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Messages may go to this machine."""
    return dataclasses.replace(settings, allow_networks=(ipaddress.ip_network("127.0.0.1/32"),))


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    made = Desk(api)
    await made.town()
    await made.plan()
    return made


async def test_a_notice_says_when_what_about_for_whom_and_where_it_goes(desk: Desk) -> None:
    task = await desk.task("a.x", due={"value": "2024-10-15"})
    for label, types in (("办公系统", ["occurrence.due"]), ("别的", ["occurrence.overdue"])):
        await desk.make("endpoints", url="http://127.0.0.1:9009/x", label=label, types=types)
    (firing,) = await desk.items("firings", kind="due")
    found = {one["offset"]: one for one in await desk.items("preview", **WHOLE)}
    assert list(found) == ["-7d", "-1d", "0d", "+1d", "+7d"]
    due = found["0d"]
    hearing = due.pop("endpoints")
    assert due == {
        "fire_at": "2024-10-15T01:00:00Z",
        "civil_on": "2024-10-15",
        "civil_at": "09:00",
        "time_zone": "Asia/Shanghai",
        "local_time": "regular",
        "kind": "due",
        "offset": "0d",
        "goes_out": True,
        "status": "pending",
        "cause": None,
        "reason": None,
        "firing": firing["id"],
        "occurrence": firing["occurrence"],
        "period": "2024-10-15",
        "due_on": "2024-10-15",
        "milestone": task["id"],
        "key": task["key"],
        "title": "任务",
        "plan": "p",
        "plan_title": "方案",
        "jurisdiction": "a",
        "units": [{"code": "a.x", "name": "单位x", "role": "lead", "status": "pending"}],
    }
    assert [(one["label"], one["host"], one["rhythm"], one["paused"], one["silenced"]) for one in hearing] == [
        ("办公系统", "127.0.0.1:9009", "immediate", False, None)
    ]
    assert found["-7d"]["endpoints"] == []


async def test_one_endpoint_is_asked_what_it_would_hear(desk: Desk) -> None:
    await desk.task("a.x", due={"value": "2024-10-15"})
    late = await desk.make("endpoints", url="http://127.0.0.1:9009/x", types=["occurrence.overdue"])
    found = await desk.items("preview", **WHOLE, endpoint=late["id"], limit=1)
    assert [one["offset"] for one in found] == ["+1d", "+7d"]
    assert {one["endpoints"][0]["id"] for one in found} == {late["id"]}
    assert (await desk.api.get(f"{API}/preview", params=WHOLE | {"endpoint": "ep_no"})).status_code == 404


async def test_a_reader_sees_no_endpoints_and_nobody_without_a_key_sees_anything(desk: Desk, app: Milepost) -> None:
    await desk.task("a.x", due={"value": "2024-10-15"})
    key = (await desk.make("keys", name="reader", scopes=["read"]))["key"]
    async with client(app, key) as reader:
        told = (await reader.get(f"{API}/preview", params=WHOLE)).json()["items"]
        assert [one["endpoints"] for one in told] == [None] * 5
        assert (await reader.get(f"{API}/preview", params=WHOLE | {"endpoint": "ep_x"})).status_code == 403
    async with client(app) as anybody:
        assert (await anybody.get(f"{API}/preview", params=WHOLE)).status_code == 401


@pytest.mark.parametrize("way", ({"params": {"format": "ics"}}, {"headers": {"Accept": "text/calendar"}}))
async def test_the_same_comes_as_a_calendar(desk: Desk, way: dict[str, Any]) -> None:
    await desk.plan("draft", status="draft")
    await desk.task("a.x", plan="draft", title="报送清单; 第一批, 全部", due={"value": "2024-10-15"})
    asked = WHOLE | {"plan": "draft"} | way.get("params", {})
    answer = await desk.api.get(f"{API}/preview", params=asked, headers=way.get("headers", {}))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    entries = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert len(entries) == 5
    first = entries[0]
    assert first["SUMMARY"] == "【提前7天】【不发送：计划尚未发布】报送清单; 第一批, 全部"
    assert first["STATUS"] == "TENTATIVE"
    assert f"{first.decoded('DTSTART'):%Y-%m-%dT%H:%M%z}" == "2024-10-08T01:00+0000"
    assert "单位：单位x" in str(first["DESCRIPTION"])
    assert max(map(len, answer.content.split(b"\r\n"))) <= 75
    again = await desk.api.get(f"{API}/preview", params=asked, headers=way.get("headers", {}))
    assert again.content == answer.content


async def test_a_calendar_speaks_english_and_json_stays_the_default(desk: Desk) -> None:
    await desk.task("a.x", due={"value": "2024-10-15"})
    english = await desk.api.get(f"{API}/preview", params=WHOLE | {"format": "ics", "lang": "en"})
    assert "SUMMARY:[7 days before] 任务" in english.text
    both = await desk.api.get(f"{API}/preview", params=WHOLE, headers={"Accept": "application/json, text/calendar"})
    assert both.headers["content-type"] == "application/json"


async def test_without_bounds_it_shows_the_next_thirty_days(desk: Desk) -> None:
    await desk.task("a.x", due={"value": "2024-10-31"})
    assert [one["offset"] for one in await desk.items("preview")] == ["-7d", "-1d"]


async def test_bounds_that_mean_nothing_are_refused(desk: Desk) -> None:
    turned = await desk.api.get(f"{API}/preview", params={"from": "2024-10-02", "to": "2024-10-01"})
    assert (turned.status_code, paths(turned)) == (422, ["to"])
    assert (await desk.api.get(f"{API}/preview", params={"cursor": "eA"})).status_code == 404
