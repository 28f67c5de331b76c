"""Days, weeks, months, quarters, halves and years as ISO 8601-2 (EDTF) writes them, with their first and last days.

Weeks begin on Monday and are numbered as ISO 8601 does; a period ends with its last day (24:00).
"""

import datetime as dt
import re
from calendar import monthrange
from dataclasses import dataclass
from enum import StrEnum

from service.due.faults import shown

FIRST_YEAR = 1900
LAST_YEAR = 2999  # far enough for any plan, and no arithmetic here ever reaches the calendar's own end
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAY = dt.timedelta(days=1)


class Precision(StrEnum):
    """How exactly a source names a date: by the day, the week, the month, the quarter, the half, the year."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar period: its precision, its first and its last day (both belong to it)."""

    precision: Precision
    first: dt.date
    last: dt.date

    @property
    def key(self) -> str:
        """The period in EDTF: `2024-06-30`, `2024-W07`, `2024-10`, `2024-Q3`, `2024-H1`, `2024`."""
        year, month = f"{self.first.year:04d}", self.first.month
        match self.precision:
            case Precision.DAY:
                return self.first.isoformat()
            case Precision.WEEK:
                week = self.first.isocalendar()
                return f"{week.year:04d}-W{week.week:02d}"
            case Precision.MONTH:
                return f"{year}-{month:02d}"
            case Precision.QUARTER:
                return f"{year}-Q{(month + 2) // 3}"
            case Precision.HALF:
                return f"{year}-H{(month + 5) // 6}"
            case Precision.YEAR:
                return year


@dataclass(frozen=True, slots=True)
class Span:
    """What a `value` names: one period (`first is last`) or an interval from one to another of the same precision."""

    first: Period
    last: Period
    is_interval: bool

    @property
    def precision(self) -> Precision:
        return self.last.precision

    @property
    def text(self) -> str:
        """The value in its canonical form: `2024-10`, `2024-02-23/2024-03-24`."""
        return f"{self.first.key}/{self.last.key}" if self.is_interval else self.last.key


def month_length(year: int, month: int) -> int:
    """How many days a month has: 29 for February 2024, 28 for February 2100."""
    return monthrange(year, month)[1]


def day_period(day: dt.date) -> Period:
    """One day as a period."""
    return Period(Precision.DAY, day, day)


def week_period(monday: dt.date) -> Period:
    """The ISO week that begins on a Monday."""
    return Period(Precision.WEEK, monday, monday + 6 * _DAY)


def months_period(precision: Precision, year: int, first_month: int) -> Period:
    """The month, quarter, half or year that begins with a month."""
    count = {Precision.MONTH: 1, Precision.QUARTER: 3, Precision.HALF: 6, Precision.YEAR: 12}[precision]
    last_month = first_month + count - 1
    last = dt.date(year, last_month, month_length(year, last_month))
    return Period(precision, dt.date(year, first_month, 1), last)


def period_of(day: dt.date, precision: Precision) -> Period:
    """The period of a precision that a day lies in."""
    match precision:
        case Precision.DAY:
            return day_period(day)
        case Precision.WEEK:
            return week_period(day - day.weekday() * _DAY)
        case Precision.MONTH:
            return months_period(precision, day.year, day.month)
        case Precision.QUARTER:
            return months_period(precision, day.year, (day.month - 1) // 3 * 3 + 1)
        case Precision.HALF:
            return months_period(precision, day.year, (day.month - 1) // 6 * 6 + 1)
        case Precision.YEAR:
            return months_period(precision, day.year, 1)


def parse_value(text: str) -> Span:
    """A `value` as its source names it: a period, or an interval of two (`2017-03/2017-08`).

    Raises ValueError with one sentence: not EDTF, an impossible date, an interval that is uneven or runs backwards.
    """
    if "/" not in text:
        period = parse_period(text)
        return Span(period, period, is_interval=False)
    start, _, end = text.partition("/")
    first, last = parse_period(start), parse_period(end)
    if first.precision is not last.precision:
        kinds = f"{first.key} is a {first.precision}, {last.key} a {last.precision}"
        raise ValueError(f"Both ends of an interval have the same precision: {kinds}.")
    if last.first < first.first:
        raise ValueError(f"An interval runs forwards: {last.key} lies before {first.key}.")
    return Span(first, last, is_interval=True)


def parse_period(text: str) -> Period:
    """One EDTF period. Raises ValueError with one sentence that says what is wrong and what is understood."""
    written = text.strip().upper()
    for pattern, build in _SHAPES:
        if found := pattern.fullmatch(written):
            year, *rest = (int(number) for number in found.groups())
            if not FIRST_YEAR <= year <= LAST_YEAR:
                raise ValueError(f"The year {year:04d} is out of range: years run from {FIRST_YEAR} to {LAST_YEAR}.")
            return build(year, *rest)
    raise ValueError(
        f"{shown(text)} is not a date or period; write 2025, 2025-H1, 2025-Q3, 2025-10, 2025-W07, 2025-06-30, "
        "or an interval of two of them with '/'."
    )


def parse_day(text: str) -> dt.date:
    """A full date, `2024-06-30`. Raises ValueError with one sentence."""
    period = parse_period(text)
    if period.precision is not Precision.DAY:
        raise ValueError(f"{shown(text)} is a {period.precision}; a full date is needed here, such as 2025-06-30.")
    return period.first


def _year(year: int) -> Period:
    return months_period(Precision.YEAR, year, 1)


def _half(year: int, number: int) -> Period:
    if number not in {1, 2}:
        raise ValueError(f"There is no half H{number}: a year has H1 and H2.")
    return months_period(Precision.HALF, year, 6 * number - 5)


def _quarter(year: int, number: int) -> Period:
    if number not in {1, 2, 3, 4}:
        raise ValueError(f"There is no quarter Q{number}: a year has Q1 to Q4.")
    return months_period(Precision.QUARTER, year, 3 * number - 2)


def _month(year: int, month: int) -> Period:
    if not 1 <= month <= 12:
        raise ValueError(f"There is no month {month:02d}: months run from 01 to 12.")
    return months_period(Precision.MONTH, year, month)


def _week(year: int, number: int) -> Period:
    try:
        return week_period(dt.date.fromisocalendar(year, number, 1))
    except ValueError:
        weeks = dt.date(year, 12, 28).isocalendar().week  # 28 December always lies in the last ISO week
        raise ValueError(f"There is no week W{number:02d} in {year}: it has W01 to W{weeks}.") from None


def _day(year: int, month: int, day: int) -> Period:
    _month(year, month)
    if not 1 <= day <= month_length(year, month):
        length = f"{MONTHS[month - 1]} {year} has {month_length(year, month)} days"
        raise ValueError(f"{year:04d}-{month:02d}-{day:02d} is not a date: {length}.")
    return day_period(dt.date(year, month, day))


_SHAPES = (
    (re.compile(r"([0-9]{4})"), _year),
    (re.compile(r"([0-9]{4})-H([0-9])"), _half),
    (re.compile(r"([0-9]{4})-Q([0-9])"), _quarter),
    (re.compile(r"([0-9]{4})-([0-9]{2})"), _month),
    (re.compile(r"([0-9]{4})-W([0-9]{2})"), _week),
    (re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})"), _day),
)
