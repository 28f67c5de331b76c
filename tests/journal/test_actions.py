"""A change and its fact commit together, or neither does."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import event
from sqlmodel import select

from service.gate import followers
from service.gate.transaction import change
from service.journal import store
from service.journal.actions import actor_of, attempt, record, record_all, recorded, undo
from service.journal.kinds import Kind
from service.journal.models import Recorded
from service.journal.rules import Fact
from service.journal.store import FactFilter, list_facts
from service.kit import rows
from service.kit.actor import Actor
from service.kit.database import Database, Session
from service.kit.driver import copy, execute_all, fetch
from service.kit.errors import Conflict
from service.units import actions
from service.units.models import Jurisdiction
from tests.fixtures.explained import explained
from tests.flows.desk import API, Desk, journal


async def _make(session: Session, actor: Actor, code: str, now: datetime) -> None:
    await actions.create_jurisdiction(session, actor, code=code, values={"name": code}, now=now)


async def _codes(database: Database) -> set[str]:
    async with database.read() as session:
        return {row.code for row in await session.exec(select(Jurisdiction))}


async def test_a_fact_says_who_when_what_and_in_which_request(database: Database, actor: Actor, now: datetime) -> None:
    async with change(database, now=now) as session:
        await _make(session, actor, "a", now)
    (fact,) = await journal(database)
    assert (fact.kind, fact.subject_kind, fact.subject, fact.jurisdiction) == (
        "jurisdiction.created",
        "jurisdiction",
        "a",
        "a",
    )
    assert (fact.actor, fact.request_id, fact.at) == ("command:test", "req_test", now)
    assert fact.before is None
    assert fact.after == {"code": "a", "name": "a", "aliases": [], "parent": None, "retired_at": None}


async def test_when_the_block_fails_there_is_neither_change_nor_fact(
    database: Database, actor: Actor, now: datetime
) -> None:
    async def fail() -> None:
        async with change(database, now=now) as session:
            await _make(session, actor, "a", now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert (await _codes(database), await journal(database)) == (set(), [])


async def test_when_a_follower_fails_there_is_neither_change_nor_fact(
    database: Database, actor: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    async def follow(session: Session, facts: Sequence[Recorded], *, now: datetime) -> None:
        seen.extend(fact.kind for fact in facts)
        raise Conflict

    monkeypatch.setattr(followers, "FOLLOWERS", (follow,))
    with pytest.raises(Conflict):
        async with change(database, now=now) as session:
            await _make(session, actor, "a", now)
    assert seen == ["jurisdiction.created"]
    assert (await _codes(database), await journal(database)) == (set(), [])


async def test_when_the_commit_fails_the_answer_says_so_and_nothing_is_kept(
    api: httpx.AsyncClient, database: Database
) -> None:
    before = len(await journal(database))

    def fail(_connection: object) -> None:
        raise RuntimeError("the disk is full")

    event.listen(database.engine.sync_engine, "commit", fail)
    try:
        answer = await api.post(f"{API}/jurisdictions", json={"code": "a", "name": "a"})
    finally:
        event.remove(database.engine.sync_engine, "commit", fail)
    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:milepost:problem:unexpected"
    assert "disk" not in answer.text
    assert await _codes(database) == set()
    assert len(await journal(database)) == before
    await Desk(api).make("jurisdictions", code="a", name="a")


async def test_an_attempt_that_fails_takes_only_its_own_facts_along(
    database: Database, actor: Actor, now: datetime
) -> None:
    async def make_two(session: Session) -> None:
        async with attempt(session):
            await _make(session, actor, "b", now)
            await _make(session, actor, "a", now)

    async with change(database, now=now) as session:
        await _make(session, actor, "a", now)
        with pytest.raises(Conflict):
            await make_two(session)
        async with attempt(session):
            await _make(session, actor, "c", now)
        assert [fact.subject for fact in recorded(session)] == ["a", "c"]
    assert await _codes(database) == {"a", "c"}
    assert [fact.subject for fact in await journal(database)] == ["a", "c"]


async def test_what_is_undone_leaves_no_trace(database: Database, actor: Actor, now: datetime) -> None:
    async with change(database, now=now) as session:
        await _make(session, actor, "a", now)
        await undo(session)
        assert recorded(session) == []
    assert (await _codes(database), await journal(database)) == (set(), [])


async def test_what_follows_from_a_fact_was_caused_by_the_same_person(session: Session, now: datetime) -> None:
    someone = Actor(kind="key", name="王: 办公室", scopes=frozenset({"edit"}), request_id="req_1")
    fact = record(
        session, someone, kind=Kind.UNIT_CREATED, subject="a.x", jurisdiction="a", before=None, after={}, now=now
    )
    again = actor_of(fact)
    assert (str(again), again.request_id) == ("key:王: 办公室", "req_1")


async def test_facts_are_told_newest_first_and_narrowed(session: Session, actor: Actor, now: datetime) -> None:
    for number, kind in enumerate((Kind.UNIT_CREATED, Kind.UNIT_UPDATED, Kind.GROUP_CREATED)):
        at = now + timedelta(minutes=number)
        record(session, actor, kind=kind, subject=f"a.{number}", jurisdiction="a", before=None, after=None, now=at)
    await session.flush()

    async def told(before_id: int | None = None, limit: int = 10, **where: str) -> list[str]:
        rows = await list_facts(session, where=FactFilter(**where), before_id=before_id, limit=limit)
        return [row.subject for row in rows]

    assert await told() == ["a.2", "a.1", "a.0"]
    assert await told(limit=2) == ["a.2", "a.1"]
    (newest, *_) = await list_facts(session, where=FactFilter(), before_id=None, limit=1)
    assert await told(before_id=newest.id) == ["a.1", "a.0"]
    assert await told(subject_kind="unit") == ["a.1", "a.0"]
    assert await told(kind="unit.updated") == ["a.1"]
    assert await told(actor="somebody") == await told(jurisdiction="b") == []


async def test_facts_keep_their_instant_in_utc(database: Database, actor: Actor) -> None:
    from zoneinfo import ZoneInfo

    now = datetime(2024, 10, 1, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
    async with change(database, now=now) as session:
        await _make(session, actor, "a", now)
    (fact,) = await journal(database)
    assert (fact.at, fact.at.tzinfo) == (datetime(2024, 10, 1, tzinfo=UTC), UTC)


def _record(session: Session, actor: Actor, fact: Fact, *, now: datetime) -> None:
    kind, subject, jurisdiction, before, after, _text = fact
    record(session, actor, kind=kind, subject=subject, jurisdiction=jurisdiction, before=before, after=after, now=now)


async def test_many_facts_at_once_are_told_as_one_by_one(database: Database, actor: Actor, now: datetime) -> None:
    before, after = {"name": "甲 \"'\\", "aliases": [1, None]}, {"name": "乙", "at": None}
    facts = [
        Fact(Kind.UNIT_UPDATED, "a.x", "a", before, after),
        Fact(Kind.HOLIDAYS_UPDATED, "2025", None, None, None),
        Fact(Kind.UNIT_CREATED, "a.y", "a", None, {}),
    ]
    async with change(database, now=now) as session:
        for each in facts:
            _record(session, actor, each, now=now)
        written = await record_all(session, actor, facts, now=now)
        assert await record_all(session, actor, [], now=now) == ()
        _record(session, actor, facts[0], now=now)
        await session.flush()
        ids = [entry.id for entry in recorded(session)]
    kept = await journal(database)
    assert [entry.id for entry in kept] == ids == sorted(ids, key=lambda id: id or 0)
    assert [entry._asdict() for entry in written] == [entry.model_dump() for entry in kept[3:6]]
    assert [entry.model_dump(exclude={"id"}) for entry in kept[:3]] == [
        entry.model_dump(exclude={"id"}) for entry in kept[3:6]
    ]
    assert [Fact(Kind(f.kind), f.subject, f.jurisdiction, f.before, f.after) for f in kept[3:6]] == facts


async def test_between_a_fact_s_number_and_its_row_nobody_takes_another_one_for_the_last(
    database: Database, actor: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int | None] = []

    async def look_first(*given: Any, **more: Any) -> None:
        async with database.read() as looking:
            seen.append(await store.last_of_all(looking))
        await rows.insert_rows(*given, **more)

    monkeypatch.setattr(store, "insert_rows", look_first)
    async with database.write() as session:
        await record_all(session, actor, [Fact(Kind.UNIT_CREATED, "a.1", "a", None, {})] * 30, now=now)
    # On SQLite the writer is alone: whoever looks sees all that there is to be seen.
    assert seen == [0 if database.is_sqlite else None]


@pytest.mark.parametrize(("kind", "indexed"), ((Kind.UNIT_CREATED, True), (Kind.OCCURRENCE_DUE, False)))
async def test_facts_of_a_rare_kind_are_found_in_an_index_that_holds_no_notices(
    database: Database, kind: Kind, indexed: bool
) -> None:
    where = FactFilter(kind=kind.value)
    plan = await explained(
        database, lambda session: list_facts(session, where=where, before_id=None, limit=50), without_scans=True
    )
    assert ("ix_journal_entry_kind" in plan) is indexed, plan


async def test_many_facts_are_written_in_a_few_statements(
    session: Session, actor: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    async def hear(session: Session, words: str, values: Any) -> Any:
        said.append(words)
        return await fetch(session, words, values)

    async def hear_all(session: Session, statements: Sequence[tuple[str, Any]], *, behind: bool) -> None:
        said.extend(words for words, _ in statements)
        await execute_all(session, statements, behind=behind)

    async def hear_copy(session: Session, table: str, names: Sequence[str], those: Iterable[Any]) -> None:
        said.append(f"COPY {table}")
        await copy(session, table, names, those)

    monkeypatch.setattr(store, "fetch", hear)
    monkeypatch.setattr(rows, "execute_all", hear_all)
    monkeypatch.setattr(rows, "copy", hear_copy)
    facts = [Fact(Kind.UNIT_CREATED, f"a.{number}", "a", None, {"place": number}) for number in range(3_000)]
    written = await record_all(session, actor, facts, now=now)
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    assert len([words for words in said if "VALUES" in words or "COPY" in words]) == (6 if on_sqlite else 1)
    assert len(said) == (7 if on_sqlite else 2)  # SQLite is asked for the last id first, PostgreSQL for the next ones
    assert [entry.after for entry in written] == [fact.after for fact in facts]
    (first, *_, last) = (entry.id or 0 for entry in written)
    assert last - first == 2_999
