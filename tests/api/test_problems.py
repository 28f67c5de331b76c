"""Every error is a problem document."""

from typing import Any

import httpx
import pytest
from fastapi.routing import APIRouter
from sqlalchemy import event

from service.app import Milepost
from service.gate.guard import Reader
from service.gate.problems import STATUS
from service.kit import errors
from service.kit.errors import MilepostError

KEYS = "/api/v1/keys"


def _checked(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["type"] == f"urn:milepost:problem:{kind}"
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    assert told["request_id"] == answer.headers["X-Request-ID"]
    return told


def test_every_domain_error_has_a_status() -> None:
    words = {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, MilepostError)} - {
        errors.InUse,
        errors.Unmet,
    }
    assert words == set(STATUS)


async def test_an_address_without_anything_is_a_problem(api: httpx.AsyncClient) -> None:
    _checked(await api.get("/api/v1/nothing"), 404, "not-found")
    _checked(await api.get(f"{KEYS}/"), 404, "not-found")


async def test_a_wrong_method_is_told_all_right_ones(api: httpx.AsyncClient) -> None:
    answer = await api.patch(KEYS)
    _checked(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET, POST"
    assert (await api.request("TRACE", f"{KEYS}/key_x")).headers["Allow"] == "DELETE, GET"


async def test_every_wrong_field_is_named(api: httpx.AsyncClient) -> None:
    answer = await api.post(KEYS, json={"name": "", "scopes": [1, "read"], "surprise": True})
    told = _checked(answer, 422, "invalid")
    assert {each["path"] for each in told["errors"]} == {"name", "scopes.0", "surprise"}


async def test_what_is_wrong_outside_the_body_is_named_with_its_place(api: httpx.AsyncClient) -> None:
    told = _checked(await api.get(KEYS, params={"limit": "0"}), 422, "invalid")
    (fault,) = told["errors"]
    assert fault["path"] == "limit"
    assert "query" in fault["message"]


@pytest.mark.parametrize("body", (b"{", b'{"name": "\\ud800"}', b"\xff\xfe", b"[" * 200_000))
async def test_a_body_that_is_no_json_is_a_problem(api: httpx.AsyncClient, body: bytes) -> None:
    answer = await api.post(KEYS, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("text", ("a\x00b", "\ud800"))
@pytest.mark.both
async def test_text_that_no_database_stores_is_refused_on_both(api: httpx.AsyncClient, text: str) -> None:
    import json

    body = json.dumps({"name": text, "scopes": ["read"]})
    answer = await api.post(KEYS, content=body, headers={"Content-Type": "application/json"})
    _checked(answer, 422, "invalid")


@pytest.mark.both
async def test_an_address_with_a_nul_is_refused_on_both(api: httpx.AsyncClient) -> None:
    _checked(await api.get(f"{KEYS}/%00"), 400, "bad-request")
    _checked(await api.get("/api/v1/audit?kind=a%00"), 400, "bad-request")


@pytest.mark.parametrize("cursor", ("x", "bnVsbA", "WzEsMiwzXQ", "WyJcdTAwMDAiLCJ4Il0", "WyIyMDI0IiwxXQ"))
@pytest.mark.both
async def test_a_made_up_cursor_leads_nowhere(api: httpx.AsyncClient, cursor: str) -> None:
    for path in (KEYS, "/api/v1/audit"):
        _checked(await api.get(path, params={"cursor": cursor}), 404, "not-found")


@pytest.mark.parametrize("cursor", ("", "%%%", "x" * 2000))
async def test_a_malformed_cursor_is_refused(api: httpx.AsyncClient, cursor: str) -> None:
    for path in (KEYS, "/api/v1/audit"):
        _checked(await api.get(path, params={"cursor": cursor}), 422, "invalid")


async def test_what_nobody_foresaw_is_answered_without_internals(
    api: httpx.AsyncClient, app: Milepost, caplog: pytest.LogCaptureFixture
) -> None:
    router = APIRouter()

    @router.get("/broken")
    async def broken(_actor: Reader) -> None:
        raise ZeroDivisionError("the combination of the safe")

    app.include_router(router)
    answer = await api.get("/broken")
    told = _checked(answer, 500, "unexpected")
    assert "safe" not in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert told["request_id"]


@pytest.mark.parametrize("how", ("create", "revoke"))
@pytest.mark.both
async def test_a_commit_that_fails_is_never_answered_with_success(
    api: httpx.AsyncClient, app: Milepost, how: str
) -> None:
    made = (await api.post(KEYS, json={"name": "x", "scopes": ["read"]})).json()
    await app.state.gate.afterwards.finish()
    before = (await api.get(KEYS)).json()

    def fail(_connection: object) -> None:
        raise RuntimeError("the disk is gone")

    engine = app.state.gate.database.engine.sync_engine
    event.listen(engine, "commit", fail)
    if how == "create":
        answer = await api.post(KEYS, json={"name": "y", "scopes": ["read"]})
    else:
        answer = await api.delete(f"{KEYS}/{made['id']}")
    event.remove(engine, "commit", fail)
    _checked(answer, 500, "unexpected")
    assert (await api.get(KEYS)).json() == before


@pytest.mark.both
async def test_a_database_that_is_away_is_a_problem_that_passes(api: httpx.AsyncClient, app: Milepost) -> None:
    from service.kit.database import Database

    gate = app.state.gate
    there, gate.database = gate.database, Database("postgresql://milepost@127.0.0.1:1/milepost")
    answer = await api.get(KEYS)
    ready, alive = await api.get("/readyz"), await api.get("/healthz")
    await gate.database.close()
    gate.database = there
    _checked(answer, 503, "unavailable")
    assert answer.headers["Retry-After"]
    _checked(ready, 503, "unavailable")
    assert alive.status_code == 200
