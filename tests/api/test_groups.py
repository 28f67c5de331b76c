"""`/groups` over HTTP; what membership means stands in tests/units/."""

import asyncio

import httpx
import pytest

from tests.flows.desk import API, Desk, paths

GROUPS = f"{API}/groups"


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    made = Desk(api)
    await made.town()
    return made


@pytest.mark.both
async def test_a_group_is_answered_with_its_members_in_order(desk: Desk) -> None:
    members = [
        {"member": "a.z", "from_on": "2024-01-01", "until_on": None},
        {"member": "a.x", "from_on": None, "until_on": "2025-12-31"},
    ]
    made = await desk.make("groups", code="a.g", name="各部门", aliases=["各单位"], vague=True, members=members)
    assert (made["members"], made["vague"], made["jurisdiction"]) == (members, True, "a")
    assert await desk.get("groups/a.g") == made
    assert [group["code"] for group in await desk.items("groups", q="各单位")] == ["a.g"]
    assert await desk.items("groups", q="各单位", jurisdiction="b") == []


async def test_members_that_change_change_the_version(desk: Desk) -> None:
    made = await desk.make("groups", code="a.g", name="组", members=[{"member": "a.x"}])
    same = await desk.change("groups/a.g", members=[{"member": "a.x"}])
    assert same["etag"] == made["etag"]
    other = await desk.change("groups/a.g", members=[{"member": "a.x"}, {"member": "a.y"}])
    assert other["etag"] != made["etag"]
    (fact, *_) = await desk.facts(subject="a.g")
    assert [one["member"] for one in fact["before"]["members"]] == ["a.x"]
    assert [one["member"] for one in fact["after"]["members"]] == ["a.x", "a.y"]


@pytest.mark.parametrize(
    ("members", "path"),
    (
        ([{"member": "a.nobody"}], "members.0"),
        ([{"member": "a.x"}, {"member": "a.x"}], "members.1"),
        ([{"member": "a.x", "from_on": "2024-02-30"}], "members.0.from_on"),
        ([{"member": "a.x", "from_on": "12024-01-01"}], "members.0.from_on"),
        ([{"member": "a.x", "since": "2024-01-01"}], "members.0.since"),
        ([{"unit": "a.x"}], "members.0"),
    ),
)
async def test_what_is_wrong_with_members_is_named(desk: Desk, members: list[object], path: str) -> None:
    answer = await desk.api.post(GROUPS, json={"code": "a.g", "name": "组", "members": members})
    assert answer.status_code in (409, 422), answer.text
    assert any(found.startswith(path) for found in paths(answer)), answer.text
    assert await desk.items("groups") == []


async def test_a_group_that_answers_for_something_open_cannot_go(desk: Desk) -> None:
    await desk.make("groups", code="a.g", name="组", members=[{"member": "a.x"}])
    await desk.make("groups", code="a.h", name="外组", members=[{"member": "a.g"}])
    await desk.plan()
    made = await desk.task(":a.h", due={"value": "2024-11"})
    assert (await desk.try_end("groups/a.h")).status_code == 409
    assert (await desk.try_end("groups/a.g")).status_code == 409  # a member of the other
    await desk.end(f"milestones/{made['id']}")
    await desk.end("groups/a.h")
    await desk.end("groups/a.g")


@pytest.mark.both
async def test_two_editors_of_members_never_both_win(desk: Desk) -> None:
    tag = (await desk.make("groups", code="a.g", name="组"))["etag"]
    answers = await asyncio.gather(
        *(desk.try_change("groups/a.g", if_match=tag, members=[{"member": f"a.{word}"}]) for word in "xyz")
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    (won,) = [answer.json()["members"] for answer in answers if answer.status_code == 200]
    assert (await desk.get("groups/a.g"))["members"] == won


@pytest.mark.both
async def test_a_task_made_while_its_group_changes_belongs_to_the_members_of_after(desk: Desk) -> None:
    await desk.make("groups", code="a.g", name="组", members=[{"member": "a.x"}])
    await desk.plan()
    body = {
        "plan": "p",
        "title": "任务",
        "due": {"value": "2024-11"},
        "assignments": [{"group": "a.g", "role": "lead"}],
    }
    for _round in range(4):
        for word in "yx":
            answers = await asyncio.gather(
                desk.try_change("groups/a.g", members=[{"member": f"a.{word}"}]),
                desk.api.post(f"{API}/milestones", json=body),
            )
            assert [answer.status_code for answer in answers] == [200, 201]
            for one in await desk.items("occurrences"):
                assert [unit["code"] for unit in one["units"]] == [f"a.{word}"]
