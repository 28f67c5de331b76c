"""`/plans/{slug}/reminders`, `/milestones/{id}/reminders`, `/reminders`."""

from typing import Any

import httpx
import pytest

from service.app import Milepost
from tests.conftest import client
from tests.flows.desk import API, Desk, paths

OWN = {"offsets": ["-3wd", "0d"], "at": "17:30", "roll": "none"}


@pytest.fixture
async def desk(api: httpx.AsyncClient) -> Desk:
    made = Desk(api)
    await made.town()
    await made.plan()
    return made


@pytest.fixture(params=("plans/p/reminders", "milestones/{id}/reminders", "reminders"))
async def path(request: pytest.FixtureRequest, desk: Desk) -> str:
    """Where a policy can be set."""
    task = await desk.task("a.x", due={"value": "2024-11-07"})
    return str(request.param).format(id=task["id"])


async def _put(api: httpx.AsyncClient, path: str, sent: Any = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.put(f"{API}/{path}", json=OWN if sent is None else sent, headers=named)


async def _pending(desk: Desk) -> list[tuple[str, str, str]]:
    found = await desk.items("firings", status="pending")
    return [(one["offset"], one["civil_on"], one["civil_at"]) for one in found]


async def test_where_nothing_is_set_the_services_policy_holds(desk: Desk, path: str) -> None:
    answer = await desk.api.get(f"{API}/{path}")
    assert "etag" not in answer.headers
    assert answer.json() == {
        "offsets": ["-30d", "-7d", "-1d", "0d", "+1d", "+7d"],
        "at": "09:00",
        "roll": "preceding",
        "text": "-30d -7d -1d 0d +1d +7d at 09:00",
        "origin": "service",
        "etag": None,
    }


async def test_a_policy_is_set_answered_and_plans_the_notices_anew(desk: Desk, path: str) -> None:
    answer = await _put(desk.api, path)
    origin = {"plans": "plan", "milestones": "milestone"}.get(path.split("/", maxsplit=1)[0], "service")
    told = OWN | {"text": "-3wd 0d at 17:30 roll none", "origin": origin, "etag": '"r1"'}
    assert (answer.status_code, answer.headers["etag"], answer.json()) == (200, '"r1"', told)
    assert await desk.get(path) == told
    assert await _pending(desk) == [("-3wd", "2024-11-04", "17:30"), ("0d", "2024-11-07", "17:30")]


@pytest.mark.both
async def test_nobody_overwrites_a_policy_that_they_have_not_seen(desk: Desk, path: str) -> None:
    assert (await _put(desk.api, path, If_Match='"r1"')).status_code == 412
    assert (await _put(desk.api, path, If_None_Match="*")).status_code == 200
    other: dict[str, Any] = {"offsets": []}
    assert (await _put(desk.api, path, other)).status_code == 428
    assert (await _put(desk.api, path, other, If_None_Match="*")).status_code == 412
    assert (await _put(desk.api, path, other, If_Match='"r1"')).headers["etag"] == '"r2"'
    assert (await desk.api.get(f"{API}/{path}", headers={"If-None-Match": '"r2"'})).status_code == 304
    assert (await desk.api.delete(f"{API}/{path}")).status_code == 428
    assert (await desk.api.delete(f"{API}/{path}", headers={"If-Match": '"r1"'})).status_code == 412
    assert await _pending(desk) == []


async def test_a_policy_that_is_taken_away_leaves_the_one_above_and_its_version_never_comes_again(
    desk: Desk, path: str
) -> None:
    await _put(desk.api, path)
    await desk.end(path)
    assert (await desk.get(path))["origin"] == "service"
    assert len(await _pending(desk)) == 6
    assert (await desk.api.delete(f"{API}/{path}")).status_code == 204  # nothing is there: nothing happens
    assert (await _put(desk.api, path)).headers["etag"] == '"r3"'


@pytest.mark.parametrize(
    ("sent", "wrong"),
    (
        ({}, ["offsets"]),
        ({"offsets": ["7d", "0d", "-0d"]}, ["offsets.0", "offsets.2"]),
        ({"offsets": ["-7d"], "at": "9:00"}, ["at"]),
        ({"offsets": ["-7d"], "at": 540}, ["at"]),
        ({"offsets": ["-7d"], "roll": "following"}, ["roll"]),
        ({"offsets": "never"}, ["offsets"]),
        ({"offsets": ["0d"] * 30}, ["offsets"]),
        ({"offsets": ["-7d"], "time": "09:00"}, ["time"]),
    ),
)
async def test_what_cannot_be_meant_is_refused_by_field(desk: Desk, sent: dict[str, Any], wrong: list[str]) -> None:
    answer = await _put(desk.api, "plans/p/reminders", sent)
    assert (answer.status_code, paths(answer)) == (422, wrong)


async def test_what_is_not_there_has_no_policy(desk: Desk) -> None:
    for path in ("plans/none/reminders", "milestones/ms_none/reminders"):
        assert (await desk.api.get(f"{API}/{path}")).status_code == 404
        assert (await _put(desk.api, path)).status_code == 404
        assert (await desk.api.delete(f"{API}/{path}", headers={"If-Match": "*"})).status_code == 404


async def test_a_key_sets_only_what_its_scope_and_jurisdiction_allow(desk: Desk, app: Milepost) -> None:
    await desk.make("jurisdictions", code="b", name="辖区b")
    scopes = {"reader": ["read"], "local": ["admin"], "stranger": ["edit"], "editor": ["edit"]}
    homes = {"local": "a", "stranger": "b"}
    keys = {
        name: (await desk.make("keys", name=name, scopes=held, jurisdiction=homes.get(name)))["key"]
        for name, held in scopes.items()
    }
    allowed = {
        "reader": {},
        "stranger": {},
        "editor": {"plans/p/reminders": 200},
        "local": {"plans/p/reminders": 200},
    }
    for name, key in keys.items():
        async with client(app, key) as somebody:
            for path in ("plans/p/reminders", "reminders"):
                answer = await _put(somebody, path, {"offsets": [f"-{len(name)}d"]}, If_Match="*")
                assert answer.status_code == allowed[name].get(path, 403), (name, path)
                assert (await somebody.get(f"{API}/{path}")).status_code == 200


async def test_a_policy_is_in_the_audit_with_what_it_replaced(desk: Desk) -> None:
    await _put(desk.api, "plans/p/reminders")
    await desk.end("plans/p/reminders")
    facts = await desk.facts(kind="reminders.updated")
    assert [(fact["subject"], fact["before"], fact["after"]) for fact in facts] == [
        ("plan:p", OWN, None),
        ("plan:p", None, OWN),
    ]
