"""One transaction a request, command or tick: opened and committed at the door, before the answer leaves."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import structlog
from fastapi import Depends, Request

from service.gate import followers
from service.gate.state import Hearer, gate_of
from service.journal.actions import recorded
from service.journal.models import Recorded
from service.kit.database import Database, Session
from service.settings import TIMEZONE

_log = structlog.stdlib.get_logger("milepost")


@contextlib.asynccontextmanager
async def change(
    database: Database,
    *,
    now: datetime,
    zone: str = TIMEZONE,
    hearers: Iterable[Hearer] = (),
    lastly: Callable[[Session], Awaitable[object]] | None = None,
) -> AsyncIterator[Session]:
    """A session in which things are changed, for every door.

    1. The block works in it.
    2. Rooms downstream pull from the facts that were recorded, in the same transaction.
    3. What is to be done `lastly` is, in it too: it finds what those rooms wrote.
    4. It commits, or nothing of all this has happened.
    5. The caches of this process hear of it.

    Raises what the block raises, Conflict, Unavailable.
    """
    async with database.write() as session:
        yield session
        if recorded(session):
            for follow in followers.FOLLOWERS:
                await follow(session, tuple(recorded(session)), now=now.astimezone(ZoneInfo(zone)))
        if lastly is not None:
            await lastly(session)
    _tell(hearers, recorded(session))


def _tell(hearers: Iterable[Hearer], facts: Sequence[Recorded]) -> None:
    for hear in hearers if facts else ():
        try:
            hear(facts)
        except Exception:  # noqa: BLE001 - the change is committed; answering with an error would be a lie
            _log.exception("a cache did not hear of a change")


async def now_of(request: Request) -> datetime:
    """The instant of this request, asked once."""
    return gate_of(request).clock.now()


Now = Annotated[datetime, Depends(now_of)]


async def reading(request: Request) -> AsyncIterator[Session]:
    """A session for looking, closed before the answer leaves."""
    async with gate_of(request).database.read() as session:
        yield session


async def writing(request: Request, now: Now) -> AsyncIterator[Session]:
    """A session for changing, committed before the answer leaves: a commit that fails is an answer that says so."""
    gate = gate_of(request)
    async with change(gate.database, now=now, zone=gate.settings.timezone, hearers=gate.hearers) as session:
        yield session


# Without scope="function" FastAPI would run what follows `yield` when the answer has gone.
Reading = Annotated[Session, Depends(reading, scope="function")]
Writing = Annotated[Session, Depends(writing, scope="function")]
