"""What a reader sees in an entry, in one form for all readers: UID, begin, end, title, status."""

import datetime as dt
from typing import NamedTuple
from zoneinfo import ZoneInfo

from service.feeds.actions import syncing
from service.feeds.actions.reading import View
from service.feeds.models import FeedEntry
from service.feeds.rules.facts import from_mapping
from service.feeds.rules.forms import Component, Form, Language
from service.feeds.rules.phase import Phase
from service.feeds.rules.spans import span_of
from service.feeds.rules.subjects import read_subject
from service.feeds.rules.texts import summary
from tests.feeds.world import SHANGHAI, World


class Seen(NamedTuple):
    """An entry. Days are `2024-11-15`, instants `2024-11-15T08:30:00Z`; a to-do only ends, when it is due."""

    uid: str
    begins: str
    ends: str
    title: str
    status: str


def spelled(value: dt.date | dt.datetime | None) -> str:
    """A day or an instant in one spelling."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat()


def basic(text: str, zone: str = "") -> str:
    """The same from iCalendar's own spelling: 20241115, 20241115T083000Z, or 20241115T163000 in a zone."""
    if "T" not in text:
        return dt.datetime.strptime(text, "%Y%m%d").date().isoformat()  # noqa: DTZ007  # a civil day has no zone
    if text.endswith("Z"):
        return spelled(dt.datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC))
    at = dt.datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007  # the zone stands beside it
    return spelled(at.replace(tzinfo=ZoneInfo(zone)))


_STATUS = {"": "NEEDS-ACTION", "started": "IN-PROCESS", "done": "COMPLETED"}


async def expected(world: World, subject: str, form: Form) -> set[Seen]:
    """What the database says of a feed."""
    today = world.clock.now().astimezone(SHANGHAI).date()
    view = View(form.window, today, undated=form.component is Component.VTODO, zone=SHANGHAI)
    async with world.database.read() as session:
        rows = await syncing.read_shown(session, read_subject(subject), view=view)
    return {_seen(row, form) for row in rows}


def _seen(row: FeedEntry, form: Form) -> Seen:
    facts = from_mapping(row.facts)
    is_todo = form.component is Component.VTODO
    phase = Phase(row.light, "active" if row.state == "active" else "ended", moved=row.moved)
    title = summary(facts, phase, Language.ZH)
    if is_todo:
        begins, ends = "", spelled(span_of(facts, form.component, zone=SHANGHAI)[1] if facts.due_time else facts.due_on)
        status = (
            "CANCELLED" if facts.ended else {"": "NEEDS-ACTION", "done": "COMPLETED"}.get(facts.progress, "IN-PROCESS")
        )
        return Seen(row.uid, begins, ends, title, status)
    status = "CANCELLED" if facts.ended else "CONFIRMED"
    assert facts.due_on is not None
    if facts.due_time is None:
        return Seen(row.uid, spelled(facts.due_on), spelled(facts.due_on + dt.timedelta(days=1)), title, status)
    start, end = span_of(facts, form.component, zone=SHANGHAI)
    return Seen(row.uid, spelled(start), spelled(end), title, status)
