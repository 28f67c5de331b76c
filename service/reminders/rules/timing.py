"""From a policy and a due date to instants: civil days and times of day, made exact in a time zone."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from service.due.workdays import WorkCalendar
from service.reminders.rules.offsets import NoticeKind, Offset
from service.reminders.rules.policy import Policy

_SECOND = dt.timedelta(seconds=1)


class LocalTime(StrEnum):
    """Whether a civil time happens once, twice (clocks go back) or never (clocks go forward)."""

    REGULAR = "regular"
    AMBIGUOUS = "ambiguous"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant in UTC, and what is special about the civil time that it stands for."""

    at: dt.datetime
    local_time: LocalTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A notice that a policy asks for: the civil day and time that it means, and the instant at which that is."""

    offset: Offset
    on: dt.date
    at: dt.time
    zone: str
    fire_at: dt.datetime
    local_time: LocalTime

    @property
    def kind(self) -> NoticeKind:
        return self.offset.kind


def planned(policy: Policy, *, due_on: dt.date, zone: ZoneInfo, calendar: WorkCalendar) -> tuple[Planned, ...]:
    """Every notice that a policy asks for about a due date, in the order of its offsets."""
    found = []
    for offset in policy.offsets:
        on = offset.day(due_on, roll=policy.roll, calendar=calendar)
        moment = instant_of(on, policy.at, zone)
        found.append(
            Planned(offset=offset, on=on, at=policy.at, zone=zone.key, fire_at=moment.at, local_time=moment.local_time)
        )
    return tuple(found)


def instant_of(day: dt.date, at: dt.time, zone: ZoneInfo) -> Moment:
    """The instant of a civil time: of one that happens twice the first, of one that never happens the first after it.

    `fold` as PEP 495 defines it: with 0 a civil time is read with the offset before the change of clocks, with 1 with
    the one after it; the offset falls where the time happens twice, and rises where it is left out.
    """
    civil = dt.datetime.combine(day, at, tzinfo=zone)
    before, after = civil.utcoffset(), civil.replace(fold=1).utcoffset()
    assert before is not None
    assert after is not None
    if before == after:
        return Moment(civil.astimezone(dt.UTC), LocalTime.REGULAR)
    if before > after:
        return Moment(civil.astimezone(dt.UTC), LocalTime.AMBIGUOUS)
    naive = civil.replace(tzinfo=dt.UTC)
    return Moment(_change_of_clocks(naive - after, naive - before, zone), LocalTime.MISSING)


def _change_of_clocks(earlier: dt.datetime, later: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The first second after `earlier` at which the zone has the offset that it has at `later`."""
    wanted = later.astimezone(zone).utcoffset()
    while later - earlier > _SECOND:
        middle = earlier + ((later - earlier) // _SECOND // 2) * _SECOND
        if middle.astimezone(zone).utcoffset() == wanted:
            later = middle
        else:
            earlier = middle
    return later


@lru_cache(maxsize=1_000)  # thousands ask for the same instant
def civil_date(at: dt.datetime, zone: str) -> dt.date:
    """The day on which an instant falls in a time zone."""
    return at.astimezone(ZoneInfo(zone)).date()
