"""Entries that are nobody's occurrence, as VEVENT or VTODO."""

from datetime import UTC, timedelta
from typing import cast

from icalendar import Component as Block
from icalendar import Event, Todo

from service.feeds.render.entry import add_alarm, add_date
from service.feeds.rules.extras import Extra
from service.feeds.rules.forms import Component, Form, Switch
from service.feeds.rules.texts import COLORS

_DAY = timedelta(days=1)


def render_extra(extra: Extra, form: Form) -> bytes:
    """An extra's lines, folded and with CRLF."""
    is_todo = form.component is Component.VTODO
    block: Block = Todo() if is_todo else Event()
    block.add("uid", extra.uid)
    block.add("dtstamp", extra.revised_at.astimezone(UTC))
    block.add("created", extra.created_at.astimezone(UTC))
    block.add("last-modified", extra.revised_at.astimezone(UTC))
    block.add("sequence", extra.revision)
    if is_todo:
        add_date(block, "due", extra.until)
    else:
        add_date(block, "dtstart", extra.on)
        add_date(block, "dtend", extra.until + _DAY)
    block.add("summary", extra.summary)
    block.add("description", extra.description)
    block.add("url", extra.url)
    block.add("categories", [extra.category])
    if extra.light:
        block.add("color", COLORS[extra.light])
    if is_todo:
        block.add("status", "NEEDS-ACTION")
        block.add("percent-complete", 0)
    else:
        block.add("status", extra.status)
        block.add("transp", "TRANSPARENT")
        block.add("x-microsoft-cdo-busystatus", "FREE")
    if extra.alarm_at is not None and form.alarms is Switch.ON:
        add_alarm(block, uid=extra.uid, at=extra.alarm_at, text=extra.summary)
    return cast(bytes, block.to_ical())
