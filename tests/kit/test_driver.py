"""Statements that go to the driver itself belong to their session like all others, on both databases."""

from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from sqlmodel import select, text

from service.kit import database as kit
from service.kit.database import Database, Session
from service.kit.driver import fetch
from service.kit.errors import Conflict, Unavailable
from service.kit.statements import Statement
from service.webhooks.models import EventCounter

AT = datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)
NEW = "INSERT INTO event_counter (name, last) VALUES ('x', 1)"


class _Row(NamedTuple):
    name: str
    at: datetime | None
    holds: bool
    missing: datetime | None
    last: int


async def _counters(database: Database) -> list[str]:
    async with database.read() as session:
        return list(await session.exec(select(EventCounter.name).order_by(EventCounter.name)))


async def test_the_first_statement_of_a_session_is_in_its_transaction(database: Database) -> None:
    async with database.write() as session:
        await fetch(session, NEW, ())
        assert await _counters(database) == []  # nobody else sees it yet
    assert await _counters(database) == ["x"]


async def _written_and_taken_back(database: Database) -> None:
    async with database.write() as session:
        await fetch(session, NEW, ())
        raise LookupError


async def _taken_back_alone(session: Session) -> None:
    async with session.begin_nested():
        await fetch(session, NEW, ())
        raise LookupError


async def test_what_is_taken_back_has_not_happened(database: Database) -> None:
    with pytest.raises(LookupError):
        await _written_and_taken_back(database)
    async with database.write() as session:
        await fetch(session, NEW.replace("'x'", "'kept'"), ())
        with pytest.raises(LookupError):
            await _taken_back_alone(session)
        await fetch(session, NEW.replace("'x'", "'kept too'"), ())
    async with database.write() as session:
        with pytest.raises(LookupError):
            await _taken_back_alone(session)
    assert await _counters(database) == ["kept", "kept too"]


async def test_a_session_that_went_on_after_a_commit_is_in_a_transaction_again(database: Database) -> None:
    async with database.write() as session:
        await fetch(session, NEW, ())
        await session.commit()
        await fetch(session, NEW.replace("'x'", "'y'"), ())
        await session.rollback()
    assert await _counters(database) == ["x"]


async def _run(database: Database, *statements: str) -> None:
    async with database.write() as session:
        for each in statements:
            await fetch(session, each, ())


async def test_a_key_that_is_there_already_is_told_as_a_contradiction(database: Database) -> None:
    with pytest.raises(Conflict):
        await _run(database, NEW, NEW)
    assert await _counters(database) == []


async def test_a_statement_that_is_wrong_is_our_mistake(database: Database) -> None:
    with pytest.raises(Exception, match="nothing") as caught:
        await _run(database, "SELECT * FROM nothing")
    assert not isinstance(caught.value, (Conflict, Unavailable))


async def test_values_and_rows_mean_the_same_on_both_databases(session: Session) -> None:
    statement = Statement(
        "SELECT name, CAST(:at AS timestamptz), last > 1, CAST(NULL AS timestamptz), last FROM event_counter"
        " WHERE name ONE_OF(:names) AND NOT (name ONE_OF(:none)) ORDER BY name",
        row=_Row,
        on_sqlite="SELECT name, :at, last > 1, NULL, last FROM event_counter"
        " WHERE name ONE_OF(:names) AND NOT (name ONE_OF(:none)) ORDER BY name",
    )
    await fetch(session, "INSERT INTO event_counter (name, last) VALUES ('a', 1), ('b', 2), ('c', 3)", ())
    found = await statement.run(session, {"at": AT, "names": ["b", "a", "nobody's"], "none": []})
    assert found == [_Row("a", AT, False, None, 1), _Row("b", AT, True, None, 2)]
    assert [type(row.holds) for row in found] == [bool, bool]


async def test_a_connection_that_was_cut_while_nobody_used_it_is_found_out(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, other = Database(postgresql_url), Database(postgresql_url)
    monkeypatch.setattr(kit, "UNUSED_S", 0.0)

    async def used() -> int:
        async with database.write() as session:
            await fetch(session, "UPDATE event_counter SET last = last", ())
            (row,) = await fetch(session, "SELECT pg_backend_pid()", ())
            return int(row[0])

    first = await used()
    assert await used() == first
    async with other.write() as session:
        await session.exec(text("SELECT pg_terminate_backend(:pid)").bindparams(pid=first))  # type: ignore[call-overload]  # no model
    assert await used() != first
    await database.close()
    await other.close()


async def test_a_connection_that_is_cut_in_the_middle_is_an_outage_and_the_next_one_works(postgresql_url: str) -> None:
    database, other = Database(postgresql_url), Database(postgresql_url)

    async def cut() -> None:
        async with database.write() as session, other.write() as theirs:
            await fetch(session, NEW, ())
            (row,) = await fetch(session, "SELECT pg_backend_pid()", ())
            await fetch(theirs, "SELECT pg_terminate_backend($1)", (row[0],))
            await fetch(session, "SELECT 1", ())

    with pytest.raises(Unavailable):
        await cut()
    assert await _counters(database) == []
    await _run(database, NEW)
    assert await _counters(database) == ["x"]
    await database.close()
    await other.close()
