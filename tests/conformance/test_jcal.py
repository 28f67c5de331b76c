"""The same calendar in JSON (RFC 7265), for who asks for it."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.calendar import Calendars
from service.feeds.polled.desk import Desk
from service.feeds.rules.media import prefers_jcal
from tests.feeds.world import World

PATH = "/calendars/demo/justice"
JCAL = {"Accept": "application/calendar+json", "Accept-Encoding": "identity"}


def _polled(desk: Desk) -> ASGIApp:
    calendars = Calendars(desk)

    async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
        poll = scope["method"], scope["path"], scope["query_string"], scope["headers"]
        found = calendars.ready(*poll) or await calendars.find(*poll)
        await send(found.start)
        await send(found.body)

    return answer


@pytest.fixture
async def robot(world: World) -> AsyncIterator[httpx.AsyncClient]:
    await world.milestone("逗号，分号；,; 反斜杠\\", {"value": "2024-12"})
    await world.milestone("下午五点前报送", {"value": "2024-11-15", "time": "17:00"})
    transport = httpx.ASGITransport(app=_polled(world.desk))
    async with httpx.AsyncClient(transport=transport, base_url="https://milepost.test") as talking:
        yield talking


async def test_jcal_is_negotiated_and_has_an_etag_of_its_own(robot: httpx.AsyncClient) -> None:
    plain = await robot.get(f"{PATH}.ics", headers={"Accept-Encoding": "identity"})
    told = await robot.get(f"{PATH}.ics", headers=JCAL)
    assert told.headers["content-type"] == "application/calendar+json"
    assert plain.headers["content-type"].startswith("text/calendar")
    for answer in (plain, told):
        assert {each.strip() for each in answer.headers["vary"].split(",")} == {"Accept", "Accept-Encoding"}
    assert told.headers["last-modified"] == plain.headers["last-modified"]
    packed = await robot.get(f"{PATH}.ics", headers={**JCAL, "Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == told.content
    assert len({answer.headers["etag"] for answer in (plain, told, packed)}) == 3
    assert (await robot.get(f"{PATH}.ics", headers={**JCAL, "If-None-Match": told.headers["etag"]})).status_code == 304
    other = await robot.get(f"{PATH}.ics", headers={**JCAL, "If-None-Match": plain.headers["etag"]})
    assert other.status_code == 200
    head = await robot.head(f"{PATH}.ics", headers=JCAL)
    assert (head.content, head.headers["etag"]) == (b"", told.headers["etag"])


async def test_an_address_that_ends_in_json_needs_no_header(robot: httpx.AsyncClient) -> None:
    told = await robot.get(f"{PATH}.ics", headers=JCAL)
    for accept in ("*/*", "text/calendar"):
        answer = await robot.get(f"{PATH}.json", headers={"Accept": accept, "Accept-Encoding": "identity"})
        assert answer.content == told.content
        assert answer.headers["etag"] == told.headers["etag"]
    assert (await robot.get("/calendars/demo/nobody.json")).status_code == 404
    assert (await robot.get(f"{PATH}.json?colour=red")).status_code == 404
    assert (await robot.get(f"{PATH}.json?component=vtodo")).json()[2][-1][0] == "vtodo"


async def test_every_value_has_its_type(robot: httpx.AsyncClient) -> None:
    calendar = (await robot.get(f"{PATH}.json")).json()
    assert calendar[0] == "vcalendar"
    said: dict[str, list[Any]] = {name: rest for name, *rest in calendar[1]}
    assert said["version"] == [{}, "text", "2.0"]
    assert said["name"][1:] == ["text", "区司法局"]
    assert said["refresh-interval"][1:] == ["duration", "PT1H"]
    assert said["color"][1] == "text"
    zone, *events = calendar[2]
    assert zone[0] == "vtimezone"
    timed, day = ({name: rest for name, *rest in event[1]} for event in events)
    assert timed["dtend"] == [{"tzid": "Asia/Shanghai"}, "date-time", "2024-11-15T17:00:00"]
    assert day["dtstart"] == [{}, "date", "2024-12-31"]
    assert day["summary"][2].endswith("逗号，分号；,; 反斜杠\\")
    assert day["sequence"] == [{}, "integer", 0]
    assert day["url"][1] == "uri"


async def test_jcal_has_the_same_bytes_in_every_process(robot: httpx.AsyncClient, world: World) -> None:
    first = await robot.get(f"{PATH}.json")
    transport = httpx.ASGITransport(app=_polled(world.another_desk()))
    async with httpx.AsyncClient(transport=transport, base_url="https://milepost.test") as other:
        assert (await other.get(f"{PATH}.json")).content == first.content
    await world.milestone("又一件事", {"value": "2024-11-30"})
    again = await robot.get(f"{PATH}.json", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 200
    assert "又一件事" in json.dumps(again.json(), ensure_ascii=False)


def test_jcal_goes_to_those_who_name_it_and_want_it_more() -> None:
    wanted = (
        b"application/calendar+json",
        b"Application/Calendar+JSON; version=2.0",
        b"application/calendar+json, text/calendar;q=0.9",
        b"application/calendar+json, */*;q=0.1",
    )
    other = (
        b"*/*",
        b"application/json",
        b"text/calendar, application/calendar+json",
        b"text/calendar, application/calendar+json;q=0.5",
        b"application/calendar+json;q=0",
        b"application/calendar+json;q=0.5, text/*",
        b"",
    )
    assert [each for each in wanted if not prefers_jcal(each)] == []
    assert [each for each in other if prefers_jcal(each)] == []
