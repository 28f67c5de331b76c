"""Many changes in one request."""

from typing import Any

import httpx
import pytest
from sqlmodel import select

from service.kit.database import Database
from service.units.models import Unit
from tests.flows.desk import API, Desk, journal


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    made = Desk(api)
    await made.town()
    await made.plan()
    return made


def _make(code: str, **more: Any) -> dict[str, Any]:
    return {"op": "create", "values": {"code": code, "name": code} | more}


def _change(target: str, if_match: str | None = "*", **values: Any) -> dict[str, Any]:
    return {"op": "change", "target": target, "if_match": if_match, "values": values}


def _end(target: str, if_match: str | None = "*") -> dict[str, Any]:
    return {"op": "end", "target": target, "if_match": if_match}


async def _bulk(desk: Desk, what: str, *items: dict[str, Any], dry_run: bool = False, **more: Any) -> dict[str, Any]:
    params = {"dry_run": "true"} if dry_run else {}
    answer = await desk.api.post(f"{API}/{what}:bulk", json={"items": items} | more, params=params)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_each_change_has_its_own_result_and_the_good_ones_stay(desk: Desk) -> None:
    stale = (await desk.get("units/a.x"))["etag"]
    await desk.change("units/a.x", name="改过")
    told = await _bulk(
        desk,
        "units",
        _make("a.new"),
        _make("a.y"),
        _change("a.x", stale, name="过时"),
        _change("a.x", None, name="无据"),
        _change("a.new", name="新名"),
        _change("a.nobody", name="x"),
        _end("a.z"),
        _change("a.y", name=None),
        _make("nowhere.x"),
    )
    assert [one["status"] for one in told["results"][:8]] == [201, 409, 412, 428, 200, 404, 200, 422]
    assert told["results"][8]["status"] in (409, 422)
    assert [one["index"] for one in told["results"]] == list(range(9))
    assert (told["applied"], told["succeeded"], told["failed"]) == (True, 3, 6)
    assert told["results"][7]["errors"][0]["path"] == "name"
    names = {unit["code"]: unit["name"] for unit in await desk.items("units")}
    assert names == {"a.new": "新名", "a.x": "改过", "a.y": "单位y"}


@pytest.mark.both
async def test_all_or_nothing_makes_nothing_when_one_fails(desk: Desk, database: Database) -> None:
    facts = len(await journal(database))
    told = await _bulk(desk, "units", _make("a.new"), _change("a.x", name="新"), _make("a.y"), atomic=True)
    assert [one["status"] for one in told["results"]] == [201, 200, 409]
    assert told["applied"] is False
    assert [unit["code"] for unit in await desk.items("units")] == ["a.x", "a.y", "a.z"]
    assert (await desk.get("units/a.x"))["name"] == "单位x"
    assert len(await journal(database)) == facts
    told = await _bulk(desk, "units", _make("a.new"), _change("a.x", name="新"), atomic=True)
    assert told["applied"] is True
    assert len(await journal(database)) == facts + 2


@pytest.mark.both
async def test_a_dry_run_answers_everything_and_leaves_no_trace(desk: Desk, database: Database) -> None:
    facts = len(await journal(database))
    told = await _bulk(desk, "units", _make("a.new"), _end("a.z"), _make("a.x"), dry_run=True)
    assert [one["status"] for one in told["results"]] == [201, 200, 409]
    assert told["results"][0]["item"]["code"] == "a.new"
    assert told["applied"] is False
    async with database.read() as session:
        assert {unit.code for unit in await session.exec(select(Unit))} == {"a.x", "a.y", "a.z"}
    assert len(await journal(database)) == facts


async def test_only_the_facts_of_what_was_done_are_recorded(desk: Desk, database: Database) -> None:
    facts = len(await journal(database))
    made = {"plan": "p", "title": "一", "due": {"value": "2024-10"}, "assignments": [{"unit": "a.x", "role": "lead"}]}
    wrong = made | {"assignments": [{"unit": "a.nobody", "role": "lead"}]}
    await _bulk(
        desk,
        "milestones",
        {"op": "create", "values": made},
        {"op": "create", "values": wrong},
        {"op": "create", "values": made},
    )
    added = [fact.kind for fact in (await journal(database))[facts:]]
    assert added == ["milestone.created", "occurrence.created"] * 2


@pytest.mark.both
async def test_milestones_are_made_changed_and_cancelled_in_the_order_in_which_they_stand(desk: Desk) -> None:
    one = await desk.task("a.x", key="1", due={"value": "2024-10"})
    two = await desk.task("a.x", key="2", due={"value": "2024-11"})
    told = await _bulk(
        desk,
        "milestones",
        _change(one["id"], one["etag"], due={"value": "2024-12"}),
        _change(one["id"], one["etag"], title="以旧改新"),
        _end(two["id"]),
        {"op": "create", "values": {"plan": "p", "key": "3", "title": "新"}},
        {"op": "create", "values": {"plan": "p", "key": "3", "title": "又"}},
        _change(two["id"], status="active", due={"value": "2025-01"}),
    )
    assert [result["status"] for result in told["results"]] == [200, 412, 200, 201, 409, 200]
    assert await desk.dues() == {"2024-12": "2024-12-31", "2025-01": "2025-01-31"}


@pytest.mark.both
async def test_a_failure_between_leaves_the_work_before_and_after_it_whole(desk: Desk) -> None:
    await desk.make("groups", code="a.g", name="组", members=[{"member": "a.x"}])
    one = await desk.task(":a.g", key="1", due={"rrule": "FREQ=YEARLY"})
    told = await _bulk(
        desk,
        "milestones",
        _change(one["id"], due={"rrule": "FREQ=YEARLY;BYMONTH=3"}),
        _change(one["id"], due={"value": "2024-02-30"}),
        _change(one["id"], title="之后"),
    )
    assert [result["status"] for result in told["results"]] == [200, 422, 200]
    assert await desk.answering() == {"2024-03": ["a.x"], "2025-03": ["a.x"]}
    now = await desk.get(f"milestones/{one['id']}")
    assert (now["title"], now["due"]["rrule"]) == ("之后", "FREQ=YEARLY;BYMONTH=3")


async def test_a_bulk_sent_again_happens_once(desk: Desk) -> None:
    body = {"items": [_make("a.new")]}
    answers = [await desk.api.post(f"{API}/units:bulk", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert len(await desk.facts(subject="a.new")) == 1


@pytest.mark.parametrize(
    "items",
    ([], [{"op": "burn", "target": "a.x"}], [{"op": "create"}], [_make("a.x")] * 501, [{"op": "end", "target": ""}]),
)
async def test_a_bulk_that_is_none_is_refused_whole(desk: Desk, items: list[Any]) -> None:
    answer = await desk.api.post(f"{API}/units:bulk", json={"items": items})
    assert answer.status_code == 422
    assert answer.json()["errors"]
