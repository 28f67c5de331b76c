"""`/occurrences` over HTTP."""

import httpx
import pytest

from tests.flows.desk import API, Desk

OCCURRENCES = f"{API}/occurrences"


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    made = Desk(api)
    await made.town()
    await made.plan()
    return made


async def test_an_occurrence_is_answered_as_others_rely_on(desk: Desk) -> None:
    made = await desk.task("a.x", "a.y", due={"value": "2024-10", "time": "17:00"})
    (one,) = await desk.items("occurrences")
    assert {
        name: one[name] for name in ("milestone", "plan", "period", "window_start", "nominal_due_on", "due_on")
    } == {
        "milestone": made["id"],
        "plan": "p",
        "period": "2024-10",
        "window_start": "2024-10-01",
        "nominal_due_on": "2024-10-31",
        "due_on": "2024-10-31",
    }
    assert (one["due_time"], one["time_zone"], one["days_left"]) == ("17:00:00", "Asia/Shanghai", 30)
    assert one["provisional"] is False
    assert [(unit["code"], unit["role"], unit["status"], unit["light"]) for unit in one["units"]] == [
        ("a.x", "lead", "pending", "yellow"),
        ("a.y", "lead", "pending", "yellow"),
    ]
    assert await desk.get(f"occurrences/{one['id']}") == one


@pytest.mark.parametrize(
    ("value", "light", "days_left"),
    (
        ("2024-09-30", "red", -1),
        ("2024-10-01", "yellow", 0),
        ("2024-10-31", "yellow", 30),
        ("2024-11-01", "green", 31),
    ),
)
async def test_lights_count_days_where_the_plan_is(desk: Desk, value: str, light: str, days_left: int) -> None:
    # It is 00:00 of 1 October in London, and 08:00 in Shanghai.
    await desk.task("a.x", due={"value": value})
    (one,) = await desk.items("occurrences")
    assert ([unit["light"] for unit in one["units"]], one["days_left"]) == ([light], days_left)


async def test_today_is_the_plans_own(desk: Desk) -> None:
    await desk.change("plans/p", time_zone="America/New_York")  # where it is still 30 September
    await desk.task("a.x", due={"value": "2024-09-30"})
    (one,) = await desk.items("occurrences")
    assert (one["time_zone"], one["days_left"], one["units"][0]["light"]) == ("America/New_York", 0, "yellow")


@pytest.mark.both
async def test_occurrences_come_by_date_and_those_without_one_last(desk: Desk) -> None:
    await desk.task("a.x", title="长期", due={"open": True})
    await desk.task("a.x", title="十二月", due={"value": "2024-12"})
    await desk.task("a.x", title="收到建议", due={"on_event": "收到司法建议"})
    await desk.task("a.x", title="三月", due={"rrule": "FREQ=YEARLY;BYMONTH=3"})
    for limit in (1, 2, 100):
        found = await desk.items("occurrences", limit=limit)
        assert [one["due_on"] for one in found] == ["2024-03-31", "2024-12-31", "2025-03-31", None, None]
        assert {one["title"] for one in found[3:]} == {"长期", "收到建议"}
        assert len({one["id"] for one in found}) == 5


@pytest.mark.both
async def test_pages_neither_repeat_nor_skip_on_a_day_with_many(desk: Desk) -> None:
    for number in range(12):
        await desk.task("a.x", title=f"任务{number}", due={"value": "2024-10"})
    found = await desk.items("occurrences", limit=5)
    assert len(found) == len({one["id"] for one in found}) == 12


@pytest.mark.both
async def test_what_is_added_meanwhile_neither_hides_nor_repeats_others(desk: Desk) -> None:
    for month in ("10", "11", "12"):
        await desk.task("a.x", due={"value": f"2024-{month}"})
    first = await desk.get("occurrences", limit=2)
    await desk.task("a.x", due={"value": "2024-01"})
    await desk.task("a.x", due={"value": "2025-01"})
    second = await desk.get("occurrences", limit=2, cursor=first["next"])
    assert [one["period"] for one in second["items"]] == ["2024-12", "2025-01"]


@pytest.mark.parametrize(
    ("query", "periods"),
    (
        ({"unit": "a.x"}, ["2024-10", "open"]),
        ({"unit": "a.y"}, ["2024-11", "2025-11"]),
        ({"unit": "a.y", "role": "support"}, ["2024-11", "2025-11"]),
        ({"unit": "a.y", "role": "lead"}, []),
        ({"kind": "duty"}, ["2024-11", "2025-11"]),
        ({"due_from": "2024-10-31", "due_to": "2024-11-30"}, ["2024-10", "2024-11"]),
        ({"due_from": "2024-12-01"}, ["2025-11"]),
        ({"status": "cancelled"}, ["2024-08"]),
        ({"plan": "p", "status": "active"}, ["2024-10", "2024-11", "2025-11", "open"]),
        ({"plan": "q"}, []),
        ({"jurisdiction": "a", "unit": "a.z"}, ["2024-08"]),
        ({"q": "评 查"}, ["2024-10"]),
        ({"q": "%"}, []),
    ),
)
@pytest.mark.both
async def test_occurrences_are_found(desk: Desk, query: dict[str, str], periods: list[str]) -> None:
    await desk.make("groups", code="a.g", name="组", members=[{"member": "a.y"}])
    await desk.task("a.x", title="案卷评查", due={"value": "2024-10"})
    support = [{"group": "a.g", "role": "support"}]
    await desk.task(kind="duty", due={"rrule": "FREQ=YEARLY;BYMONTH=11"}, assignments=support)
    await desk.task("a.x", due={"open": True})
    gone = await desk.task("a.z", due={"value": "2024-08"})
    await desk.end(f"milestones/{gone['id']}")
    assert [one["period"] for one in await desk.items("occurrences", **query)] == periods


async def test_a_window_and_a_term_say_when_they_begin(desk: Desk) -> None:
    await desk.task("a.x", kind="window", due={"value": "2024-02-23/2024-03-24"})
    await desk.task("a.x", due={"within_term": "plan"})
    await desk.task("a.x", due={"within_term": {"years": 3, "from": "2024-05-01"}})
    found = [(one["window_start"], one["due_on"]) for one in await desk.items("occurrences")]
    assert found == [("2024-02-23", "2024-03-24"), ("2024-01-01", "2025-12-31"), ("2024-05-01", "2027-04-30")]


@pytest.mark.parametrize("cursor", ("x", "WzEsMl0", "WyJ5ZXN0ZXJkYXkiLCJvYyJd", "WyIyMDI0LTAxLTAxIiwib2MiLDFd"))
async def test_a_cursor_of_another_list_is_none(desk: Desk, cursor: str) -> None:
    answer = await desk.api.get(OCCURRENCES, params={"cursor": cursor})
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["path"] == "cursor"


async def test_an_occurrence_that_is_not_there_is_not_found(desk: Desk) -> None:
    assert (await desk.api.get(f"{OCCURRENCES}/oc_none")).status_code == 404
    assert (await desk.api.get(f"{OCCURRENCES}/{'x' * 300}")).status_code in (404, 422)
