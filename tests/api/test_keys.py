"""`/keys` over HTTP."""

import httpx
import pytest

from service.app import Milepost
from tests.conftest import client

KEYS = "/api/v1/keys"


async def _make(api: httpx.AsyncClient, scope: str = "read", **more: object) -> dict[str, str]:
    answer = await api.post(KEYS, json={"name": f"a {scope} key", "scopes": [scope], **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


async def test_a_new_key_is_shown_once_and_works(api: httpx.AsyncClient, app: Milepost) -> None:
    made = await _make(api, "admin")
    assert made["key"].startswith("mpk_")
    assert len(made["key"]) == 4 + 43
    async with client(app, made["key"]) as other:
        again = await other.get(f"{KEYS}/{made['id']}")
    assert again.status_code == 200
    assert "key" not in again.json()
    assert made["key"] not in (await api.get(KEYS)).text
    assert made["key"] not in (await api.get("/api/v1/audit")).text


async def test_a_revoked_key_is_refused_and_stays_in_the_list(api: httpx.AsyncClient, app: Milepost) -> None:
    made = await _make(api, "admin")
    assert (await api.delete(f"{KEYS}/{made['id']}")).status_code == 204
    async with client(app, made["key"]) as other:
        refused = await other.get(KEYS)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert (await api.get(f"{KEYS}/{made['id']}")).json()["revoked_at"] == "2024-10-01T00:00:00Z"


async def test_an_expiry_that_has_passed_is_refused(api: httpx.AsyncClient) -> None:
    wanted = {"name": "late", "scopes": ["read"], "expires_at": "2024-09-30T00:00:00Z"}
    answer = await api.post(KEYS, json=wanted)
    assert answer.status_code == 409
    assert [each["path"] for each in answer.json()["errors"]] == ["expires_at"]


async def test_a_jurisdiction_nobody_knows_is_refused(api: httpx.AsyncClient) -> None:
    answer = await api.post(KEYS, json={"name": "x", "scopes": ["read"], "jurisdiction": "atlantis"})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:milepost:problem:unmet"
    assert answer.json()["errors"][0]["path"] == "jurisdiction"


@pytest.mark.parametrize("scope", ("read", "edit", "report:chongming.justice"))
async def test_only_administrators_see_keys(api: httpx.AsyncClient, app: Milepost, scope: str) -> None:
    made = await _make(api, scope)
    async with client(app, made["key"]) as other:
        answer = await other.get(KEYS)
    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:milepost:problem:denied"


@pytest.mark.both
async def test_pages_of_keys_hold_every_key_once(api: httpx.AsyncClient) -> None:
    made = {(await _make(api))["id"] for _ in range(5)}
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await api.get(KEYS, params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 6
    assert made < set(seen)


async def test_a_cursor_of_another_list_leads_nowhere(api: httpx.AsyncClient) -> None:
    answer = await api.get(KEYS, params={"cursor": "WzFd"})
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["path"] == "cursor"


async def test_use_is_noted_after_the_answer(api: httpx.AsyncClient, app: Milepost) -> None:
    made = await _make(api, "admin")
    async with client(app, made["key"]) as other:
        await other.get(KEYS)
    await app.state.gate.afterwards.finish()
    assert (await api.get(f"{KEYS}/{made['id']}")).json()["last_used_at"] == "2024-10-01T00:00:00Z"


async def test_making_and_revoking_is_in_the_audit_log(api: httpx.AsyncClient) -> None:
    made = await _make(api)
    await api.delete(f"{KEYS}/{made['id']}", headers={"X-Request-ID": "request-of-mine"})
    facts = (await api.get("/api/v1/audit", params={"subject": made["id"]})).json()["items"]
    assert [fact["kind"] for fact in facts] == ["key.revoked", "key.created"]
    assert facts[0]["request_id"] == "request-of-mine"
    assert facts[0]["actor"] == "key:MILEPOST_ADMIN_KEY"
    assert facts[0]["before"]["revoked_at"] is None
    assert facts[0]["after"]["revoked_at"] == "2024-10-01T00:00:00+00:00"
