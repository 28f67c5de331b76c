"""Who is let in."""

import contextlib
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from service.access.actions import create_key
from service.app import RESOURCES, Milepost
from service.gate import guard
from service.gate.routing import API
from service.gate.throttle import ATTEMPTS, LONGEST_WAIT_S, MOST_WAITING
from service.gate.transaction import change
from service.kit.actor import Actor
from service.kit.clock import fixed
from tests.conftest import ADMIN_KEY, client

KEYS = "/api/v1/keys"
GUARDS = {guard.reader, guard.holder, guard.editor, guard.admin}


def _routes() -> list[APIRoute]:
    routes = [route for router in RESOURCES for route in router.routes if isinstance(route, APIRoute)]
    return [route for route in routes if route.path.startswith(API)]


def _calls(dependant: Dependant) -> list[Any]:
    return [dependant.call, *(call for each in dependant.dependencies for call in _calls(each))]


@pytest.mark.parametrize("route", _routes(), ids=lambda route: f"{min(route.methods)} {route.path}")
def test_every_route_has_a_guard_and_asks_it_before_it_opens_a_transaction(route: APIRoute) -> None:
    order = [each.call for each in route.dependant.dependencies]
    guards = [place for place, call in enumerate(order) if call in GUARDS]
    assert guards, "no Reader, Holder, Editor or Admin"
    sessions = [place for place, call in enumerate(order) if getattr(call, "__name__", "") in _SESSIONS]
    assert all(min(guards) < place for place in sessions), "name the actor before the session"


@pytest.mark.parametrize("route", _routes(), ids=lambda route: f"{min(route.methods)} {route.path}")
def test_only_those_who_may_edit_get_a_session_that_writes(route: APIRoute) -> None:
    names = {getattr(call, "__name__", "") for call in _calls(route.dependant)}
    if names & {"writing", "creating"}:
        assert set(_calls(route.dependant)) & {guard.editor, guard.admin, guard.holder}


_SESSIONS = {"reading", "writing", "creating"}


@pytest.mark.parametrize(
    "header",
    (
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {ADMIN_KEY}",
        ADMIN_KEY,
        "Bearer mpk_short",
        "Bearer mpk_" + "x" * 43,
        "Bearer mpk_" + "x" * 10_000,
        f"Bearer {ADMIN_KEY} {ADMIN_KEY}",
        "Bearer mpk_" + "é" * 43,
    ),
)
async def test_whoever_shows_no_valid_key_is_told_how_to(nobody: httpx.AsyncClient, header: str | None) -> None:
    headers = [] if header is None else [(b"Authorization", header.encode("latin-1"))]
    answer = await nobody.get(KEYS, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="milepost"'
    assert answer.json()["type"] == "urn:milepost:problem:unknown"


async def test_what_is_wrong_with_a_key_is_nobodys_business(
    api: httpx.AsyncClient, app: Milepost, actor: Actor, now: datetime
) -> None:
    async with change(app.state.gate.database, now=now) as session:
        expired = await create_key(
            session, actor, name="x", scopes=["admin"], expires_at=now + timedelta(hours=1), now=now
        )
        revoked = await create_key(session, actor, name="y", scopes=["admin"], now=now)
    await api.delete(f"{KEYS}/{revoked.key.id}")
    app.state.gate.clock = fixed(now + timedelta(hours=1))
    details = set()
    for secret in (expired.secret, revoked.secret, "mpk_" + "n" * 43):
        async with client(app, secret) as other:
            answer = await other.get(KEYS)
        assert answer.status_code == 401
        details.add(answer.json()["detail"])
    assert len(details) == 1


async def test_failures_are_slowed_down_and_valid_keys_are_not(
    api: httpx.AsyncClient, nobody: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {"Authorization": "Bearer mpk_" + "x" * 43}
    assert {(await nobody.get(KEYS, headers=wrong)).status_code for _ in range(ATTEMPTS)} == {401}
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("service.gate.guard.asyncio.sleep", wait)
    assert (await nobody.get(KEYS, headers=wrong)).status_code == 401
    assert waits == [LONGEST_WAIT_S]
    assert (await api.get(KEYS)).status_code == 200
    assert waits == [LONGEST_WAIT_S]


async def test_when_too_many_wait_already_others_are_told_to_come_back(
    app: Milepost, api: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    wrong = {"Authorization": "Bearer mpk_" + "x" * 43}
    assert {(await nobody.get(KEYS, headers=wrong)).status_code for _ in range(ATTEMPTS)} == {401}
    with contextlib.ExitStack() as others:
        for _ in range(MOST_WAITING):
            others.enter_context(app.state.gate.throttle.waiting())
        slowed = await nobody.get(KEYS, headers=wrong)
        assert (await api.get(KEYS)).status_code == 200
    assert slowed.status_code == 429
    assert int(slowed.headers["Retry-After"]) == 6
    assert slowed.headers["Content-Type"] == "application/problem+json"


async def test_asking_without_a_key_is_no_attempt(nobody: httpx.AsyncClient) -> None:
    assert {(await nobody.get(KEYS)).status_code for _ in range(ATTEMPTS + 5)} == {401}


async def test_a_key_of_one_jurisdiction_sees_and_makes_keys_of_that_one_only(
    api: httpx.AsyncClient, app: Milepost
) -> None:
    for code in ("chongming", "baoshan"):
        made = await api.post("/api/v1/jurisdictions", json={"code": code, "name": code})
        assert made.status_code == 201, made.text
    wanted = {"name": "x", "scopes": ["admin"], "jurisdiction": "chongming"}
    own = (await api.post(KEYS, json=wanted)).json()
    foreign = (await api.post(KEYS, json=wanted | {"jurisdiction": "baoshan"})).json()
    async with client(app, own["key"]) as bound:
        assert [each["id"] for each in (await bound.get(KEYS)).json()["items"]] == [own["id"]]
        assert (await bound.get(f"{KEYS}/{foreign['id']}")).status_code == 404
        assert (await bound.delete(f"{KEYS}/{foreign['id']}")).status_code == 404
        assert (await bound.post(KEYS, json=wanted | {"jurisdiction": "baoshan"})).status_code == 403
        assert (await bound.post(KEYS, json=wanted | {"jurisdiction": None})).status_code == 403
        assert (await bound.post(KEYS, json=wanted)).status_code == 201
        assert (await bound.get("/api/v1/audit", params={"jurisdiction": "baoshan"})).status_code == 403
        facts = (await bound.get("/api/v1/audit")).json()["items"]
        assert {fact["jurisdiction"] for fact in facts} == {"chongming"}


async def test_use_is_written_at_most_once_a_minute(api: httpx.AsyncClient, app: Milepost, now: datetime) -> None:
    gate = app.state.gate

    async def used_at(seconds: int) -> str:
        gate.clock = fixed(now + timedelta(seconds=seconds))
        await api.get(KEYS)
        await gate.afterwards.finish()
        (key,) = (await api.get(KEYS)).json()["items"]
        await gate.afterwards.finish()
        return str(key["last_used_at"])

    assert await used_at(0) == "2024-10-01T00:00:00Z"
    assert await used_at(59) == "2024-10-01T00:00:00Z"
    assert await used_at(60) == "2024-10-01T00:01:00Z"
