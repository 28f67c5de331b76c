"""When an entry begins and ends, as instants, for questions about a span of time (RFC 4791, 9.9). Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.feeds.rules.facts import EntryFacts
from service.feeds.rules.forms import Component
from service.milestones.rules import NO_DATE

TIMED_BLOCK = timedelta(minutes=30)  # what stands in calendars for a deadline at an hour
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant up to another one, which is not part of it; None: without end on this side."""

    start: datetime | None = None
    end: datetime | None = None

    def is_near(self, day: date) -> bool:
        """Whether what falls on this civil day, anywhere on earth, may be in the span. What has no date always may."""
        if day == NO_DATE:
            return True
        after = self.start is None or day >= self.start.date() - 2 * _DAY
        return after and (self.end is None or day <= self.end.date() + 2 * _DAY)

    def meets_event(self, begins: datetime, ends: datetime) -> bool:
        """Whether an event that takes some time overlaps it."""
        return (self.start is None or self.start < ends) and (self.end is None or self.end > begins)

    def meets_todo(self, due: datetime | None, created_at: datetime) -> bool:
        """Whether a to-do falls into it: by its due time; without one, whatever was there before the span ended."""
        if due is None:
            return self.end is None or self.end > created_at
        return (self.start is None or self.start < due) and (self.end is None or self.end >= due)


ALWAYS = Span()


def span_of(facts: EntryFacts, component: Component, *, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """When an entry begins and ends, in UTC. `zone`: where a day begins that has no zone of its own."""
    if facts.due_on is None:
        return None, None
    is_todo = component is Component.VTODO
    if facts.due_time is not None:
        end = datetime.combine(facts.due_on, facts.due_time, ZoneInfo(facts.time_zone)).astimezone(UTC)
        return (end, end) if is_todo else (end - TIMED_BLOCK, end)
    begins = datetime.combine(facts.due_on, time(), zone).astimezone(UTC)
    if is_todo:
        return begins, begins
    return begins, datetime.combine(facts.due_on + _DAY, time(), zone).astimezone(UTC)
