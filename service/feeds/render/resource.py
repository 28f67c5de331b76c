"""A calendar of one entry: what CalDAV hands out under an entry's own address (RFC 4791, 4.1).

Beside `calendar.py`, whose head speaks for a feed: an entry by itself has no name, colour or time to live.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from service.feeds.render.calendar import FOOT, PRODID
from service.feeds.render.zones import zone_block
from service.feeds.rules.facts import DOMAIN
from service.feeds.rules.forms import Language


def render_resource(lines: bytes, *, zones: Sequence[str], lang: Language) -> bytes:
    """An entry's own lines, with what has to stand around them and the zones that they refer to."""
    return _head(lang) + b"".join(zone_block(zone) for zone in sorted(zones)) + lines + FOOT


def render_zone(zone: str, *, lang: Language) -> bytes:
    """A calendar that holds a time zone and nothing else (RFC 4791, 5.2.2); nothing where the zone has no block."""
    block = zone_block(zone)
    return _head(lang) + block + FOOT if block else b""


def render_free(begins: datetime, ends: datetime, *, at: datetime, lang: Language) -> bytes:
    """A time in which nobody is busy (RFC 5545, 3.6.4), as of `at`: no entry of ours is opaque."""
    first, last, stamp = (f"{each.astimezone(UTC):%Y%m%dT%H%M%SZ}" for each in (begins, ends, at))
    lines = f"UID:free-{first}-{last}@{DOMAIN}\r\nDTSTAMP:{stamp}\r\nDTSTART:{first}\r\nDTEND:{last}\r\n"
    return _head(lang) + f"BEGIN:VFREEBUSY\r\n{lines}END:VFREEBUSY\r\n".encode() + FOOT


def _head(lang: Language) -> bytes:
    prodid = PRODID.format(lang=lang.value.upper())
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{prodid}\r\nCALSCALE:GREGORIAN\r\n".encode()
