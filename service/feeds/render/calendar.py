"""The lines around the entries."""

import functools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from icalendar import Calendar, vText

from service.feeds.render.zones import zone_block
from service.feeds.rules.subjects import Language

# No version: a release must not change every ETag.
PRODID = "-//Milepost//Milepost//{lang}"
FOOT = b"END:VCALENDAR\r\n"
REFRESH = timedelta(hours=1)


_ANY_TIME = b"LAST-MODIFIED:19700101T000000Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a calendar says about itself. `zones`: IANA names that its entries refer to, beside the service's own."""

    name: str
    description: str
    url: str
    color: str
    lang: Language
    zone: str
    zones: tuple[str, ...] = ()


def render_head(head: Head, *, changed_at: datetime) -> bytes:
    """Everything before the entries. No METHOD: it would make the file an iTIP message (RFC 5546)."""
    changed = f"LAST-MODIFIED:{changed_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return _head(head).replace(_ANY_TIME, changed.encode(), 1)


@functools.lru_cache(maxsize=1_000)
def _head(head: Head) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODID.format(lang=head.lang.value.upper()))
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    # Before anything that people wrote: what is replaced above is the first of its kind.
    calendar.add("last-modified", datetime(1970, 1, 1, tzinfo=UTC))
    # icalendar escapes nothing in properties that it does not know, NAME among them: these have to be text already.
    calendar.add("name", vText(head.name))
    calendar.add("x-wr-calname", vText(head.name))
    calendar.add("description", head.description)
    calendar.add("x-wr-caldesc", vText(head.description))
    calendar.add("x-wr-timezone", head.zone)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")  # as text: icalendar would print a timedelta here as 1:00:00
    calendar.add("url", head.url)
    calendar.add("color", head.color)
    lines = cast(bytes, calendar.to_ical(sorted=False))
    assert lines.endswith(FOOT)
    zones = dict.fromkeys((head.zone, *sorted(head.zones)))
    return lines[: -len(FOOT)] + b"".join(zone_block(zone) for zone in zones)
