"""`/holidays` over HTTP."""

import httpx
import pytest

from service.app import Milepost
from tests.conftest import client
from tests.flows.desk import API, Desk, paths

HOLIDAYS = f"{API}/holidays/CN"
NOTICE = {"notice": "国办发明电〔2026〕1号", "off_days": ["2027-01-01", "2027-01-29"], "work_days": ["2027-01-30"]}


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    made = Desk(api)
    await made.town()
    await made.plan(period={"start": "2024-01-01", "end": "2027-12-31"})
    return made


async def test_a_packaged_year_names_its_notice_and_its_days(desk: Desk) -> None:
    year = await desk.get("holidays/CN/2024")
    assert (year["provisional"], year["notice"]) == (False, "国办发明电〔2023〕7号")
    days = {one["day"]: (one["is_off"], one["name"]) for one in year["days"]}
    assert days["2024-10-01"] == (True, "国庆节")
    assert days["2024-10-12"] == (False, "国庆节")
    assert "2024-10-08" not in days


async def test_a_year_without_notice_is_provisional(desk: Desk) -> None:
    year = await desk.get("holidays/CN/2027")
    assert (year["provisional"], year["notice"], year["days"]) == (True, None, [])


@pytest.mark.both
async def test_a_year_that_an_operator_supplies_moves_provisional_dates(desk: Desk) -> None:
    # 31 January 2027 is a Sunday: by weekends alone the Friday before, which the notice gives off.
    await desk.task("a.x", due={"value": "2027-01", "roll": "preceding"})
    (before,) = await desk.items("occurrences")
    assert (before["due_on"], before["provisional"]) == ("2027-01-29", True)
    answer = await desk.api.put(f"{HOLIDAYS}/2027", json=NOTICE)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["provisional"], answer.json()["notice"]) == (False, NOTICE["notice"])
    (after,) = await desk.items("occurrences")
    assert (after["id"], after["due_on"], after["provisional"]) == (before["id"], "2027-01-30", False)
    assert (after["nominal_due_on"], after["moved_from"]) == ("2027-01-31", "2027-01-29")
    assert NOTICE["notice"] in after["dataset"]
    facts = await desk.facts()
    assert [fact["kind"] for fact in facts[:2]] == ["occurrence.rescheduled", "holidays.updated"]
    assert (facts[0]["before"]["due_on"], facts[0]["after"]["due_on"]) == ("2027-01-29", "2027-01-30")
    assert facts[0]["actor"] == facts[1]["actor"] == "key:MILEPOST_ADMIN_KEY"


async def test_members_are_those_of_the_day_to_which_a_date_moved(desk: Desk) -> None:
    leaving = [{"member": "a.x", "until_on": "2027-01-29"}, {"member": "a.y", "from_on": "2027-01-30"}]
    await desk.make("groups", code="a.g", name="组", members=leaving)
    await desk.task(":a.g", due={"value": "2027-01", "roll": "preceding"})
    assert await desk.answering() == {"2027-01": ["a.x"]}
    await desk.api.put(f"{HOLIDAYS}/2027", json=NOTICE)
    assert await desk.answering() == {"2027-01": ["a.y"]}


async def test_the_same_notice_again_is_no_change(desk: Desk) -> None:
    await desk.api.put(f"{HOLIDAYS}/2027", json=NOTICE)
    facts = len(await desk.facts())
    assert (await desk.api.put(f"{HOLIDAYS}/2027", json=NOTICE)).status_code == 200
    assert len(await desk.facts()) == facts


async def test_dates_that_do_not_roll_stay(desk: Desk) -> None:
    await desk.task("a.x", due={"value": "2027-01"})
    (before,) = await desk.items("occurrences")
    await desk.api.put(f"{HOLIDAYS}/2027", json=NOTICE)
    (after,) = await desk.items("occurrences")
    assert {**after, "dataset": ""} == {**before, "dataset": ""}
    assert (after["due_on"], after["provisional"]) == ("2027-01-31", False)
    assert (await desk.facts())[0]["kind"] == "holidays.updated"


@pytest.mark.parametrize(
    ("wrong", "path"),
    (
        ({"off_days": []}, "off_days"),
        ({"off_days": ["2027-02-30"]}, "off_days.0"),
        ({"off_days": ["2025-01-01"]}, "off_days"),
        ({"work_days": ["2027-01-01"]}, "work_days"),
        ({"work_days": ["2027-01-28"]}, "work_days"),
        ({"notice": ""}, "notice"),
        ({"notice": "a+b"}, "notice"),
        ({"off_days": ["2027-01-01"] * 200}, "off_days"),
    ),
)
async def test_what_is_wrong_with_a_year_is_named(desk: Desk, wrong: dict[str, object], path: str) -> None:
    answer = await desk.api.put(f"{HOLIDAYS}/2027", json=NOTICE | wrong)
    assert answer.status_code == 422
    assert path in paths(answer)
    assert (await desk.get("holidays/CN/2027"))["provisional"] is True


@pytest.mark.parametrize("year", ("1899", "2201", "x", "99999999999999999999", "-1"))
async def test_a_year_that_is_none_is_refused(desk: Desk, year: str) -> None:
    assert (await desk.api.get(f"{HOLIDAYS}/{year}")).status_code == 422


async def test_only_an_administrator_of_everything_supplies_a_year(desk: Desk, app: Milepost) -> None:
    for scope, jurisdiction in (("edit", None), ("read", None), ("admin", "a")):
        key = await desk.make("keys", name="k", scopes=[scope], jurisdiction=jurisdiction)
        async with client(app, key["key"]) as other:
            assert (await other.put(f"{HOLIDAYS}/2027", json=NOTICE)).status_code == 403, scope
    assert (await desk.get("holidays/CN/2027"))["provisional"] is True
