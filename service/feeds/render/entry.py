"""One entry as a VEVENT or VTODO."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from icalendar import Alarm, Event, Todo, vDate, vDatetime
from icalendar import Component as Block

from service.feeds.render.rich import add_rich
from service.feeds.render.zones import has_one_offset
from service.feeds.rules.facts import EntryFacts, Progress, alarm_uid
from service.feeds.rules.forms import Cancel, Component, Form, Switch
from service.feeds.rules.phase import Phase
from service.feeds.rules.texts import COLORS, categories, description, summary, words

_DAY = timedelta(days=1)
_BLOCK = timedelta(minutes=30)
_TODO_STATUS: Mapping[Progress, str] = {"": "NEEDS-ACTION", "started": "IN-PROCESS", "done": "COMPLETED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry at one revision: everything that its bytes are made from."""

    uid: str
    revision: int
    revised_at: datetime
    created_at: datetime
    facts: EntryFacts
    phase: Phase


def render_entry(entry: Entry, form: Form, *, public_url: str) -> bytes:
    """An entry's lines, folded at 75 octets on character borders, with CRLF."""
    facts, lang = entry.facts, form.lang
    is_todo = form.component is Component.VTODO
    block: Block = Todo() if is_todo else Event()
    block.add("uid", entry.uid)
    block.add("dtstamp", entry.revised_at.astimezone(UTC))
    block.add("created", entry.created_at.astimezone(UTC))
    block.add("last-modified", entry.revised_at.astimezone(UTC))
    block.add("sequence", entry.revision)
    _add_times(block, facts, is_todo=is_todo)
    url = public_url + facts.path
    block.add("summary", summary(facts, entry.phase, lang))
    if told := description(facts, entry.phase, lang, url=url, content=form.content):
        block.add("description", told)
    block.add("url", url)
    block.add("categories", list(categories(facts, lang)))
    block.add("color", COLORS[entry.phase.light])
    _add_status(block, facts, is_todo=is_todo, cancel=form.cancel)
    _add_relations(block, facts)
    if facts.precision:
        block.add("x-milepost-precision", facts.precision.upper())
    if form.alarms is Switch.ON and facts.alarm_at and entry.phase.state == "active" and facts.progress != "done":
        add_alarm(block, uid=entry.uid, at=facts.alarm_at, text=summary(facts, entry.phase, lang))
    if form.rich is Switch.ON:
        add_rich(block, uid=entry.uid, facts=facts, form=form, url=url)
    return cast(bytes, block.to_ical())


def add_alarm(block: Block, *, uid: str, at: datetime, text: str) -> None:
    """A notice on the screen (RFC 5545, 3.6.6), with a UID (RFC 9074). An instant and no duration: programs disagree
    about when a whole day begins."""
    alarm = Alarm()
    alarm.add("uid", alarm_uid(uid))
    alarm.add("action", "DISPLAY")
    alarm.add("description", text)
    trigger = vDatetime(at.astimezone(UTC))
    trigger.params["VALUE"] = "DATE-TIME"
    alarm.add("trigger", trigger, encode=False)
    block.add_component(alarm)


def render_greeting(uid: str, *, on: date, at: datetime, form: Form, url: str) -> bytes:
    """What an empty feed shows instead of nothing: that it works. Programs take an empty file for an error."""
    told = words(form.lang)
    is_todo = form.component is Component.VTODO
    block: Block = Todo() if is_todo else Event()
    block.add("uid", uid)
    for name in ("dtstamp", "created", "last-modified"):
        block.add(name, at.astimezone(UTC))
    block.add("sequence", 0)
    _add_times(block, EntryFacts(title="", due_on=on), is_todo=is_todo)
    block.add("summary", told.greeting)
    block.add("description", f"{url}\n{told.greeting_why}")
    block.add("url", url)
    if is_todo:
        block.add("status", "COMPLETED")
        block.add("percent-complete", 100)
    else:
        _add_status(block, EntryFacts(title=""), is_todo=False, cancel=form.cancel)
    return cast(bytes, block.to_ical())


def _add_times(block: Block, facts: EntryFacts, *, is_todo: bool) -> None:
    """A whole day, its end exclusive; or, where the source names an hour, the 30 minutes that end then."""
    if facts.due_on is None:
        return
    if facts.due_time is not None:
        end = _instant(facts.due_on, facts.due_time, facts.time_zone)
        if is_todo:
            _add_instant(block, "due", end)
        else:
            _add_instant(block, "dtstart", end - _BLOCK)
            _add_instant(block, "dtend", end)
        return
    if is_todo:
        add_date(block, "due", facts.due_on)
    else:
        add_date(block, "dtstart", facts.due_on)
        add_date(block, "dtend", facts.due_on + _DAY)


def _instant(day: date, at: time, zone: str) -> datetime:
    local = datetime.combine(day, at.replace(microsecond=0), ZoneInfo(zone))
    # Only zones that never change their offset get a VTIMEZONE; elsewhere UTC says the same without one.
    return local if has_one_offset(zone) else local.astimezone(UTC)


def _add_instant(block: Block, name: str, at: datetime) -> None:
    value = vDatetime(at)
    if at.tzinfo is not UTC:
        value.params["TZID"] = str(at.tzinfo)
    block.add(name, value, encode=False)


def add_date(block: Block, name: str, day: date) -> None:
    """A property whose value is a day."""
    value: Any = vDate(day)
    value.params["VALUE"] = "DATE"
    block.add(name, value, encode=False)


def _add_status(block: Block, facts: EntryFacts, *, is_todo: bool, cancel: Cancel) -> None:
    if is_todo:
        status = "CANCELLED" if facts.ended else _TODO_STATUS[facts.progress]
        block.add("status", status)
        if status != "IN-PROCESS":  # then nobody knows how much of it: 0 would say that it was not begun (3.8.1.8)
            block.add("percent-complete", 100 if status == "COMPLETED" else 0)
        return
    block.add("status", "CANCELLED" if facts.ended and cancel is Cancel.CANCELLED else "CONFIRMED")
    block.add("transp", "TRANSPARENT")  # a deadline makes nobody busy
    block.add("x-microsoft-cdo-busystatus", "FREE")


def _add_relations(block: Block, facts: EntryFacts) -> None:
    if facts.parent:
        block.add("related-to", facts.parent, parameters={"RELTYPE": "PARENT"})
    if facts.series:
        block.add("related-to", facts.series, parameters={"RELTYPE": "SIBLING"})
