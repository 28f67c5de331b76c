"""Which clock decides what is due, and how its time passes."""

from datetime import datetime

from service.gate.state import Gate
from service.kit.clock import RealClock, speed_of
from service.kit.database import Session
from service.reminders.store.due import database_now


async def present(session: Session, gate: Gate) -> datetime:
    """The instant that decides what is due: the simulated clock's; on PostgreSQL the server's, which replicas share and
    none of them can set; on SQLite the host's.
    """
    return gate.clock.now() if has_own_clock(gate) else await database_now(session)


def has_own_clock(gate: Gate) -> bool:
    """Whether the clock that decides is in this process, and not in the database."""
    return gate.database.is_sqlite or not isinstance(gate.clock, RealClock)


def until(gate: Gate, instant: datetime, *, now: datetime) -> float | None:
    """How many real seconds pass until an instant of the service's clock; None: it stands still."""
    speed = speed_of(gate.clock)
    return (instant - now).total_seconds() / speed if speed else None
