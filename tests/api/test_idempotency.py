"""A creation that is sent again happens once."""

import asyncio
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import event
from sqlmodel import select

from service.access import actions
from service.access.actions import ENVIRONMENT_KEY
from service.access.models import IdempotentAnswer
from service.access.store import claim_answer
from service.app import Milepost
from service.kit.database import Database
from tests.conftest import ADMIN_KEY, client

KEYS = "/api/v1/keys"
WANTED = {"name": "x", "scopes": ["read"]}


def _once(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


async def _names(api: httpx.AsyncClient) -> list[str]:
    return [name for each in (await api.get(KEYS)).json()["items"] if (name := each["name"]) != ENVIRONMENT_KEY]


@pytest.mark.both
async def test_the_same_creation_sent_again_is_answered_again(api: httpx.AsyncClient) -> None:
    first = await api.post(KEYS, json=WANTED, headers=_once("a"))
    again = await api.post(KEYS, json=WANTED, headers=_once("a"))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await _names(api) == ["x"]


async def test_the_same_key_for_another_creation_is_refused(api: httpx.AsyncClient) -> None:
    await api.post(KEYS, json=WANTED, headers=_once("a"))
    other = await api.post(KEYS, json=WANTED | {"name": "y"}, headers=_once("a"))
    elsewhere = await api.post("/api/v1/jurisdictions", json={"code": "x", "name": "x"}, headers=_once("a"))
    assert (other.status_code, elsewhere.status_code) == (409, 409)
    assert "Idempotency-Key" in other.json()["detail"]
    assert await _names(api) == ["x"]


async def test_keys_of_different_callers_do_not_meet(api: httpx.AsyncClient, app: Milepost) -> None:
    other_key = (await api.post(KEYS, json=WANTED | {"scopes": ["admin"]})).json()["key"]
    first = await api.post(KEYS, json=WANTED | {"name": "a"}, headers=_once("a"))
    async with client(app, other_key) as other:
        second = await other.post(KEYS, json=WANTED | {"name": "b"}, headers=_once("a"))
    assert first.json()["id"] != second.json()["id"]


async def test_what_was_refused_is_not_kept(api: httpx.AsyncClient) -> None:
    refused = await api.post(KEYS, json=WANTED | {"scopes": ["nonsense"]}, headers=_once("a"))
    assert refused.status_code == 422
    assert (await api.post(KEYS, json=WANTED, headers=_once("a"))).status_code == 201


@pytest.mark.both
async def test_what_did_not_commit_is_not_kept(api: httpx.AsyncClient, app: Milepost) -> None:
    def fail(_connection: object) -> None:
        raise RuntimeError

    engine = app.state.gate.database.engine.sync_engine
    await api.get(KEYS)
    await app.state.gate.afterwards.finish()
    event.listen(engine, "commit", fail)
    failed = await api.post(KEYS, json=WANTED, headers=_once("a"))
    event.remove(engine, "commit", fail)
    assert failed.status_code == 500
    again = await api.post(KEYS, json=WANTED, headers=_once("a"))
    assert again.status_code == 201
    assert "Idempotent-Replayed" not in again.headers


@pytest.mark.both
async def test_many_at_once_create_one(api: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(api.post(KEYS, json=WANTED, headers=_once("a")) for _ in range(8)))
    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert sum("Idempotent-Replayed" in each.headers for each in answers) == 7
    assert await _names(api) == ["x"]


@pytest.mark.parametrize("database_url", ("postgresql",), indirect=True)
async def test_whoever_has_waited_long_enough_is_told_to_ask_later(
    api: httpx.AsyncClient, app: Milepost, database: Database, now: datetime
) -> None:
    # On SQLite writers take turns, so that the second waits for its turn and there finds the answer.
    app.state.gate.patience_ms = 20
    (me,) = [each["id"] for each in (await api.get(KEYS)).json()["items"]]
    async with database.write() as session:
        assert await claim_answer(session, actor=me, key="a", fingerprint="", now=now, wait_ms=20)
        answer = await api.post(KEYS, json=WANTED, headers=_once("a"))
    assert answer.status_code == 409


async def test_a_secret_in_a_kept_answer_cannot_be_read_in_the_database(
    api: httpx.AsyncClient, database: Database
) -> None:
    made = await api.post(KEYS, json=WANTED, headers=_once("a"))
    async with database.read() as session:
        (kept,) = (await session.exec(select(IdempotentAnswer))).all()
    assert kept.sealed
    assert made.json()["key"].encode() not in kept.sealed
    assert ADMIN_KEY not in str(kept)


async def test_answers_are_kept_for_two_days(api: httpx.AsyncClient, database: Database, now: datetime) -> None:
    await api.post(KEYS, json=WANTED, headers=_once("a"))

    async def left(hours: int) -> int:
        async with database.write() as session:
            await actions.forget_answers(session, now=now + timedelta(hours=hours))
            return len((await session.exec(select(IdempotentAnswer))).all())

    assert await left(48) == 1
    assert await left(49) == 0


@pytest.mark.parametrize("key", ("", "with space", "x" * 256))
async def test_a_key_that_is_none_is_refused(api: httpx.AsyncClient, key: str) -> None:
    answer = await api.post(KEYS, json=WANTED, headers=_once(key))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "Idempotency-Key"
