"""The lines around the entries."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a calendar says about itself. `zones`: IANA names that its entries refer to, beside the service's own."""

    name: str
    description: str
    url: str
    color: str
    lang: Language
    changed_at: datetime
    zone: str
    zones: tuple[str, ...] = ()


def render_head(head: Head) -> bytes:
    """Everything before the entries. No METHOD: it would make the file an iTIP message (RFC 5546)."""
    calendar = Calendar()
    calendar.add("prodid", PRODID.format(lang=head.lang.value.upper()))
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", head.name)
    calendar.add("x-wr-calname", vText(head.name))  # icalendar escapes nothing in properties that it does not know
    calendar.add("description", head.description)
    calendar.add("x-wr-caldesc", vText(head.description))
    calendar.add("x-wr-timezone", head.zone)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")  # as text: icalendar would print a timedelta here as 1:00:00
    calendar.add("last-modified", head.changed_at.astimezone(UTC))
    calendar.add("url", head.url)
    calendar.add("color", head.color)
    lines = cast(bytes, calendar.to_ical())
    assert lines.endswith(FOOT)
    zones = dict.fromkeys((head.zone, *sorted(head.zones)))
    return lines[: -len(FOOT)] + b"".join(zone_block(zone) for zone in zones)
