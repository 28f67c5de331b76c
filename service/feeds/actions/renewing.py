"""Making every entry anew: after a release with another layout, or where other days are worked than were thought."""

from datetime import datetime
from zoneinfo import ZoneInfo

from service.feeds.actions.advancing import Changed, advance, lock
from service.feeds.actions.revising import revise
from service.feeds.rules import facts
from service.feeds.store import marks
from service.feeds.store import matter as matter_store
from service.holidays.actions import work_calendar
from service.holidays.rules import CHINA
from service.kit.database import Session

BATCH = 200
_LAYOUT, _WORKDAYS = "layout", f"workdays:{CHINA}"


async def needs_renewal(session: Session) -> bool:
    """Whether entries were made with another layout or other workdays than those in force."""
    return await marks.read(session) != await _in_force(session)


async def renew(session: Session, *, after: str, zone: ZoneInfo, now: datetime) -> str | None:
    """Make the entries of the next milestones behind `after` anew; those that come out the same keep their revision.

    Answers the last milestone; None: there was none left.
    """
    ids = await matter_store.all_milestones(session, after=after, limit=BATCH)
    if not ids:
        return None
    changed = Changed()
    ledgers = await lock(session, jurisdictions=await matter_store.jurisdictions_of(session, ids))
    await revise(session, milestones=ids, changed=changed, zone=zone, now=now)
    if changed.jurisdictions:
        await advance(session, changed=changed, ledgers=ledgers, at=now)
    return ids[-1]


async def note_renewal(session: Session, *, now: datetime) -> None:
    """Remember that all entries are made with what is in force; the overlay of statutory days is another one, too,
    where those have changed."""
    before, after = await marks.read(session), await _in_force(session)
    await marks.write(session, after)
    if before.get(_WORKDAYS) != after[_WORKDAYS]:
        changed = Changed()
        changed.holidays(CHINA)
        await advance(session, changed=changed, ledgers={}, at=now)


async def _in_force(session: Session) -> dict[str, str]:
    calendar = await work_calendar(session, CHINA)
    return {_LAYOUT: str(facts.LAYOUT), _WORKDAYS: calendar.dataset}
