"""An occurrence keeps its id through whatever happens to its due specification."""

import httpx
import pytest

from tests.flows.desk import Desk, paths


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    made = Desk(api)
    await made.town()
    await made.plan()
    return made


def _yearly(month: int) -> dict[str, str]:
    return {"rrule": f"FREQ=YEARLY;BYMONTH={month}"}


async def test_a_date_that_moved_is_the_same_one(desk: Desk) -> None:
    made = await desk.task("a.x", due={"value": "2024-10"})
    before = await desk.ids()
    await desk.change(f"milestones/{made['id']}", due={"value": "2024-12"})
    after = await desk.ids()
    assert before["2024-10"] == after["2024-12"]
    assert len(after) == 1
    one = await desk.get(f"occurrences/{after['2024-12']}")
    assert (one["due_on"], one["moved_from"]) == ("2024-12-31", "2024-10-31")
    assert (await desk.facts(subject=one["id"]))[0]["kind"] == "occurrence.rescheduled"


async def test_a_duty_that_moved_from_march_to_april_keeps_every_year(desk: Desk) -> None:
    made = await desk.task("a.x", kind="duty", due=_yearly(3))
    before = await desk.ids()
    await desk.change(f"milestones/{made['id']}", due=_yearly(4))
    after = await desk.ids()
    assert after == {"2024-04": before["2024-03"], "2025-04": before["2025-03"]}
    await desk.change(f"milestones/{made['id']}", due=_yearly(3))
    assert await desk.ids() == before


async def test_two_milestones_may_change_their_months(desk: Desk) -> None:
    one, two = await desk.task("a.x", due={"value": "2024-10"}), await desk.task("a.x", due={"value": "2024-12"})
    before = await desk.ids()
    await desk.change(f"milestones/{one['id']}", due={"value": "2024-12"})
    await desk.change(f"milestones/{two['id']}", due={"value": "2024-10"})
    after = {item["milestone"]: item["id"] for item in await desk.items("occurrences")}
    assert after == {one["id"]: before["2024-10"], two["id"]: before["2024-12"]}


async def test_a_duty_that_grew_to_two_months_and_came_down_to_the_other_stays_sound(desk: Desk) -> None:
    made = await desk.task("a.x", due=_yearly(4))
    first = await desk.ids()
    for months in ("3,4", "3", "4", "3", "3,4", "4"):
        await desk.change(f"milestones/{made['id']}", due={"rrule": f"FREQ=YEARLY;BYMONTH={months}"})
        expected = {f"{year}-0{month}" for year in (2024, 2025) for month in months.split(",")}
        assert set(await desk.ids()) == expected
    assert await desk.ids() == first
    everything = [(item["milestone"], item["period"]) for item in await desk.items("occurrences")]
    assert len(set(everything)) == len(everything)


async def test_a_duty_may_change_between_months_quarters_and_years(desk: Desk) -> None:
    made = await desk.task("a.x", due={"rrule": "FREQ=MONTHLY"})
    monthly = await desk.ids()
    assert len(monthly) == 24
    await desk.change(f"milestones/{made['id']}", due={"rrule": "FREQ=YEARLY"})
    assert set(await desk.ids()) == {"2024", "2025"}
    await desk.change(f"milestones/{made['id']}", due={"rrule": "FREQ=MONTHLY;INTERVAL=3"})
    assert len(await desk.ids()) == 8
    await desk.change(f"milestones/{made['id']}", due={"value": "2025-06"})
    assert set(await desk.ids()) == {"2025-06"}
    await desk.change(f"milestones/{made['id']}", due={"rrule": "FREQ=MONTHLY"})
    again = await desk.ids()
    assert set(again) == set(monthly)
    # Whatever else it was meanwhile: January 2024 is January 2024.
    assert again["2024-01"] == monthly["2024-01"]


async def test_a_period_that_shrinks_cancels_and_one_that_grows_again_brings_back(desk: Desk) -> None:
    await desk.task("a.x", due={"rrule": "FREQ=YEARLY"})
    before = await desk.ids()
    await desk.change("plans/p", period={"start": "2024-01-01", "end": "2024-12-31"})
    assert await desk.ids() == {"2024": before["2024"]}
    gone = await desk.get(f"occurrences/{before['2025']}")
    assert gone["status"] == "cancelled"
    assert gone["cancelled_at"] == "2024-10-01T00:00:00Z"
    assert [unit["light"] for unit in gone["units"]] == ["grey"]
    await desk.change("plans/p", period={"start": "2024-01-01", "end": "2026-12-31"})
    after = await desk.ids()
    assert set(after) == {"2024", "2025", "2026"}
    assert after["2025"] == before["2025"]


async def test_a_milestone_called_off_and_taken_up_again_keeps_its_dates(desk: Desk) -> None:
    made = await desk.task("a.x", due=_yearly(3))
    before = await desk.ids()
    await desk.end(f"milestones/{made['id']}")
    assert await desk.ids() == {}
    assert (await desk.get(f"milestones/{made['id']}"))["status"] == "cancelled"
    await desk.change(f"milestones/{made['id']}", status="active")
    assert await desk.ids() == before
    kinds = [fact["kind"] for fact in await desk.facts(subject=before["2024-03"])]
    assert kinds == ["occurrence.rescheduled", "occurrence.cancelled", "occurrence.created"]


async def test_a_milestone_taken_up_again_with_another_date_is_the_same_one(desk: Desk) -> None:
    made = await desk.task("a.x", due={"value": "2024-10"})
    before = await desk.ids()
    await desk.end(f"milestones/{made['id']}")
    await desk.change(f"milestones/{made['id']}", status="active", due={"value": "2025-01"})
    assert await desk.ids() == {"2025-01": before["2024-10"]}


async def test_an_archived_plan_owes_nothing_and_published_again_owes_the_same(desk: Desk) -> None:
    await desk.task("a.x", due=_yearly(3))
    before = await desk.ids()
    await desk.end("plans/p")
    assert await desk.ids() == {}
    assert [item["plan"] for item in await desk.items("occurrences")] == ["p", "p"]
    await desk.change("plans/p", status="published")
    assert await desk.ids() == before
    assert (await desk.get("plans/p"))["archived_at"] is None


async def test_before_a_month_follows_how_the_plan_reads_it(desk: Desk) -> None:
    await desk.task("a.x", due={"phrase": "2024年10月前", "value": "2024-10", "boundary": "before"})
    before = await desk.ids()
    assert await desk.dues() == {"2024-10": "2024-10-31"}
    await desk.change("plans/p", before_month="exclusive")
    assert await desk.dues() == {"2024-10": "2024-09-30"}
    assert await desk.ids() == before
    await desk.change("plans/p", before_month="inclusive")
    assert await desk.dues() == {"2024-10": "2024-10-31"}


async def test_undated_tasks_follow_the_plans_default(desk: Desk) -> None:
    made = await desk.task("a.x")
    await desk.task("a.x", due={"value": "2024-11"})
    assert await desk.dues() == {"2024-11": "2024-11-30"}
    assert (await desk.get(f"milestones/{made['id']}"))["due"] is None
    await desk.change("plans/p", default_due={"phrase": "2024年年底前", "value": "2024", "boundary": "by_end"})
    first = await desk.ids()
    assert await desk.dues() == {"2024-11": "2024-11-30", "2024": "2024-12-31"}
    shown = await desk.get(f"milestones/{made['id']}")
    assert (shown["due_inherited"], shown["due"]["value"]) == (True, "2024")
    await desk.change("plans/p", default_due={"value": "2025-06"})
    assert (await desk.ids())["2025-06"] == first["2024"]
    await desk.change("plans/p", default_due=None)
    assert await desk.dues() == {"2024-11": "2024-11-30"}


async def test_a_milestones_version_changes_with_the_default_that_it_shows(desk: Desk) -> None:
    made = await desk.task("a.x")
    await desk.change("plans/p", default_due={"value": "2024"})
    answer = await desk.api.get(f"/api/v1/milestones/{made['id']}", headers={"If-None-Match": made["etag"]})
    assert answer.status_code == 200
    assert answer.json()["due"]["value"] == "2024"


async def test_a_plan_without_period_cannot_hold_a_rule_without_end(desk: Desk) -> None:
    await desk.task("a.x", key="yearly", due=_yearly(3))
    refused = await desk.try_change("plans/p", period=None)
    assert refused.status_code == 422
    assert paths(refused) == ["milestones.yearly.due.rrule"]
    assert (await desk.get("plans/p"))["period"] == {"start": "2024-01-01", "end": "2025-12-31"}
    assert len(await desk.ids()) == 2


async def test_a_due_date_on_a_day_off_stays_unless_it_rolls(desk: Desk) -> None:
    made = await desk.task("a.x", due={"value": "2024-11"})
    assert await desk.dues() == {"2024-11": "2024-11-30"}  # a Saturday
    await desk.change(f"milestones/{made['id']}", due={"value": "2024-11", "roll": "preceding"})
    (one,) = await desk.items("occurrences")
    assert (one["nominal_due_on"], one["due_on"], one["provisional"]) == ("2024-11-30", "2024-11-29", False)
    assert one["dataset"].startswith("CN/chinesecalendar-")
    await desk.change(f"milestones/{made['id']}", due={"value": "2024-11", "roll": "following"})
    assert await desk.dues() == {"2024-11": "2024-12-02"}


async def test_a_change_of_words_alone_leaves_the_dates_alone(desk: Desk) -> None:
    made = await desk.task("a.x", due={"value": "2024-10"})
    (before,) = await desk.items("occurrences")
    await desk.change(f"milestones/{made['id']}", title="另一任务", note="改了名称")
    (after,) = await desk.items("occurrences")
    assert after["etag"] == before["etag"]
    assert after["title"] == "另一任务"
