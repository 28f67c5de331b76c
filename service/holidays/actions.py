"""The work calendar in force, and supplying a year before the packaged data has it."""

import datetime as dt
from datetime import datetime

from service.access.rules import require_scope
from service.due.workdays import WorkCalendar
from service.holidays import rules, store
from service.holidays.models import HolidayYear
from service.journal.actions import record
from service.journal.kinds import Kind
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Denied, Fault, Invalid

_CALENDAR = "milepost_work_calendar"


async def work_calendar(session: Session, region: str = rules.CHINA) -> WorkCalendar:
    """The packaged calendar of a region with the years that operators supplied. Read once a session."""
    known: dict[str, WorkCalendar] = session.info.setdefault(_CALENDAR, {})
    if region not in known:
        calendar = rules.calendar_of(region)
        for row in await store.list_years(session, region):
            calendar = rules.with_year(calendar, _as_year(row))
        known[region] = calendar
    return known[region]


async def supplied_years(session: Session, region: str = rules.CHINA) -> list[rules.StatutoryYear]:
    """The years that operators supplied, as values."""
    return [_as_year(row) for row in await store.list_years(session, region)]


async def supply_year(session: Session, actor: Actor, year: rules.StatutoryYear, *, now: datetime) -> None:
    """Take a year's notice; dates that depended on it are computed anew before the door commits.

    Raises Invalid, Denied.
    """
    require_scope(actor, "admin")
    if actor.jurisdiction is not None:
        raise Denied("Statutory days hold for everybody: this key may only change what belongs to one jurisdiction.")
    faults = [Fault(".".join(map(str, fault.path)), fault.message) for fault in rules.check_year(year)]
    if faults:
        raise Invalid("; ".join(map(str, faults)), faults=faults)
    row = await session.get(HolidayYear, (year.region, year.year))
    before = _told(row) if row else None
    row = row or HolidayYear(region=year.region, year=year.year, notice="", recorded_at=now)
    row.notice = year.notice
    row.off_days = sorted(day.isoformat() for day in year.off_days)
    row.work_days = sorted(day.isoformat() for day in year.work_days)
    if _told(row) == before:
        return
    row.recorded_at = now
    session.add(row)
    await session.flush()
    session.info.pop(_CALENDAR, None)
    record(
        session,
        actor,
        kind=Kind.HOLIDAYS_UPDATED,
        subject=f"{year.region}/{year.year}",
        jurisdiction=None,
        before=before,
        after=_told(row),
        now=now,
    )


def _as_year(row: HolidayYear) -> rules.StatutoryYear:
    return rules.StatutoryYear(
        region=row.region,
        year=row.year,
        notice=row.notice,
        off_days=frozenset(dt.date.fromisoformat(day) for day in row.off_days),
        work_days=frozenset(dt.date.fromisoformat(day) for day in row.work_days),
    )


def _told(row: HolidayYear) -> dict[str, object]:
    return {"notice": row.notice, "off_days": list(row.off_days), "work_days": list(row.work_days)}
