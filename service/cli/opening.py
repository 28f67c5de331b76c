"""What most commands begin with: the settings, the clock, the database at the newest schema."""

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from service.app import SchemaBehind
from service.gate.transaction import change
from service.kit import log, schema
from service.kit.clock import Clock, parse_clock
from service.kit.database import Database, Session
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Opened:
    """A database that a command may work with."""

    settings: Settings
    database: Database
    clock: Clock

    @contextlib.asynccontextmanager
    async def change(self) -> AsyncIterator[tuple[Session, datetime]]:
        """A session in which things are changed, and the instant at which they are."""
        now = self.clock.now()
        async with change(self.database, now=now) as session:
            yield session, now


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[Opened]:
    """The database that the environment names; an embedded one is migrated. Raises WrongSettings, SchemaBehind."""
    settings = Settings.from_environ(os.environ)
    # A command's own output is what it was called for; of the log only what is wrong.
    log.configure(level="warning", style="text")
    database = Database(settings.database_url)
    try:
        if database.is_sqlite:
            await schema.upgrade(database)
        elif not await schema.is_current(database):
            raise SchemaBehind
        yield Opened(settings, database, parse_clock(settings.clock, zone=settings.timezone))
    finally:
        await database.close()
