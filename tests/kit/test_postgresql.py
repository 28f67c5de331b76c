"""Instants on their way to PostgreSQL and back, as this service spells them and as the server understands them."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from service.kit.database import Database
from service.kit.driver import fetch

INSTANTS = (
    datetime(2024, 11, 9, 9, 30, 0, 123_456, UTC),
    datetime(2000, 1, 1, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, 999_999, UTC),
    datetime(1, 1, 2, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC),
    datetime(2024, 2, 29, 23, 59, 59, 1, timezone(timedelta(hours=8))),
    datetime(2024, 11, 3, 1, 30, fold=1, tzinfo=ZoneInfo("America/New_York")),
)


@pytest.fixture
def server(database: Database) -> Database:
    """The database, where it is PostgreSQL."""
    if database.is_sqlite:
        pytest.skip("SQLite has no instants of its own")
    return database


async def test_an_instant_is_for_the_server_what_it_is_here(server: Database) -> None:
    words = "SELECT $1::timestamptz, (extract(epoch FROM $1::timestamptz) * 1000000)::bigint"
    async with server.read() as session:
        await fetch(session, "SELECT 1", ())  # begins the transaction: the driver's own way, from here on
        for at in INSTANTS:
            ((back, microseconds),) = await fetch(session, words, (at,))
            assert (back, back.tzinfo) == (at.astimezone(UTC), UTC)
            assert microseconds == (at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


async def test_what_never_ends_is_read_as_the_last_instant_that_there_is(server: Database) -> None:
    async with server.read() as session:
        await fetch(session, "SELECT 1", ())
        (row,) = await fetch(session, "SELECT 'infinity'::timestamptz, '-infinity'::timestamptz", ())
    assert tuple(row) == (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))


async def test_many_instants_in_one_column_stay_apart(server: Database) -> None:
    """More than a connection remembers, and each a new object: what is remembered is never taken for another."""
    many = [INSTANTS[0] + timedelta(seconds=number) for number in range(2_500)]
    async with server.read() as session:
        await fetch(session, "SELECT 1", ())
        words = "SELECT at FROM unnest($1::timestamptz[]) WITH ORDINALITY AS given (at, place) ORDER BY place"
        for _ in range(2):
            found = [row[0] for row in await fetch(session, words, ([each + timedelta(0) for each in many],))]
            assert found == many


async def test_an_instant_without_a_time_zone_is_refused(server: Database) -> None:
    async with server.read() as session:
        await fetch(session, "SELECT 1", ())
        with pytest.raises(asyncpg.DataError, match="offset-naive"):
            await fetch(session, "SELECT $1::timestamptz", (datetime(2024, 11, 9),))  # noqa: DTZ001 - that is the point
