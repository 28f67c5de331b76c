"""The schema: which revision a database stands at, and how it gets to the newest (Alembic, run inside this process)."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from service.kit.database import Database

_HERE = Path(__file__).resolve()
# In an installed package the migrations lie inside it; in the repository, beside it.
_PLACES = (_HERE.parents[1] / "migrations", _HERE.parents[2] / "migrations")

logging.getLogger("alembic").setLevel(logging.WARNING)


def folder() -> Path:
    """Where the migrations are."""
    return next(place for place in _PLACES if (place / "env.py").exists())


def configured(connection: Connection) -> Config:
    """Alembic's configuration for one open connection; `migrations/env.py` takes the connection from it."""
    config = Config()
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database, *, to: str = "head") -> None:
    """Bring a database to a revision: all steps, or none when one of them fails."""
    await database.migrate(lambda connection: command.upgrade(configured(connection), to))


async def downgrade(database: Database, *, to: str = "base") -> None:
    """Take a database back to a revision."""
    await database.migrate(lambda connection: command.downgrade(configured(connection), to))


async def is_current(database: Database) -> bool:
    """Whether a database stands at the newest revision. Raises Unavailable."""
    async with database.read() as session:
        connection = await session.connection()
        return await connection.run_sync(_stands_at_head)


def _stands_at_head(connection: Connection) -> bool:
    newest = ScriptDirectory.from_config(configured(connection)).get_heads()
    return set(MigrationContext.configure(connection).get_current_heads()) == set(newest)
