"""`Retry-After` (RFC 9110, section 10.2.3): a number of seconds or an HTTP-date; whatever else it says is ignored."""

import re
from datetime import UTC, datetime, timedelta

LONGEST = timedelta(days=1)

_SECONDS = re.compile(r"[0-9]+\Z")
_CLOCK = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-5][0-9]|60)"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG_DAY = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"

# Section 5.6.7: a recipient accepts all three forms; a sender writes the first.
_FORMS = (
    re.compile(rf"{_DAY}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_CLOCK} GMT\Z"),
    re.compile(rf"{_LONG_DAY}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_CLOCK} GMT\Z"),
    re.compile(rf"{_DAY} {_MONTH} (?P<day>[0-9 ][0-9]) {_CLOCK} (?P<year>[0-9]{{4}})\Z"),
)


def parse_retry_after(header: str | None, *, now: datetime) -> timedelta | None:
    """How long to wait, between nothing and `LONGEST`; None where the header is missing or says nothing valid.

    A date that has passed is a wait of nothing. Two values joined by a comma are no value.
    """
    text = (header or "").strip(" \t")
    if _SECONDS.match(text):
        digits = text.lstrip("0") or "0"
        # More digits than this are more than a day anyway, and cost time to read.
        return min(timedelta(seconds=int(digits)), LONGEST) if len(digits) <= 9 else LONGEST
    at = parse_http_date(text, now=now)
    if at is None:
        return None
    return min(max(at - now, timedelta()), LONGEST)


def parse_http_date(text: str, *, now: datetime) -> datetime | None:
    """An HTTP-date (RFC 9110, section 5.6.7) in any of its three forms; None for anything else."""
    found = next((match for form in _FORMS if (match := form.match(text))), None)
    if found is None:
        return None
    try:
        return datetime(
            _year(found["year"], now=now),
            _MONTHS.index(found["month"]) + 1,
            int(found["day"]),
            int(found["hour"]),
            int(found["minute"]),
            min(int(found["second"]), 59),  # a leap second, which datetime does not know
            tzinfo=UTC,
        )
    except ValueError:
        return None


def _year(text: str, *, now: datetime) -> int:
    """Two digits that appear to lie more than 50 years ahead mean the century before (section 5.6.7)."""
    if len(text) == 4:
        return int(text)
    year = now.year // 100 * 100 + int(text)
    return year - 100 if year > now.year + 50 else year
