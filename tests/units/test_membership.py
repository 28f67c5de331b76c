"""A group's task belongs to each unit that is a member when it falls due."""

from datetime import date

import httpx
import pytest

from service.units.rules import Member, circle, member_twice, nearest, units_of
from tests.flows.desk import Desk, paths


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    made = Desk(api)
    await made.town()
    await made.plan()
    return made


async def _group(desk: Desk, word: str, *members: object) -> None:
    given = [{"member": each} if isinstance(each, str) else each for each in members]
    await desk.make("groups", code=f"a.{word}", name=f"组{word}", members=given)


async def test_who_joins_between_two_dates_answers_for_the_second(desk: Desk) -> None:
    await _group(desk, "g", "a.x", {"member": "a.y", "from_on": "2024-12-01"})
    await desk.task(":a.g", due={"rrule": "FREQ=YEARLY;BYMONTH=11"})
    assert await desk.answering() == {"2024-11": ["a.x"], "2025-11": ["a.x", "a.y"]}


async def test_both_ends_of_a_membership_belong_to_it(desk: Desk) -> None:
    await _group(desk, "g", {"member": "a.x", "from_on": "2024-11-30", "until_on": "2024-11-30"}, "a.y")
    await desk.task(":a.g", due={"rrule": "FREQ=YEARLY;BYMONTH=11"})
    assert await desk.answering() == {"2024-11": ["a.x", "a.y"], "2025-11": ["a.y"]}


async def test_a_membership_that_changes_changes_who_answers(desk: Desk) -> None:
    await _group(desk, "g", "a.x")
    await desk.task(":a.g", due={"rrule": "FREQ=YEARLY;BYMONTH=11"})
    await desk.change(
        "groups/a.g", members=[{"member": "a.x", "until_on": "2025-06-30"}, {"member": "a.y", "from_on": "2025-07-01"}]
    )
    assert await desk.answering() == {"2024-11": ["a.x"], "2025-11": ["a.y"]}
    assert len(await desk.items("milestones", unit="a.y")) == 1


async def test_a_group_within_a_group_is_followed_with_the_dates_of_both(desk: Desk) -> None:
    await _group(desk, "inner", "a.y", {"member": "a.z", "from_on": "2025-01-01"})
    await _group(desk, "outer", "a.x", {"member": "a.inner", "until_on": "2025-10-31"})
    await desk.task(":a.outer", due={"rrule": "FREQ=YEARLY;BYMONTH=6,12"})
    assert await desk.answering() == {
        "2024-06": ["a.x", "a.y"],
        "2024-12": ["a.x", "a.y"],
        "2025-06": ["a.x", "a.y", "a.z"],
        "2025-12": ["a.x"],
    }
    await desk.change("groups/a.inner", members=[{"member": "a.z"}])
    assert (await desk.answering())["2024-06"] == ["a.x", "a.z"]


async def test_a_group_that_was_emptied_leaves_a_task_that_nobody_answers_for(desk: Desk) -> None:
    await _group(desk, "g", "a.x")
    await desk.task(":a.g", due={"value": "2024-11"})
    await desk.change("groups/a.g", members=[])
    assert await desk.answering() == {"2024-11": []}
    findings = (await desk.get("plans/p/findings"))["items"]
    assert "no_unit" in {one["code"] for one in findings}


async def test_a_unit_named_itself_and_in_a_group_answers_once_in_its_strongest_role(desk: Desk) -> None:
    await _group(desk, "g", "a.x", "a.y")
    roles = [{"group": "a.g", "role": "support"}, {"unit": "a.x", "role": "lead"}]
    await desk.task(due={"value": "2024-11"}, assignments=roles)
    (one,) = await desk.items("occurrences")
    assert [(unit["code"], unit["role"], unit["via"]) for unit in one["units"]] == [
        ("a.x", "lead", None),
        ("a.y", "support", "a.g"),
    ]


async def test_what_has_no_date_belongs_to_the_members_without_an_end(desk: Desk) -> None:
    await _group(desk, "g", "a.x", {"member": "a.y", "until_on": "2030-12-31"})
    await desk.task(":a.g", due={"phrase": "长期坚持", "open": True})
    assert await desk.answering() == {"open": ["a.x"]}


@pytest.mark.parametrize("members", (["a.g"], ["a.x", "a.h"], ["a.i"]))
async def test_a_group_never_contains_itself(desk: Desk, members: list[str]) -> None:
    await _group(desk, "g", "a.x")
    await _group(desk, "h", "a.g")
    await _group(desk, "i", "a.h")
    refused = await desk.try_change("groups/a.g", members=[{"member": each} for each in members])
    assert refused.status_code == 422
    assert "contain itself" in refused.text
    assert [one["member"] for one in (await desk.get("groups/a.g"))["members"]] == ["a.x"]


async def test_a_circle_through_dates_that_never_meet_is_one_too(desk: Desk) -> None:
    await _group(desk, "g", "a.x")
    await _group(desk, "h", {"member": "a.g", "until_on": "2024-01-01"})
    refused = await desk.try_change("groups/a.g", members=[{"member": "a.h", "from_on": "2025-01-01"}])
    assert refused.status_code == 422


async def test_nobody_is_a_member_twice_at_the_same_time(desk: Desk) -> None:
    await _group(desk, "g")
    twice = [{"member": "a.x", "until_on": "2024-06-30"}, {"member": "a.x", "from_on": "2024-06-30"}]
    refused = await desk.try_change("groups/a.g", members=twice)
    assert (refused.status_code, paths(refused)) == (422, ["members.1"])
    apart = [twice[0], {"member": "a.x", "from_on": "2024-07-01"}]
    assert len((await desk.change("groups/a.g", members=apart))["members"]) == 2


async def test_a_membership_that_ends_before_it_begins_is_refused(desk: Desk) -> None:
    wrong = [{"member": "a.x", "from_on": "2024-02-01", "until_on": "2024-01-31"}]
    await _group(desk, "g")
    refused = await desk.try_change("groups/a.g", members=wrong)
    assert (refused.status_code, paths(refused)) == (422, ["members.0"])


async def test_who_belongs_to_a_group_on_a_day_can_be_asked(desk: Desk) -> None:
    await _group(desk, "g", {"member": "a.x", "until_on": "2024-09-30"}, {"member": "a.y", "from_on": "2024-10-01"})
    assert (await desk.get("groups/a.g/units", on="2024-09-30"))["units"] == ["a.x"]
    # It is 1 October in Shanghai; nobody has to say so.
    assert await desk.get("groups/a.g/units") == {"on": "2024-10-01", "units": ["a.y"]}


def test_units_come_in_the_groups_order_and_each_once() -> None:
    membership = {"o": [Member("b"), Member("i"), Member("a")], "i": [Member("a"), Member("b"), Member("c")]}
    assert units_of("o", membership, on=date(2024, 1, 1)) == ("b", "a", "c")


def test_a_circle_is_told_as_a_chain() -> None:
    assert circle({"a": [Member("b")], "b": [Member("c")], "c": [Member("a")]}) == ("a", "b", "c", "a")
    assert circle({"a": [Member("b"), Member("c")], "b": [Member("c")], "c": []}) == ()


def test_a_member_that_came_back_is_no_member_twice() -> None:
    first = Member("x", None, date(2024, 1, 31))
    assert member_twice([first, Member("y"), Member("x", date(2024, 2, 1))]) is None
    assert member_twice([first, Member("y"), Member("x", date(2024, 1, 31))]) == 2


def test_the_nearest_names_are_found_whatever_their_width_and_case() -> None:
    assert nearest("ａ.Justise", ["a.finance", "a.justice"])[0] == "a.justice"
    assert nearest("完全不同", ["a.justice"]) == ()
