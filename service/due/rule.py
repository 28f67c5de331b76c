"""Recurrence rules: the part of RFC 5545 (3.3.10) that work plans need, in one canonical form.

A rule names *periods*, not instants: `FREQ=YEARLY;BYMONTH=3` is each March, `FREQ=MONTHLY;INTERVAL=3` each quarter.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from service.due.faults import Fault, InvalidDue, nearest, shown
from service.due.periods import MONTHS, Precision, parse_day

_Read = TypeVar("_Read")

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LONGEST = 500  # characters of a rule
MOST_REPEATS = 10_000  # COUNT
_INTERVALS = {"YEARLY": 100, "MONTHLY": 1_200, "WEEKLY": 5_200, "DAILY": 36_500}  # a hundred years each


class Frequency(StrEnum):
    """How often a rule's cycle comes round. Nothing that a plan asks for comes round within a day."""

    YEARLY = "YEARLY"
    MONTHLY = "MONTHLY"
    WEEKLY = "WEEKLY"
    DAILY = "DAILY"


@dataclass(frozen=True, slots=True, order=True)
class WeekDay:
    """One BYDAY entry: `FR` is every Friday (ordinal 0), `-1FR` the last; days count from Monday = 0."""

    ordinal: int
    day: int

    def __str__(self) -> str:
        return f"{self.ordinal or ''}{WEEKDAYS[self.day]}"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that has been read: lists are sorted and free of repetitions, INTERVAL is at least 1."""

    frequency: Frequency
    interval: int = 1
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    week_days: tuple[WeekDay, ...] = ()
    positions: tuple[int, ...] = ()
    count: int | None = None
    until: dt.date | None = None

    @property
    def names_days(self) -> bool:
        return bool(self.month_days or self.week_days) or self.frequency is Frequency.DAILY

    @property
    def precision(self) -> Precision:
        """What one recurrence is: days where days are named, otherwise the period that the frequency repeats."""
        if self.names_days:
            return Precision.DAY
        match self.frequency:
            case Frequency.YEARLY:
                return Precision.MONTH if self.months else Precision.YEAR
            case Frequency.MONTHLY:
                return {3: Precision.QUARTER, 6: Precision.HALF}.get(self.interval, Precision.MONTH)
            case _:
                return Precision.WEEK

    @property
    def text(self) -> str:
        """The canonical form: upper case, parts in one order, defaults left out."""
        parts: list[tuple[str, object]] = [("FREQ", self.frequency)]
        if self.interval > 1:
            parts.append(("INTERVAL", self.interval))
        lists = (
            ("BYMONTH", self.months),
            ("BYMONTHDAY", self.month_days),
            ("BYDAY", self.week_days),
            ("BYSETPOS", self.positions),
        )
        parts += [(name, ",".join(map(str, values))) for name, values in lists if values]
        if self.count:
            parts.append(("COUNT", self.count))
        if self.until:
            parts.append(("UNTIL", f"{self.until:%Y%m%d}"))
        return ";".join(f"{name}={value}" for name, value in parts)


def parse_rule(text: str) -> Rule:
    """A rule from its text. Raises InvalidDue with every fault, seen from the rule itself."""
    messages: list[str] = []
    parts = _parts(text, messages)
    rule = _read(parts, messages)
    if not messages:
        messages += _contradictions(rule)
    if messages:
        raise InvalidDue(Fault((), message) for message in messages)
    return rule


def _parts(text: str, messages: list[str]) -> dict[str, str]:
    """`FREQ=YEARLY;BYMONTH=3` as a dict in upper case; what is unknown, empty or repeated is reported and left out."""
    if len(text) > LONGEST:
        messages.append(f"The rule is too long: {LONGEST} characters at most.")
        return {}
    parts: dict[str, str] = {}
    for piece in text.strip().upper().removeprefix("RRULE:").split(";"):
        name, sign, value = (part.strip() for part in piece.partition("="))
        if not sign or not value:
            messages.append(f"{shown(piece)} is not a part of a rule; write FREQ=YEARLY;BYMONTH=3 and the like.")
        elif name not in _NAMES:
            messages.append(f"The rule part {shown(name)} is not supported{nearest(name, _NAMES)}")
        elif name in parts:
            messages.append(f"The rule part {name} stands twice.")
        else:
            parts[name] = value
    return parts


def _read(parts: dict[str, str], messages: list[str]) -> Rule:
    """Every part in its own type; one that cannot be read is reported and takes its default, so that all are told."""

    def take(name: str, read: Callable[[str], _Read], default: _Read) -> _Read:
        if name not in parts:
            return default
        try:
            return read(parts[name])
        except ValueError as fault:
            messages.append(str(fault))
            return default

    if "FREQ" not in parts and not messages:
        messages.append("The rule needs a FREQ: YEARLY, MONTHLY, WEEKLY or DAILY.")
    frequency = take("FREQ", _frequency, Frequency.YEARLY)
    take("WKST", _week_start, None)
    return Rule(
        frequency=frequency,
        interval=take("INTERVAL", lambda value: _number("INTERVAL", value, _INTERVALS[frequency]), 1),
        months=take("BYMONTH", lambda value: _numbers("BYMONTH", value, 12, signed=False), ()),
        month_days=take("BYMONTHDAY", lambda value: _numbers("BYMONTHDAY", value, 31, signed=True), ()),
        week_days=take("BYDAY", _week_days, ()),
        positions=take("BYSETPOS", lambda value: _numbers("BYSETPOS", value, 366, signed=True), ()),
        count=take("COUNT", lambda value: _number("COUNT", value, MOST_REPEATS), None),
        until=take("UNTIL", _until, None),
    )


def _frequency(value: str) -> Frequency:
    if value in {"HOURLY", "MINUTELY", "SECONDLY"}:
        raise ValueError(f"FREQ={value} is refused: nothing falls due more often than daily.")
    if value not in set(Frequency):
        raise ValueError(f"FREQ={shown(value)} is unknown: write YEARLY, MONTHLY, WEEKLY or DAILY.")
    return Frequency(value)


def _week_start(value: str) -> None:
    if value != "MO":
        raise ValueError(f"WKST={shown(value)} is refused: weeks begin on Monday.")


def _number(name: str, value: str, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", value) or not 1 <= int(value) <= most:
        raise ValueError(f"{name}={shown(value)} is out of range: write a whole number from 1 to {most}.")
    return int(value)


def _numbers(name: str, value: str, most: int, *, signed: bool) -> tuple[int, ...]:
    numbers = set[int]()
    for piece in value.split(","):
        if not re.fullmatch(r"[+-]?[0-9]{1,3}" if signed else r"[0-9]{1,3}", piece) or not 1 <= abs(int(piece)) <= most:
            back = f", or from -1 to -{most} counted from the end" if signed else ""
            raise ValueError(f"{name}={shown(piece)} is out of range: write whole numbers from 1 to {most}{back}.")
        numbers.add(int(piece))
    return tuple(sorted(numbers))


def _week_days(value: str) -> tuple[WeekDay, ...]:
    days = set[WeekDay]()
    for piece in value.split(","):
        found = re.fullmatch(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", piece)
        if found is None or (found[1] and not 1 <= abs(int(found[1])) <= 53):
            raise ValueError(f"BYDAY={shown(piece)} is unknown: write MO to SU, 1MO for the first, -1FR for the last.")
        days.add(WeekDay(int(found[1] or 0), WEEKDAYS.index(found[2])))
    return tuple(sorted(days))


def _until(value: str) -> dt.date:
    if not re.fullmatch(r"[0-9]{8}", value):
        raise ValueError(f"UNTIL={shown(value)} is not a date: write it as 20251231, without a time.")
    return parse_day(f"{value[:4]}-{value[4:6]}-{value[6:]}")


def _contradictions(rule: Rule) -> list[str]:
    """What RFC 5545 forbids, what would name no period, and what can never happen."""
    ordinals = [abs(entry.ordinal) for entry in rule.week_days if entry.ordinal]
    by_month = rule.frequency is Frequency.MONTHLY or bool(rule.months)
    weekly, monthly = rule.frequency is Frequency.WEEKLY, rule.frequency is Frequency.MONTHLY
    checks = (
        (rule.count and rule.until, "COUNT and UNTIL exclude each other."),
        (weekly and rule.month_days, "FREQ=WEEKLY takes no BYMONTHDAY; use BYDAY, or FREQ=MONTHLY."),
        (weekly and rule.months and not rule.week_days, "A weekly rule with BYMONTH needs BYDAY."),
        (
            monthly and rule.months and rule.interval > 1,
            "FREQ=MONTHLY takes INTERVAL or BYMONTH, not both; FREQ=YEARLY with BYMONTH says it plainly.",
        ),
        (rule.positions and not (rule.month_days or rule.week_days), "BYSETPOS needs BYDAY or BYMONTHDAY beside it."),
        (
            ordinals and rule.frequency not in {Frequency.YEARLY, Frequency.MONTHLY},
            "A numbered BYDAY such as 1MO needs FREQ=MONTHLY or FREQ=YEARLY.",
        ),
        (by_month and max(ordinals, default=0) > 5, "A month has no more than five of any weekday."),
        (_never(rule), _never(rule)),
    )
    return [str(message) for wrong, message in checks if wrong]


def _never(rule: Rule) -> str:
    """The sentence about a month day that no named month has (30 February), or nothing."""
    if not rule.months or not rule.month_days:
        return ""
    longest = max(29 if month == 2 else 30 if month in {4, 6, 9, 11} else 31 for month in rule.months)
    if min(abs(day) for day in rule.month_days) <= longest:
        return ""
    days, months = ", ".join(map(str, rule.month_days)), ", ".join(MONTHS[month - 1] for month in rule.months)
    return f"The rule can never fall due: {months} has no day {days}."


_NAMES = ("FREQ", "INTERVAL", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS", "COUNT", "UNTIL", "WKST")
