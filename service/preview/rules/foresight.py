"""Which notices a due date will have, and what would become of each."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from service.due.workdays import WorkCalendar
from service.progress.rules import Standing
from service.reminders.rules.ending import FIRE, Notice, Owed, catch_up, ending
from service.reminders.rules.offsets import Measure, Offset
from service.reminders.rules.planning import GRACE, TOO_OLD, UNDONE, Cause, End, FiringStatus
from service.reminders.rules.policy import Policy
from service.reminders.rules.timing import Planned

_DAY = dt.timedelta(days=1)
_LONGEST_REST = 31  # days; no statutory rest is as long

WAITS = End(FiringStatus.PENDING, Cause.TIME, "")


class Subject(NamedTuple):
    """An occurrence that is owed and has a date, with its milestone and plan. `time_zone`: None, the service's."""

    id: str
    period: str
    due_on: dt.date
    updated_at: dt.datetime
    milestone: str
    key: str
    title: str
    kind: str
    plan: str
    plan_title: str
    plan_status: str
    time_zone: str | None
    jurisdiction: str


class Recorded(NamedTuple):
    """A firing as the ledger has it. `cause`: empty while it is pending."""

    id: str
    occurrence: str
    offset: str
    due_on: dt.date
    fire_at: dt.datetime
    due_version: int
    status: FiringStatus
    cause: str
    reason: str


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant (included) to a later one (not included)."""

    start: dt.datetime
    end: dt.datetime

    def __contains__(self, at: dt.datetime) -> bool:
        return self.start <= at < self.end

    def days(self) -> tuple[dt.date, dt.date]:
        """The first and the last day of it, wherever on Earth."""
        return self.start.astimezone(dt.UTC).date() - _DAY, self.end.astimezone(dt.UTC).date() + _DAY


@dataclass(frozen=True, slots=True)
class Expected:
    """A notice and how it stands: `PENDING` goes out, all else does not, or did. `firing`: its id in the ledger."""

    planned: Planned
    end: End
    firing: str | None = None

    @property
    def goes_out(self) -> bool:
        return self.end.status is FiringStatus.PENDING


# ── which due dates have notices between two days ────────────────────────────────────────────────────────────────────


def due_between(
    policies: Iterable[Policy], first: dt.date, last: dt.date, calendar: WorkCalendar
) -> list[tuple[dt.date, dt.date]]:
    """Spans of due dates (both days included) that hold every one of which some notice goes out in these days.

    For offsets in days they are exact. For workdays they are wider, since counting 250 of them back from each of a
    thousand dates takes longer than passing over a date that was read in vain.
    """
    spans: set[tuple[dt.date, dt.date]] = set()
    for policy in set(policies):
        for offset in policy.offsets:
            around = _around(offset, first, last)
            if offset.measure is Measure.WORKDAYS:
                spans.add(around)
                continue
            days = (around[0] + _DAY * place for place in range((around[1] - around[0]).days + 1))
            spans.update(
                (day, day) for day in days if first <= offset.day(day, roll=policy.roll, calendar=calendar) <= last
            )
    return list(_merged(sorted(spans)))


def _around(offset: Offset, first: dt.date, last: dt.date) -> tuple[dt.date, dt.date]:
    """Between which due dates a notice at this offset can fall into these days: rests move it away from its date."""
    far = abs(offset.count) * (1 if offset.measure is Measure.DAYS else 2) + _LONGEST_REST
    near = abs(offset.count)
    if offset.count < 0:
        return first + _DAY * near, last + _DAY * far
    return (first, last) if offset.count == 0 else (first - _DAY * far, last - _DAY * near)


def _merged(spans: Sequence[tuple[dt.date, dt.date]]) -> Iterator[tuple[dt.date, dt.date]]:
    """Spans in order, those that touch made one."""
    open_one: tuple[dt.date, dt.date] | None = None
    for start, end in spans:
        if open_one is not None and start <= open_one[1] + _DAY:
            open_one = open_one[0], max(open_one[1], end)
            continue
        if open_one is not None:
            yield open_one
        open_one = start, end
    if open_one is not None:
        yield open_one


# ── what becomes of each ─────────────────────────────────────────────────────────────────────────────────────────────


def foresee(
    subject: Subject,
    planned: Iterable[Planned],
    *,
    standings: Sequence[Standing],
    recorded: Iterable[Recorded],
    span: Span,
    now: dt.datetime,
) -> list[Expected]:
    """The notices of an occurrence in a span, in the order in which they go out, and what would become of each.

    What the ledger says of a notice that has ended holds, unless it ended because of what was planned then. For all
    others the same rules are asked that decide when the time has come, with progress as it is now.
    """
    known: dict[tuple[str, dt.date, dt.datetime], Recorded] = {}
    for row in sorted(recorded, key=lambda each: each.due_version):
        known[row.offset, row.due_on, row.fire_at] = row
    found = []
    for each in planned:
        if each.fire_at in span:
            held = known.get((str(each.offset), subject.due_on, each.fire_at))
            end = _end(subject, each, standings, held, now=now)
            found.append(Expected(each, end, held.id if held else None))
    return sorted(_without_overtaken(subject, found), key=lambda each: (each.planned.fire_at, each.planned.offset))


def _end(
    subject: Subject, planned: Planned, standings: Sequence[Standing], row: Recorded | None, *, now: dt.datetime
) -> End:
    if row is not None and row.status is not FiringStatus.PENDING and row.cause not in UNDONE:
        return End(row.status, Cause(row.cause), row.reason)
    owed = Owed(active=True, published=subject.plan_status == "published", due_on=subject.due_on)
    end = ending(_notice(subject, Expected(planned, FIRE)), owed, standings, today=planned.on)
    if end is not FIRE:
        return end
    if row is None and planned.fire_at < now - GRACE:
        return TOO_OLD
    return WAITS


def _without_overtaken(subject: Subject, found: Sequence[Expected]) -> Iterator[Expected]:
    """Two that come to stand on one day are one: the later overtakes the other."""
    for each in found:
        if each.goes_out:
            at = each.planned.fire_at
            beside = [
                _notice(subject, other)
                for other in found
                if other is not each and other.goes_out and other.planned.fire_at == at
            ]
            end = catch_up(_notice(subject, each), beside, now=at)
            if end is not FIRE:
                each = replace(each, end=end)
        yield each


def _notice(subject: Subject, expected: Expected) -> Notice:
    planned = expected.planned
    return Notice(
        id=expected.firing or str(planned.offset),
        occurrence=subject.id,
        offset=str(planned.offset),
        kind=planned.kind,
        due_on=subject.due_on,
        fire_at=planned.fire_at,
        status=FiringStatus.PENDING,
    )
