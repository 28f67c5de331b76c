"""Single moments in a calendar, as VEVENTs: what happens at an instant, not what is owed on a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, cast

from icalendar import Event

from service.feeds.render.calendar import FOOT, Head, render_head

_SHOWN = timedelta(minutes=15)  # an event without length is a line that nobody can click


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happens at an instant. `state` is iCalendar's STATUS."""

    uid: str
    at: datetime
    stamp: datetime
    summary: str
    description: str
    url: str
    category: str
    state: Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]


def render_moments(head: Head, moments: Iterable[Moment]) -> bytes:
    """A whole calendar. Its times are in UTC, which every program shows in its own zone."""
    held = list(moments)
    changed_at = max((each.stamp for each in held), default=datetime(1970, 1, 1, tzinfo=UTC))
    return render_head(head, changed_at=changed_at) + b"".join(map(_block, held)) + FOOT


def _block(moment: Moment) -> bytes:
    block = Event()
    at = moment.at.astimezone(UTC)
    block.add("uid", moment.uid)
    block.add("dtstamp", moment.stamp.astimezone(UTC))
    block.add("dtstart", at)
    block.add("dtend", at + _SHOWN)
    block.add("summary", moment.summary)
    block.add("description", moment.description)
    block.add("url", moment.url)
    block.add("categories", [moment.category])
    block.add("status", moment.state)
    block.add("transp", "TRANSPARENT")  # a notice makes nobody busy
    return cast(bytes, block.to_ical())
