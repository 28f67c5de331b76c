"""The values that a due specification is made of. They hold what the source says, never only a computed date."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from service.due.periods import LAST_YEAR, Precision, parse_value
from service.due.rule import parse_rule
from service.due.workdays import Roll


class Form(StrEnum):
    """The five forms of a due specification."""

    DATED = "dated"  # one date, period or interval
    RECURRING = "recurring"  # the periods of a rule
    TERM = "term"  # once within a term
    OPEN = "open"  # 长期坚持: no due date, shown, never overdue
    EVENT = "event"  # due only when something happens


class Boundary(StrEnum):
    """How a phrase bounds what it names: 底前/末, 前, a bare period, an exact day."""

    BY_END = "by_end"
    BEFORE = "before"
    DURING = "during"
    ON = "on"


class BeforeMonth(StrEnum):
    """How a plan means `X月前`: to the end of the month, or to the day before it begins."""

    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"


class Bound(StrEnum):
    """Whether a quota is a floor or a ceiling."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class TermKind(StrEnum):
    """Which term: the plan's own period, a term of office (its dates are unknown), a number of years."""

    PLAN = "plan"
    OFFICE = "office"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Term:
    """Once within a term; `years` and `start` (its first day) belong to `TermKind.YEARS` alone."""

    kind: TermKind
    years: int | None = None
    start: dt.date | None = None

    def __post_init__(self) -> None:
        whole = self.years is not None and self.start is not None
        if whole is not (self.kind is TermKind.YEARS) or (self.years is None) is not (self.start is None):
            raise ValueError("A term of years has 'years' and a first day; any other term has neither.")

    @property
    def end(self) -> dt.date | None:
        """The last day of a term of years: the day before its anniversary, 28 February where that day is missing."""
        if self.years is None or self.start is None:
            return None
        year = self.start.year + self.years
        if (self.start.month, self.start.day) == (2, 29):
            return dt.date(year, 3, 1) - dt.timedelta(days=2 if _is_leap(year) else 1)
        return self.start.replace(year=year) - dt.timedelta(days=1)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How much: exactly one of a `count`, an `amount` and a `ratio` (percent), with a unit and per whom.

    `Quota(count=2, unit="期", per="领导班子")` is at least two sessions a body; `Quota(ratio=Decimal(12),
    bound=Bound.AT_MOST)` at most 12 per cent.
    """

    count: int | None = None
    amount: Decimal | None = None
    ratio: Decimal | None = None
    unit: str = ""
    per: str = ""
    bound: Bound = Bound.AT_LEAST

    def __post_init__(self) -> None:
        given = [number for number in (self.count, self.amount, self.ratio) if number is not None]
        if len(given) != 1 or given[0] <= 0 or (self.ratio is not None and self.ratio > 100):
            raise ValueError("A quota has exactly one of count, amount and ratio, above 0, a ratio at most 100.")

    @property
    def number(self) -> Decimal:
        """The one of count, amount and ratio that is set."""
        return Decimal(self.count or self.amount or self.ratio or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSpec:
    """When something must be done, as the source says it.

    Exactly one of `value`, `rrule`, `within_term`, `open` and `on_event` is set and decides the form. What follows from
    the rest is filled in here: `value` and `rrule` in canonical text, `precision`, and the boundary where none is given
    (a bare day is `on` that day, any other bare period `during`). Raises ValueError for what `parse` would refuse in
    these fields; input from outside goes through `parse`, which names every fault.
    """

    phrase: str = ""
    value: str | None = None
    precision: Precision | None = None
    boundary: Boundary | None = None
    time: dt.time | None = None
    rrule: str | None = None
    within_term: Term | None = None
    open: bool = False
    on_event: str | None = None
    quota: Quota | None = None
    roll: Roll = Roll.NONE

    def __post_init__(self) -> None:
        forms = (self.value, self.rrule, self.within_term, self.open or None, self.on_event)
        if sum(form is not None for form in forms) != 1:
            raise ValueError("A due specification has exactly one of value, rrule, within_term, open and on_event.")
        precision = self.precision
        if self.value is not None:
            span = parse_value(self.value)
            precision = span.precision
            object.__setattr__(self, "value", span.text)
        elif self.rrule is not None:
            rule = parse_rule(self.rrule)
            precision = rule.precision
            object.__setattr__(self, "rrule", rule.text)
        if self.precision not in {None, precision}:
            raise ValueError(f"The precision is {precision}, not {self.precision}.")
        object.__setattr__(self, "precision", precision)
        object.__setattr__(self, "boundary", self._bounded())

    def _bounded(self) -> Boundary | None:
        """During one day is on that day: two spellings of one thing would make two canonical forms."""
        if self.boundary not in {None, Boundary.DURING}:
            return self.boundary
        single_day = self.precision is Precision.DAY and not self.is_interval
        return None if self.form in {Form.OPEN, Form.EVENT} else Boundary.ON if single_day else Boundary.DURING

    @property
    def form(self) -> Form:
        """Which of the five forms this is."""
        if self.value is not None:
            return Form.DATED
        if self.rrule is not None:
            return Form.RECURRING
        if self.within_term is not None:
            return Form.TERM
        return Form.OPEN if self.open else Form.EVENT

    @property
    def is_interval(self) -> bool:
        """Whether the value is an interval with two ends."""
        return self.value is not None and "/" in self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a plan contributes: its period (first and last day), its day of publication, and how it means `X月前`."""

    start: dt.date | None = None
    end: dt.date | None = None
    effective_on: dt.date | None = None
    before_month: BeforeMonth = BeforeMonth.INCLUSIVE


LONGEST_TERM = 99  # years
assert LAST_YEAR + LONGEST_TERM < dt.MAXYEAR
