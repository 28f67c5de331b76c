"""How progress is found."""

from collections.abc import Collection, Iterator
from functools import lru_cache

from sqlmodel import col, select

from service.kit.database import Session
from service.kit.rows import among
from service.milestones.models import Occurrence, OccurrenceUnit
from service.milestones.rules import Role
from service.progress.models import Progress
from service.progress.rules import ProgressStatus, Standing

MOST_AT_ONCE = 10_000


def _batches(ids: Collection[str]) -> Iterator[list[str]]:
    """Ids in portions: a statement binds some 32,000 values at most, on either database."""
    listed = list(ids)
    for start in range(0, len(listed), MOST_AT_ONCE):
        yield listed[start : start + MOST_AT_ONCE]


async def get_locked(session: Session, *, occurrence: str, unit: str) -> Progress | None:
    """What was said about an occurrence and a unit; nobody else says anything about it until the transaction ends.

    The occurrence is what is locked: there may be nothing else yet. Its key stays free, so that rows that refer to it
    can be written meanwhile.
    """
    lock = select(Occurrence.id).where(Occurrence.id == occurrence).with_for_update(key_share=True)
    await session.exec(lock)
    return await session.get(Progress, (occurrence, unit), populate_existing=True)


async def said_of(session: Session, occurrence: str) -> dict[str, Progress]:
    """Unit → what was said, for one occurrence; units that no longer answer for it are among them."""
    rows = await session.exec(select(Progress).where(Progress.occurrence == occurrence).order_by(col(Progress.unit)))
    return {row.unit: row for row in rows}


async def statuses(session: Session, occurrences: Collection[str]) -> dict[tuple[str, str], ProgressStatus]:
    """(occurrence, unit) → status, where anything was said; whoever is missing is pending."""
    found: dict[tuple[str, str], ProgressStatus] = {}
    for some in _batches(occurrences):
        query = select(Progress.occurrence, Progress.unit, Progress.status).where(col(Progress.occurrence).in_(some))
        for occurrence, unit, status in await session.exec(query):
            found[occurrence, unit] = ProgressStatus(status)
    return found


async def standings(session: Session, occurrences: Collection[str]) -> dict[str, list[Standing]]:
    """Occurrence → the units that answer for it, in order, and how far each has come.

    Columns are asked for, not rows: what another transaction has just committed must be seen.
    """
    found: dict[str, list[Standing]] = {id: [] for id in occurrences}
    mine = (col(Progress.occurrence) == col(OccurrenceUnit.occurrence)) & (
        col(Progress.unit) == col(OccurrenceUnit.unit)
    )
    query = (
        select(OccurrenceUnit.occurrence, OccurrenceUnit.unit, OccurrenceUnit.role, col(Progress.status))
        .outerjoin(Progress, mine)
        .where(among(session, col(OccurrenceUnit.occurrence), occurrences))
        .order_by(col(OccurrenceUnit.position))
    )
    for occurrence, unit, role, status in await session.exec(query):
        found[occurrence].append(_standing(unit, role, status))
    return found


@lru_cache(maxsize=10_000)  # the same few thousand come again and again, and are asked for by the ten thousand
def _standing(unit: str, role: str, status: str | None) -> Standing:
    return Standing(unit, Role(role), ProgressStatus(status or ProgressStatus.PENDING))
