"""What most commands begin with: the settings, the clock, the database at the newest schema."""

import contextlib
import errno
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from service.app import SchemaBehind
from service.gate.transaction import change
from service.kit import log, schema
from service.kit.clock import Clock, parse_clock
from service.kit.database import Database, Session
from service.kit.errors import Conflict
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
        async with change(self.database, now=now, zone=self.settings.timezone) as session:
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


def refuse_busy(host: str, port: int) -> None:
    """Raise Conflict when somebody else listens there: better said before anything is prepared than after."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        why = "somebody else listens there" if error.errno == errno.EADDRINUSE else error.strerror
        raise Conflict(f"{host}:{port} cannot be listened at: {why}. Choose another --port.") from None
