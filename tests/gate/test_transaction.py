"""One transaction at every door, with those who pull from its facts."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import event

from service.access import store
from service.access.actions import create_key
from service.gate import followers
from service.gate.transaction import change
from service.journal.models import Recorded
from service.journal.store import FactFilter, list_facts
from service.kit.actor import Actor
from service.kit.database import Database, Session
from service.kit.errors import Conflict


async def _make(session: Session, actor: Actor, now: datetime) -> str:
    return (await create_key(session, actor, name="x", scopes=["read"], now=now)).key.id


async def _kinds(database: Database) -> list[str]:
    async with database.read() as session:
        return [fact.kind for fact in await list_facts(session, where=FactFilter(), before_id=None, limit=10)]


async def test_a_change_and_its_fact_commit_together(database: Database, actor: Actor, now: datetime) -> None:
    async with change(database, now=now) as session:
        made = await _make(session, actor, now)
    async with database.read() as session:
        assert (await store.get_key(session, made, jurisdiction=None)).name == "x"
    assert await _kinds(database) == ["key.created"]


async def test_a_change_that_fails_leaves_nothing(database: Database, actor: Actor, now: datetime) -> None:
    async def fail() -> None:
        async with change(database, now=now) as session:
            await _make(session, actor, now)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await _kinds(database) == []
    async with database.read() as session:
        assert not await store.any_key(session)


async def test_followers_write_in_the_same_transaction(
    database: Database, actor: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, datetime]] = []

    async def follow(session: Session, facts: Sequence[Recorded], *, now: datetime) -> None:
        seen.extend((fact.kind, now) for fact in facts)
        assert await store.any_key(session)

    monkeypatch.setattr(followers, "FOLLOWERS", (follow,))
    async with change(database, now=now) as session:
        await _make(session, actor, now)
        assert seen == []
    assert seen == [("key.created", now)]


async def test_a_follower_that_fails_undoes_the_change(
    database: Database, actor: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def follow(_session: Session, _facts: Sequence[Recorded], *, now: datetime) -> None:
        raise LookupError

    monkeypatch.setattr(followers, "FOLLOWERS", (follow,))
    with pytest.raises(LookupError):
        async with change(database, now=now) as session:
            await _make(session, actor, now)
    assert await _kinds(database) == []


async def test_caches_hear_of_a_change_only_once_it_is_committed(
    database: Database, actor: Actor, now: datetime
) -> None:
    heard: list[str] = []

    def hear(facts: Sequence[Recorded]) -> None:
        heard.extend(fact.kind for fact in facts)

    def fail(_connection: object) -> None:
        raise RuntimeError

    event.listen(database.engine.sync_engine, "commit", fail)
    with pytest.raises(RuntimeError):
        async with change(database, now=now, hearers=[hear]) as session:
            await _make(session, actor, now)
    event.remove(database.engine.sync_engine, "commit", fail)
    assert heard == []
    async with change(database, now=now, hearers=[hear]) as session:
        await _make(session, actor, now)
        assert heard == []
    assert heard == ["key.created"]


async def test_a_cache_that_fails_does_not_undo_what_is_committed(
    database: Database, actor: Actor, now: datetime
) -> None:
    def hear(_facts: Sequence[Recorded]) -> None:
        raise LookupError

    async with change(database, now=now, hearers=[hear]) as session:
        await _make(session, actor, now)
    assert await _kinds(database) == ["key.created"]


async def test_a_key_that_somebody_took_first_is_a_conflict(database: Database, actor: Actor, now: datetime) -> None:
    async with change(database, now=now) as session:
        made = await create_key(session, actor, name="x", scopes=["read"], now=now)

    async def take(digest: str) -> None:
        async with change(database, now=now) as session:
            again = await create_key(session, actor, name="y", scopes=["read"], now=now)
            again.key.digest = digest

    with pytest.raises(Conflict):
        await take(made.key.digest)
