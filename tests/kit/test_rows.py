"""Many rows in one statement, on both databases: what is written comes back, what is changed is what was asked for."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlmodel import col, select

from service.kit.database import Database, Session
from service.kit.driver import fetch
from service.kit.errors import Conflict
from service.kit.rows import Column, Same, among, insert_rows, update_rows
from service.webhooks.models import Endpoint, EventCounter, ReceiverWish, SigningKey, WebhookEvent

AT = datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)
HARD = ("'; DROP TABLE webhook_event; --", '区\u2028\\n"{}', "")


async def _write(session: Session, ids: Sequence[str], *, behind: bool = False) -> None:
    columns: dict[str, Column] = {
        "id": ids,
        "type": Same("plan.published"),
        "at": Same(AT),
        "created_at": [AT + timedelta(seconds=place) for place, _ in enumerate(ids)],
        "units": Same('[["区", null]]'),
        "message": [HARD[place % len(HARD)] for place, _ in enumerate(ids)],
        "overtaken": Same(""),
    }
    await insert_rows(session, WebhookEvent, columns, behind=behind)


async def _read(session: Session) -> dict[str, WebhookEvent]:
    rows = await session.exec(
        select(WebhookEvent).order_by(col(WebhookEvent.id)).execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


async def test_what_is_written_in_bulk_comes_back_as_it_was(session: Session) -> None:
    await _write(session, ["a", "b", "c"])
    found = await _read(session)
    assert [found[id].message for id in "abc"] == list(HARD)
    assert [found[id].created_at - AT for id in "abc"] == [timedelta(seconds=place) for place in range(3)]
    assert [(row.at, row.number, row.units) for row in found.values()] == [(AT, None, [["区", None]])] * 3


async def test_rows_are_changed_by_what_they_are_found_by_and_others_are_left(session: Session) -> None:
    await _write(session, ["a", "b", "c"])
    changes: dict[str, Column] = {
        "overtaken": ["one", "two", "three"],
        "fanned_out_at": Same(AT),
        "type": Same("occurrence.due"),
    }
    found_by: dict[str, Column] = {
        "id": ["a", "b", "nobody"],
        "type": ["plan.published", "another type", "plan.published"],
    }
    await update_rows(session, WebhookEvent, changes, by=found_by)
    found = await _read(session)
    assert [found[id].overtaken for id in "abc"] == ["one", "", ""]
    assert [found[id].fanned_out_at for id in "abc"] == [AT, None, None]
    assert [found[id].type for id in "abc"] == ["occurrence.due", "plan.published", "plan.published"]


async def test_nobody_knows_how_many_rows_there_are_where_all_is_the_same(session: Session) -> None:
    with pytest.raises(ValueError, match="how many"):
        await insert_rows(session, WebhookEvent, {"id": Same("a"), "message": Same("")})


async def test_of_two_changes_of_one_row_the_last_counts(database: Database) -> None:
    async with database.write() as session:
        await _write(session, ["a", "b"])
        for said in ("one", "two"):
            await update_rows(session, WebhookEvent, {"overtaken": [said, "b"]}, by={"id": ["a", "b"]})
        found = await _read(session)
    assert [found[id].overtaken for id in "ab"] == ["two", "b"]


async def test_nothing_to_write_is_no_statement(session: Session) -> None:
    await _write(session, [])
    await update_rows(session, WebhookEvent, {"overtaken": []}, by={"id": []})
    assert not await _read(session)


async def test_one_is_found_among_many_and_none_among_none(session: Session) -> None:
    await _write(session, ["a", "b", "c"])
    wanted = ["c", "a", *(f"nobody {place}" for place in range(40_000))]
    query = select(WebhookEvent.id).order_by(col(WebhookEvent.id))
    assert list(await session.exec(query.where(among(session, col(WebhookEvent.id), wanted)))) == ["a", "c"]
    assert list(await session.exec(query.where(among(session, col(WebhookEvent.id), [])))) == []


async def test_a_key_that_is_there_already_is_a_contradiction(session: Session) -> None:
    await _write(session, ["a"])
    with pytest.raises(Exception, match=r"(?i)unique") as caught:
        await _write(session, ["b", "a"])
    assert not isinstance(caught.value, Conflict)  # the transaction's own end says that


async def test_a_statement_says_how_many_rows_it_changed_and_gives_back_those_that_it_returns(session: Session) -> None:
    connection = await session.connection()
    await connection.exec_driver_sql("INSERT INTO event_counter (name, last) VALUES ('x', 1), ('y', 2)")
    changed = await connection.exec_driver_sql("UPDATE event_counter SET last = last + 1 WHERE last < 9")
    assert changed.rowcount == 2
    returned = await connection.exec_driver_sql("UPDATE event_counter SET last = 9 WHERE name = 'x' RETURNING last")
    assert [tuple(row) for row in returned] == [(9,)]
    assert (await session.exec(select(EventCounter.last).where(EventCounter.name == "y"))).one() == 3


async def test_what_is_written_behind_is_there_for_whatever_comes_next(database: Database) -> None:
    async with database.write() as session:
        for start in (0, 2_000):
            await _write(session, [f"{place:04}" for place in range(start, start + 2_000)], behind=True)
            assert len(await _read(session)) == start + 2_000
            await update_rows(session, WebhookEvent, {"overtaken": ["it is"]}, by={"id": [f"{start:04}"]}, behind=True)
            assert (await fetch(session, "SELECT count(*) FROM webhook_event WHERE overtaken = 'it is'", ()))[0][0] > 0
    async with database.read() as session:
        assert len(await _read(session)) == 4_000


async def test_what_fails_behind_fails_the_transaction_and_leaves_nothing(database: Database) -> None:
    async def write_twice() -> None:
        async with database.write() as session:
            for ids in (["a"], ["b", "a"], ["c"]):
                await _write(session, ids, behind=True)

    with pytest.raises(Conflict):
        await write_twice()
    async with database.write() as session:  # and the connection is as good as before
        assert not await _read(session)
        await _write(session, ["a"], behind=True)


async def test_who_breaks_off_while_something_is_written_behind_leaves_nothing(database: Database) -> None:
    async def break_off() -> None:
        async with database.write() as session:
            await _write(session, [f"{place:04}" for place in range(3_000)], behind=True)
            raise LookupError

    with pytest.raises(LookupError):
        await break_off()
    async with database.read() as session:
        assert not await _read(session)


async def test_bytes_travel_beside_what_is_no_bytes(session: Session) -> None:
    for made in (b"\x00\xff{}", None):
        key: dict[str, Column] = {"public": ["a", "b"], "created_at": Same(AT), "from_at": [AT, AT]}
        await insert_rows(session, SigningKey, {**key, "secret": [b"\x00\xff{}", b"2"], "until_at": Same(None)})
        changes: dict[str, Column] = {"secret": [made or b"3", b"\x80"], "until_at": [None, AT]}
        await update_rows(session, SigningKey, changes, by={"public": ["b", "a"]})
        rows = {
            row.public: row for row in await session.exec(select(SigningKey).execution_options(populate_existing=True))
        }
        assert [rows[id].secret for id in "ab"] == [b"\x80", made or b"3"]
        assert [rows[id].until_at for id in "ab"] == [AT, None]
        await fetch(session, "DELETE FROM signing_key", ())


async def test_days_and_times_of_day_are_written_as_the_models_write_them(session: Session) -> None:
    endpoint: dict[str, Column] = {
        **{name: Same("[]") for name in ("types", "jurisdictions", "plans", "units", "roles", "kinds")},
        **{name: Same(False) for name in ("numbered", "checkpoint", "paused")},
        **{name: Same("") for name in ("host", "label", "created_by")},
        **{name: Same(AT) for name in ("created_at", "updated_at")},
        "id": ["e"],
        "url": [b""],
        "format": Same("standard"),
        "signing": Same("v1"),
        "rhythm": Same("immediate"),
        "digest_at": [time(8, 30)],
        "digest_weekday": Same(0),
        "concurrency": Same(4),
        "revision": Same(1),
    }
    await insert_rows(session, Endpoint, endpoint)
    columns: dict[str, Column] = {"endpoint": ["e"], "subject": ["milestone:m"], "ack": ["snooze"], "delivery": ["d"]}
    await insert_rows(session, ReceiverWish, {**columns, "until_on": [date(2024, 2, 29)], "at": [AT]})
    assert (await session.exec(select(Endpoint).where(Endpoint.digest_at == time(8, 30)))).all()
    assert (await session.exec(select(ReceiverWish).where(ReceiverWish.until_on == date(2024, 2, 29)))).all()


@pytest.mark.parametrize("count", (1, 19, 20, 2_500))
async def test_what_all_rows_share_is_written_in_each(session: Session, count: int) -> None:
    ids = [f"{place:04}" for place in range(count)]
    columns: dict[str, Column] = {
        "id": ids,
        "type": ["plan.published"] * count,
        "at": [AT] * count,
        "created_at": Same(AT),
        "units": ["[]"] * count,
        "message": ["12"] * (count - 1) + ["13"],  # texts that look like numbers stay texts
        "overtaken": [""] * count,
        "number": range(count),
        "fact": [2**62] + [None] * (count - 1),
    }
    await insert_rows(session, WebhookEvent, columns)
    found = await _read(session)
    assert [row.message for row in found.values()] == columns["message"]
    assert {row.at for row in found.values()} == {AT}
    assert [row.number for row in found.values()] == list(range(count))
    assert [row.fact for row in found.values()] == columns["fact"]
