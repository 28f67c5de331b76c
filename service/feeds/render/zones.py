"""Time zones in calendars.

icalendar's own `add_missing_timezones()` writes a COMMENT and China's summer times of 1986-1991, which libical's check
refuses. A zone that has kept one offset since 2000 needs one STANDARD block; for any other, UTC is written.
"""

import functools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_YEARS = range(2000, 2041)


@functools.lru_cache(maxsize=64)
def has_one_offset(zone: str) -> bool:
    """Whether clocks in a zone have not been changed since 2000, nor will be as far as is known."""
    return len({_offset(zone, year, month) for year in _YEARS for month in range(1, 13)}) == 1


@functools.lru_cache(maxsize=64)
def zone_block(zone: str) -> bytes:
    """The VTIMEZONE of a zone that has one offset; nothing for any other."""
    if not has_one_offset(zone):
        return b""
    offset = _spelled(_offset(zone, _YEARS[-1], 1))
    name = datetime(_YEARS[-1], 1, 1, tzinfo=ZoneInfo(zone)).tzname() or offset
    lines = (
        "BEGIN:VTIMEZONE",
        f"TZID:{zone}",
        "BEGIN:STANDARD",
        "DTSTART:19700101T000000",
        f"TZNAME:{name}",
        f"TZOFFSETFROM:{offset}",
        f"TZOFFSETTO:{offset}",
        "END:STANDARD",
        "END:VTIMEZONE",
    )
    return "".join(f"{line}\r\n" for line in lines).encode()


def _offset(zone: str, year: int, month: int) -> timedelta:
    return datetime(year, month, 1, tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset() or timedelta()


def _spelled(offset: timedelta) -> str:
    """+0800; with seconds where there are any."""
    total = int(offset.total_seconds())
    hours, rest = divmod(abs(total), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{'-' if total < 0 else '+'}{hours:02}{minutes:02}{f'{seconds:02}' if seconds else ''}"
