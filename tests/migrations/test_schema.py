"""The schema: up from nothing, equal to the models, and down again; on both databases."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, inspect
from sqlmodel import SQLModel, select

from service import tables
from service.app import SchemaBehind, create_app
from service.kit import schema
from service.kit.database import Database
from service.kit.errors import Conflict
from service.settings import Settings
from service.webhooks.models import Attempt, Delivery, Endpoint, WebhookEvent
from tests.conftest import SECRET
from tests.fixtures.life import living
from tests.fixtures.servers import PostgreSQL


@pytest.fixture(name="bare", params=("sqlite", "postgresql"))
async def bare_database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'var' / 'bare.db'}")
        yield database
        await database.close()
        return
    server: PostgreSQL = request.getfixturevalue("postgresql_server")
    url = server.make("template0")
    database = Database(url.render_as_string(hide_password=False))
    yield database
    await database.close()
    server.drop(url)


async def _tables(database: Database) -> set[str]:
    async with database.read() as session:
        connection = await session.connection()
        return set(await connection.run_sync(lambda each: inspect(each).get_table_names()))


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, SQLModel.metadata))


async def test_the_newest_schema_is_what_the_models_say(bare: Database) -> None:
    tables.load()
    assert not await schema.is_current(bare)
    await schema.upgrade(bare)
    assert await schema.is_current(bare)
    async with bare.read() as session:
        connection = await session.connection()
        assert await connection.run_sync(_differences) == []


def _checked(connection: Connection) -> dict[str, set[object]]:
    found = inspect(connection)
    return {table: {each["name"] for each in found.get_check_constraints(table)} for table in SQLModel.metadata.tables}


async def test_what_is_checked_of_rows_is_what_the_models_say(bare: Database) -> None:
    tables.load()
    await schema.upgrade(bare)
    said = {
        name: {each.name for each in table.constraints if isinstance(each, CheckConstraint)}
        for name, table in SQLModel.metadata.tables.items()
    }
    async with bare.read() as session:
        connection = await session.connection()
        assert await connection.run_sync(_checked) == said


async def test_rows_survive_a_table_that_is_made_anew(bare: Database, now: datetime) -> None:
    endpoint = Endpoint(id="ep_1", url=b"", host="a.test", created_at=now, created_by="", updated_at=now)
    event = WebhookEvent(id="evt_1", type="endpoint.disabled", at=now, message="{}", created_at=now)
    delivery = Delivery(
        id="dl_1", event=event.id, endpoint=endpoint.id, type=event.type, sequence=1, next_at=now, created_at=now
    )
    attempt = Attempt(id="at_1", delivery=delivery.id, number=1, lease="l", started_at=now, lease_until=now)
    await schema.upgrade(bare, to="0005")
    for row in (endpoint, event, delivery, attempt):
        async with bare.write() as session:
            session.add(row)
    await schema.upgrade(bare)
    await schema.downgrade(bare, to="0005")
    await schema.upgrade(bare)
    async with bare.read() as session:
        assert (await session.exec(select(Delivery))).all() == [delivery]
        assert (await session.exec(select(Attempt))).all() == [attempt]


async def test_every_step_goes_down_again_and_up_again(bare: Database) -> None:
    await schema.upgrade(bare)
    full = await _tables(bare)
    await schema.downgrade(bare)
    assert await _tables(bare) <= {"alembic_version"}
    await schema.upgrade(bare)
    assert await _tables(bare) == full


async def test_an_upgrade_of_a_current_schema_changes_nothing(bare: Database) -> None:
    await schema.upgrade(bare)
    await schema.upgrade(bare)
    assert await schema.is_current(bare)


async def test_a_step_that_fails_leaves_the_schema_as_it_was(bare: Database) -> None:
    def half(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")
        raise LookupError

    with pytest.raises(LookupError):
        await bare.migrate(half)
    assert "half" not in await _tables(bare)


async def test_an_embedded_database_is_migrated_by_the_start_and_postgresql_is_not(bare: Database) -> None:
    app = create_app(Settings(secret=SECRET), database=bare)
    if bare.is_sqlite:
        async with living(app):
            assert await schema.is_current(bare)
        return
    with pytest.raises(SchemaBehind, match="milepost migrate"):
        await app.router.lifespan_context(app).__aenter__()
    assert await _tables(bare) == set()


@pytest.mark.parametrize("bare", ("sqlite",), indirect=True)
async def test_foreign_keys_rest_during_a_change_of_the_schema_and_are_checked_at_its_end(bare: Database) -> None:
    def prepare(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE one (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TABLE two (one INTEGER REFERENCES one (id) ON DELETE CASCADE)")
        connection.exec_driver_sql("INSERT INTO one VALUES (1)")
        connection.exec_driver_sql("INSERT INTO two VALUES (1)")

    def remake(connection: Connection) -> None:
        connection.exec_driver_sql("ALTER TABLE one RENAME TO old")
        connection.exec_driver_sql("CREATE TABLE one (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO one SELECT id FROM old")
        connection.exec_driver_sql("DROP TABLE old")
        connection.exec_driver_sql("DROP TABLE two")
        connection.exec_driver_sql("CREATE TABLE two (one INTEGER REFERENCES one (id) ON DELETE CASCADE)")
        connection.exec_driver_sql("INSERT INTO two VALUES (1)")

    def forget(connection: Connection) -> None:
        connection.exec_driver_sql("DELETE FROM one")

    await bare.migrate(prepare)
    await bare.migrate(remake)
    with pytest.raises(Conflict, match="1 rows would refer to nothing"):
        await bare.migrate(forget)
    async with bare.read() as session:
        connection = await session.connection()
        assert (await connection.exec_driver_sql("SELECT count(*) FROM two")).scalar() == 1
        assert (await connection.exec_driver_sql("PRAGMA foreign_keys")).scalar() == 1
