"""`/units` over HTTP."""

import asyncio

import httpx
import pytest

from service.app import Milepost
from service.kit.database import Database
from tests.conftest import client
from tests.flows.desk import API, Desk, journal, paths

UNITS = f"{API}/units"


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    made = Desk(api)
    await made.make("jurisdictions", code="a", name="甲区")
    return made


async def test_a_unit_is_answered_as_others_rely_on(desk: Desk) -> None:
    made = await desk.make("units", code="a.justice", name="区司法局", aliases=["区司法行政部门"], note="一\n二")
    assert {name: made[name] for name in ("code", "name", "aliases", "jurisdiction", "kind", "note", "retired_at")} == {
        "code": "a.justice",
        "name": "区司法局",
        "aliases": ["区司法行政部门"],
        "jurisdiction": "a",
        "kind": "department",
        "note": "一\n二",
        "retired_at": None,
    }
    assert await desk.get("units/a.justice") == made


async def test_units_and_groups_share_one_name_space(desk: Desk) -> None:
    await desk.make("units", code="a.x", name="单位")
    await desk.make("groups", code="a.g", name="组")
    assert (await desk.api.post(f"{API}/groups", json={"code": "a.x", "name": "组"})).status_code == 409
    assert (await desk.api.post(UNITS, json={"code": "a.g", "name": "单位"})).status_code == 409


@pytest.mark.parametrize(
    ("wrong", "path"),
    (
        ({"code": "justice"}, "code"),
        ({"code": "A.justice"}, "code"),
        ({"code": "a.justice.more"}, "code"),
        ({"code": "a." + "x" * 100}, "code"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"aliases": ["x"] * 51}, "aliases"),
        ({"aliases": "x"}, "aliases"),
        ({"kind": "bank"}, "kind"),
        ({"note": "x" * 2001}, "note"),
        ({"colour": "red"}, "colour"),
    ),
)
async def test_what_is_wrong_with_a_unit_is_named(desk: Desk, wrong: dict[str, object], path: str) -> None:
    answer = await desk.api.post(UNITS, json={"code": "a.x", "name": "单位"} | wrong)
    assert answer.status_code == 422, answer.text
    assert any(found.startswith(path) for found in paths(answer)), answer.text
    assert await desk.items("units") == []


async def test_a_code_begins_with_its_jurisdiction(desk: Desk) -> None:
    answer = await desk.api.post(UNITS, json={"code": "b.x", "jurisdiction": "a", "name": "单位"})
    assert answer.status_code in (409, 422)
    assert paths(answer) == ["code"]


async def test_a_unit_of_nowhere_is_refused(desk: Desk) -> None:
    answer = await desk.api.post(UNITS, json={"code": "nowhere.x", "name": "单位"})
    assert answer.status_code in (409, 422)
    assert paths(answer) == ["jurisdiction"]


@pytest.mark.parametrize(
    ("q", "codes"),
    (
        ("司法", ["a.justice"]),
        ("ＪＵＳＴＩＣＥ", ["a.justice"]),
        ("Justice", ["a.justice"]),
        ("区 司 法 局", ["a.justice"]),
        ("市政府辦公廳", ["a.office"]),
        ("100%", ["a.percent"]),
        ("1%", []),
        ("%", ["a.percent"]),
        ("_", ["a.percent"]),
        ("\\", []),
        ("（镇）", ["a.percent"]),
        ("a.", ["a.justice", "a.office", "a.percent"]),
        ("", ["a.justice", "a.office", "a.percent"]),
    ),
)
@pytest.mark.both
async def test_units_are_found_by_code_name_and_alias(desk: Desk, q: str, codes: list[str]) -> None:
    await desk.make("units", code="a.justice", name="区司法局")
    await desk.make("units", code="a.office", name="市政府办公厅", aliases=["市政府辦公廳"])
    await desk.make("units", code="a.percent", name="100%_(镇)", kind="town")
    assert [unit["code"] for unit in await desk.items("units", q=q)] == codes


async def test_units_are_narrowed_by_kind_and_jurisdiction(desk: Desk) -> None:
    await desk.make("jurisdictions", code="b", name="乙")
    await desk.make("units", code="a.x", name="x")
    await desk.make("units", code="a.y", name="y", kind="town")
    await desk.make("units", code="b.x", name="x")
    assert [unit["code"] for unit in await desk.items("units", kind="town")] == ["a.y"]
    assert [unit["code"] for unit in await desk.items("units", jurisdiction="b")] == ["b.x"]
    assert [unit["code"] for unit in await desk.items("units", limit=1)] == ["a.x", "a.y", "b.x"]


async def test_a_unit_that_answers_for_something_open_cannot_go(desk: Desk) -> None:
    await desk.town("b", units="xyz")
    await desk.plan(jurisdiction="b")
    made = await desk.task("b.x", due={"value": "2024-11"})
    refused = await desk.try_end("units/b.x")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:milepost:problem:in-use")
    assert "'任务' (p/n1)" in refused.json()["detail"]
    await desk.change(f"milestones/{made['id']}", assignments=[{"unit": "b.y", "role": "lead"}])
    await desk.end("units/b.x")
    assert [unit["code"] for unit in await desk.items("units", jurisdiction="b")] == ["b.y", "b.z"]
    assert "b.x" in [unit["code"] for unit in await desk.items("units", retired="true")]
    again = await desk.try_change(f"milestones/{made['id']}", assignments=[{"unit": "b.x", "role": "lead"}])
    assert again.status_code in (409, 422)
    await desk.end(f"milestones/{made['id']}")
    await desk.end("units/b.y")


async def test_a_unit_of_an_archived_plan_may_go(desk: Desk) -> None:
    await desk.town("b")
    await desk.plan(jurisdiction="b", issuer="b.y")
    await desk.task("b.x", due={"value": "2024-11"})
    assert (await desk.try_end("units/b.y")).status_code == 409  # it issued the plan
    await desk.end("plans/p")
    await desk.end("units/b.x")
    await desk.end("units/b.y")


async def test_a_member_of_a_group_cannot_go_until_it_has_left(desk: Desk) -> None:
    await desk.make("units", code="a.x", name="x")
    await desk.make("groups", code="a.g", name="组", members=[{"member": "a.x", "until_on": "2024-10-01"}])
    assert (await desk.try_end("units/a.x")).status_code == 409
    await desk.change("groups/a.g", members=[{"member": "a.x", "until_on": "2024-09-30"}])
    await desk.end("units/a.x")


async def test_going_and_coming_back_is_recorded_with_when(desk: Desk) -> None:
    await desk.make("units", code="a.x", name="x")
    await desk.end("units/a.x")
    await desk.end("units/a.x")
    revived = await desk.change("units/a.x")
    assert revived["retired_at"] is None
    facts = await desk.facts(subject="a.x")
    assert [fact["kind"] for fact in facts] == ["unit.updated", "unit.retired", "unit.created"]
    assert [(fact["before"] or {}).get("retired_at") for fact in facts] == ["2024-10-01T00:00:00+00:00", None, None]
    assert facts[1]["after"]["retired_at"] == "2024-10-01T00:00:00+00:00"


@pytest.mark.both
async def test_two_editors_with_the_same_version_never_both_win(desk: Desk) -> None:
    tag = (await desk.make("units", code="a.x", name="x"))["etag"]
    answers = await asyncio.gather(*(desk.try_change("units/a.x", if_match=tag, name=f"名{n}") for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert len(await desk.facts(subject="a.x")) == 2


@pytest.mark.both
async def test_two_who_make_the_same_unit_make_one(desk: Desk) -> None:
    body = {"code": "a.x", "name": "单位"}
    answers = await asyncio.gather(*(desk.api.post(UNITS, json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_creation_sent_again_makes_one_unit(desk: Desk, database: Database) -> None:
    once = {"Idempotency-Key": "k"}
    answers = [await desk.api.post(UNITS, json={"code": "a.x", "name": "x"}, headers=once) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.content for answer in answers}) == 1
    assert [fact.kind for fact in await journal(database)].count("unit.created") == 1


async def test_a_key_changes_only_units_of_its_own_subtree(desk: Desk, app: Milepost) -> None:
    await desk.make("jurisdictions", code="below", name="下级", parent="a")
    await desk.make("jurisdictions", code="b", name="别处")
    await desk.make("units", code="b.x", name="x")
    key = await desk.make("keys", name="e", scopes=["edit"], jurisdiction="a")
    async with client(app, key["key"]) as talking:
        theirs = Desk(talking)
        await theirs.make("units", code="a.x", name="x")
        await theirs.make("units", code="below.x", name="x")
        assert (await talking.post(UNITS, json={"code": "b.y", "name": "y"})).status_code == 403
        assert (await theirs.try_change("units/b.x", name="y")).status_code == 403
        assert (await theirs.try_end("units/b.x")).status_code == 403
        one = {"items": [{"op": "change", "target": "b.x", "if_match": "*", "values": {"name": "y"}}]}
        answer = await talking.post(f"{UNITS}:bulk", json=one)
        assert [result["status"] for result in answer.json()["results"]] == [403]
    assert (await desk.get("units/b.x"))["name"] == "x"
