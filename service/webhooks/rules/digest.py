"""Many events in one message a day or a week: 30 tasks of one unit fall due on one day, nobody wants 30 messages."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.progress.rules import Standing, all_finished
from service.reminders.rules.timing import instant_of
from service.webhooks.rules.events import (
    Cadence,
    Digest,
    DigestEntry,
    Event,
    EventType,
    MilestoneNews,
    OccurrenceNotice,
    PlanPublished,
    ProgressNews,
    Rescheduled,
)
from service.webhooks.rules.parts import Cause, CauseKind, UnitPart

MOST_ENTRIES = 100  # in one part: some 60 kB; Standard Webhooks asks for small payloads
MONDAY = 0

_NOTICES = {EventType.OCCURRENCE_DUE_SOON, EventType.OCCURRENCE_DUE, EventType.OCCURRENCE_OVERDUE}


@dataclass(frozen=True, slots=True)
class Window:
    """The days that a digest covers, both included, and the instant at which it is sent."""

    cadence: Cadence
    from_on: date
    to_on: date
    send_at: datetime


def next_window(cadence: Cadence, *, after: datetime, at: time, zone: str, weekday: int = MONDAY) -> Window:
    """The first digest that is sent after an instant: daily, or weekly on `weekday` (0: Monday), at a local time.

    It covers the day of sending (a daily one), or the seven days that begin with it. Where clocks change, a local time
    is read as for reminders.
    """
    here = ZoneInfo(zone)
    day = after.astimezone(here).date() - timedelta(days=1)
    while True:
        send_at = instant_of(day, at, here).at
        if send_at > after and (cadence is Cadence.DAILY or day.weekday() == weekday):
            return Window(cadence, day, day + timedelta(days=0 if cadence is Cadence.DAILY else 6), send_at)
        day += timedelta(days=1)


def digests(events: Iterable[Event], window: Window, *, endpoint: str, now: datetime, zone: str) -> tuple[Event, ...]:
    """The messages that stand for these events: parts of at most `MOST_ENTRIES`, none where nothing is left to say.

    Of several notices of one occurrence the last one counts, and none that a cancellation, a new date or the last
    unit's report followed. Entries come by due date, then plan and place in the document. Ids follow from endpoint and
    window, so that a digest that is made again after a crash is the same message.
    """
    today = now.astimezone(ZoneInfo(zone)).date()
    entries = [_entry(event, today=today) for event in _still_true(events)]
    entries.sort(key=lambda each: (each.due_on or date.max, each.plan.slug, _ref(each), each.id))
    parts = [entries[start : start + MOST_ENTRIES] for start in range(0, len(entries), MOST_ENTRIES)]
    return tuple(
        Event(
            id=_id(endpoint, window, number),
            type=EventType.ENDPOINT_DIGEST,
            timestamp=window.send_at,
            about=Digest(
                endpoint=endpoint,
                cadence=window.cadence,
                from_on=window.from_on,
                to_on=window.to_on,
                part=number,
                parts=len(parts),
                total=len(entries),
                entries=tuple(part),
            ),
            cause=Cause(kind=CauseKind.CLOCK),
            scheduled_for=window.send_at,
            fired_at=now,
        )
        for number, part in enumerate(parts, start=1)
    )


def _id(endpoint: str, window: Window, part: int) -> str:
    # Not of the day: whoever moves the hour of a digest that was sent gets another one on the same day.
    name = f"{endpoint}\x1f{window.cadence}\x1f{window.send_at.astimezone(UTC).isoformat()}\x1f{part}"
    return f"dig_{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def _still_true(events: Iterable[Event]) -> list[Event]:
    """The events without those that a later one has overtaken, in the order in which they happened."""
    kept: dict[tuple[str, str], Event] = {}
    for event in sorted(events, key=lambda each: (each.timestamp, each.id)):
        match event.about:
            case OccurrenceNotice(occurrence=occurrence):
                kept[occurrence.id, "notice"] = event
            case Rescheduled(occurrence=occurrence):
                kept.pop((occurrence.id, "notice"), None)
                kept[occurrence.id, "move"] = event
            case ProgressNews(occurrence=occurrence, unit=unit, units=units):
                if _is_done(units):
                    kept.pop((occurrence.id, "notice"), None)
                kept[occurrence.id, unit.code] = event
            case MilestoneNews(milestone=milestone):
                if event.type is EventType.MILESTONE_CANCELLED:
                    kept = {key: each for key, each in kept.items() if not _is_notice_of(each, milestone.id)}
                kept[milestone.id, event.type.value] = event
            case PlanPublished(plan=plan):
                kept[plan.slug, "published"] = event
            case _:
                raise TypeError(f"{event.type} does not wait for a digest")
    return list(kept.values())


def _is_done(units: Iterable[UnitPart]) -> bool:
    return all_finished(Standing(unit.code, unit.role, unit.status) for unit in units)


def _is_notice_of(event: Event, milestone: str) -> bool:
    about = event.about
    return isinstance(about, OccurrenceNotice | Rescheduled) and about.milestone.id == milestone


def _entry(event: Event, *, today: date) -> DigestEntry:
    about = event.about
    if isinstance(about, PlanPublished):
        return DigestEntry(
            id=event.id, type=event.type, timestamp=event.timestamp, plan=about.plan, days_left=None, url=about.url
        )
    assert isinstance(about, MilestoneNews | OccurrenceNotice | Rescheduled | ProgressNews)
    occurrence = None if isinstance(about, MilestoneNews) else about.occurrence
    return DigestEntry(
        id=event.id,
        type=event.type,
        timestamp=event.timestamp,
        occurrence=occurrence.id if occurrence else None,
        period=occurrence.period if occurrence else None,
        milestone=about.milestone,
        plan=about.plan,
        due_on=about.due_on,
        days_left=(about.due_on - today).days if about.due_on else None,
        units=about.units,
        url=about.url if isinstance(about, MilestoneNews) else about.occurrence.url,
    )


def _ref(entry: DigestEntry) -> str:
    return entry.milestone.ref if entry.milestone else ""


def counts(entries: Sequence[DigestEntry]) -> dict[str, int]:
    """How many entries are overdue, due today, due later, and of another sort: what a digest's headline says."""
    found = {"overdue": 0, "today": 0, "soon": 0, "other": 0}
    for entry in entries:
        found[_class(entry)] += 1
    return found


def _class(entry: DigestEntry) -> str:
    if entry.type not in _NOTICES or entry.days_left is None:
        return "other"
    if entry.days_left < 0:
        return "overdue"
    return "soon" if entry.days_left else "today"
