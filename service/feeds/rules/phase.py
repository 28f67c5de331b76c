"""What the date makes of an entry's facts, and when it will next make something else of them. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Literal

from service.feeds.rules.facts import EntryFacts
from service.milestones.rules import SOON, Light, light

MOVED_SHOWN = timedelta(days=14)
ENDED_SHOWN = timedelta(days=60)

State = Literal["active", "ended", "left"]


@dataclass(frozen=True, slots=True)
class Phase:
    """How an entry stands on a day: its light, whether it is called off or has left, whether it says that it moved."""

    light: str
    state: State
    moved: bool


def phase_on(facts: EntryFacts, day: date) -> Phase:
    """How these facts stand on a day."""
    if facts.ended:
        left = facts.ended_on is not None and day >= facts.ended_on + ENDED_SHOWN
        return Phase("grey", "left" if left else "ended", moved=False)
    done = facts.progress == "done"
    colour = Light.GREEN if done else light(facts.due_on, cancelled=False, today=day)
    moved = facts.moved_on is not None and facts.moved_from is not None and day < facts.moved_on + MOVED_SHOWN
    return Phase(colour.value, "active", moved=moved)


def next_change_on(facts: EntryFacts, day: date) -> date | None:
    """The first day after `day` on which the date alone changes something; None: never again."""
    return min((each for each in _turns(facts) if each > day), default=None)


def _turns(facts: EntryFacts) -> Iterator[date]:
    if facts.ended:
        if facts.ended_on is not None:
            yield facts.ended_on + ENDED_SHOWN
        return
    if facts.due_on is not None and facts.progress != "done":
        yield facts.due_on - SOON
        yield facts.due_on + timedelta(days=1)
    if facts.moved_on is not None:
        yield facts.moved_on + MOVED_SHOWN


def midnight(day: date, zone: tzinfo) -> datetime:
    """The instant at which a day begins: the same on every replica, whenever it was that it turned the page."""
    return datetime.combine(day, time(), zone)


def monday_of(day: date) -> date:
    """The first day of a day's week."""
    return day - timedelta(days=day.weekday())


def next_stamp(last: datetime | None, at: datetime) -> datetime:
    """When a change that happens `at` is said to have happened: in whole seconds, and later than the last one.

    HTTP dates have whole seconds (RFC 9110, 5.6.7); two changes within one second must not look like one.
    """
    at = at.replace(microsecond=0)
    return at if last is None or at > last else last + timedelta(seconds=1)
