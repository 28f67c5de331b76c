"""`/firings`: the ledger of planned notices."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from service.gate.transaction import change
from service.kit.database import Database
from service.reminders.actions.firing import fire_due
from tests.flows.desk import API, Desk, paths


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    made = Desk(api)
    await made.town()
    await made.plan()
    await made.plan("q", time_zone="Europe/Berlin")
    return made


async def _tick(database: Database, now: datetime) -> None:
    async with change(database, now=now) as session:
        await fire_due(session, now=now)


async def test_a_planned_notice_says_when_and_a_fired_one_what_became_of_it(
    desk: Desk, database: Database, now: datetime
) -> None:
    task = await desk.task("a.x", due={"value": "2024-10-08"})
    await _tick(database, now + timedelta(days=7, hours=1))
    occurrence = (await desk.ids())["2024-10-08"]
    items = {one["offset"]: one for one in await desk.items("firings")}
    fact = (await desk.facts(kind="occurrence.due"))[0]
    assert items["0d"] == {
        "id": fact["after"]["notice"]["firing"],
        "occurrence": occurrence,
        "milestone": task["id"],
        "plan": "p",
        "jurisdiction": "a",
        "kind": "due",
        "offset": "0d",
        "due_on": "2024-10-08",
        "due_version": 1,
        "fire_at": "2024-10-08T01:00:00Z",
        "civil_on": "2024-10-08",
        "civil_at": "09:00",
        "time_zone": "Asia/Shanghai",
        "local_time": "regular",
        "status": "fired",
        "cause": "time",
        "reason": "its time had come",
        "fact": fact["id"],
        "created_at": "2024-10-01T00:00:00Z",
        "ended_at": "2024-10-08T01:00:00Z",
    }
    waiting = items["+1d"]
    assert [waiting[name] for name in ("status", "cause", "reason", "fact", "ended_at")] == ["pending", *[None] * 4]
    assert (items["-30d"]["status"], items["-30d"]["cause"]) == ("skipped", "grace")


@pytest.mark.both
async def test_firings_are_found_by_what_they_are_about(desk: Desk) -> None:
    first = await desk.task("a.x", due={"value": "2024-11-07"})
    second = await desk.task("a.y", due={"value": "2024-12-05"}, plan="q")
    ids = await desk.ids()

    async def milestones(**query: Any) -> set[str]:
        return {one["milestone"] for one in await desk.items("firings", **query)}

    assert await milestones() == {first["id"], second["id"]}
    for query in ({"plan": "p"}, {"milestone": first["id"]}, {"occurrence": ids["2024-11-07"]}, {"unit": "a.x"}):
        assert await milestones(**query) == {first["id"]}, query
    assert await milestones(jurisdiction="a") == {first["id"], second["id"]}
    assert await milestones(plan="p", unit="a.y") == await milestones(jurisdiction="b") == set()
    assert {one["kind"] for one in await desk.items("firings", kind="overdue")} == {"overdue"}
    assert await desk.items("firings", status="fired") == []


@pytest.mark.parametrize(
    ("query", "days"),
    (
        ({"from": "2024-11-07"}, ["11-07", "11-08", "11-14"]),
        ({"to": "2024-11-07"}, ["10-08", "10-31", "11-06", "11-07"]),
        ({"from": "2024-11-07", "to": "2024-11-08"}, ["11-07", "11-08"]),
        ({"from": "2024-11-07T01:00:00Z", "to": "2024-11-08T01:00:00Z"}, ["11-07"]),
        ({"from": "2024-11-07T09:00:01+08:00"}, ["11-08", "11-14"]),
        ({"from": "2024-11-08", "to": "2024-11-07"}, []),
        ({"from": "0001-01-01", "to": "9999-12-31"}, ["10-08", "10-31", "11-06", "11-07", "11-08", "11-14"]),
        ({"from": "0001-01-01T00:00:00+14:00", "to": "9999-12-31T23:59:59-14:00", "kind": "due"}, ["11-07"]),
    ),
)
async def test_days_are_included_and_instants_are_where_they_are(
    desk: Desk, query: dict[str, str], days: list[str]
) -> None:
    await desk.task("a.x", due={"value": "2024-11-07"})
    assert [one["civil_on"][5:] for one in await desk.items("firings", **query)] == days


@pytest.mark.parametrize(
    "query",
    ({"from": "tomorrow"}, {"from": "2024-11-07T09:00:00"}, {"to": "1730000000"}, {"status": "x"}, {"kind": "x"}),
)
async def test_a_filter_that_cannot_be_meant_is_refused(desk: Desk, query: dict[str, str]) -> None:
    answer = await desk.api.get(f"{API}/firings", params=query)
    assert (answer.status_code, {path.split(".")[0] for path in paths(answer)}) == (422, set(query))


@pytest.mark.both
async def test_pages_show_each_firing_once_in_order(desk: Desk) -> None:
    for _ in range(3):
        await desk.task("a.x", due={"value": "2024-11-07"})
    whole = await desk.items("firings")
    assert await desk.items("firings", limit=4) == whole
    assert len({one["id"] for one in whole}) == 18
    assert [one["fire_at"] for one in whole] == sorted(one["fire_at"] for one in whole)
    wrong = await desk.api.get(f"{API}/firings", params={"cursor": "bm9uc2Vuc2U"})
    assert wrong.status_code == 404


async def test_a_time_that_clocks_leave_out_is_flagged(desk: Desk) -> None:
    await desk.api.put(f"{API}/plans/q/reminders", json={"offsets": ["0d"], "at": "02:30"})
    await desk.task("a.x", plan="q", due={"value": "2025-03-30"})
    await desk.task("a.x", plan="q", due={"value": "2024-10-27"})
    twice, never = await desk.items("firings")
    assert (twice["fire_at"], twice["local_time"]) == ("2024-10-27T00:30:00Z", "ambiguous")
    assert (never["fire_at"], never["local_time"], never["civil_at"]) == ("2025-03-30T01:00:00Z", "missing", "02:30")


async def test_the_ledger_is_for_those_who_have_a_key(nobody: httpx.AsyncClient) -> None:
    assert (await nobody.get(f"{API}/firings")).status_code == 401
