"""From a rule to the periods that it names, one cycle at a time.

`dateutil` evaluates what is hard (numbered weekdays, days counted from the end, BYSETPOS), but it stops only at a
result: a rule that never fires (29 February every fourth year from 2023) would make it walk to the year 9999. So it is
handed one year or one month at a time, and the walk from cycle to cycle is ours and bounded. Cycles are numbered, so
that one can be found from a date without counting from the beginning.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from dateutil import rrule as engine

from service.due.periods import Period, Precision, day_period, months_period, period_of, week_period
from service.due.rule import Frequency, Rule

_ONE_CYCLE = {Frequency.YEARLY: 9_999, Frequency.MONTHLY: 9_999 * 12}  # the next cycle lies beyond the last year
_PRECISIONS = {
    Frequency.YEARLY: Precision.YEAR,
    Frequency.MONTHLY: Precision.MONTH,
    Frequency.WEEKLY: Precision.WEEK,
    Frequency.DAILY: Precision.DAY,
}


@dataclass(frozen=True, slots=True)
class Recurrence:
    """One period that a rule names, and the cycle (year, quarter, month, week, day) that it belongs to."""

    period: Period
    cycle: Period


def recurrences(rule: Rule, *, anchor: dt.date, first: dt.date, last: dt.date) -> Iterator[Recurrence]:
    """Every period that the rule names in the cycles that touch `first` to `last`, in order, and possibly some beside.

    `anchor` fixes which cycles an INTERVAL keeps: the one that holds the anchor, and every n-th after it. COUNT and
    UNTIL are the caller's affair.
    """
    start = _number(rule.frequency, anchor)
    if rule.frequency is Frequency.MONTHLY and rule.interval in {3, 6}:
        start -= start % rule.interval  # calendar quarters and halves, wherever the plan begins
    steps = max(0, (_number(rule.frequency, first) - start) // rule.interval)
    for number in range(start + steps * rule.interval, _number(rule.frequency, last) + 1, rule.interval):
        opening = _opening(rule.frequency, number)
        cycle = _cycle(rule, opening)
        for period in _periods(rule, opening):
            yield Recurrence(period, cycle)


def _number(frequency: Frequency, day: dt.date) -> int:
    """The number of the cycle that a day lies in: years, months, weeks or days since the calendar began."""
    match frequency:
        case Frequency.YEARLY:
            return day.year
        case Frequency.MONTHLY:
            return day.year * 12 + day.month - 1
        case Frequency.WEEKLY:
            return (day.toordinal() - 1) // 7  # 1 January of year 1 was a Monday
        case Frequency.DAILY:
            return day.toordinal()


def _opening(frequency: Frequency, number: int) -> dt.date:
    """The first day of a numbered cycle."""
    match frequency:
        case Frequency.YEARLY:
            return dt.date(number, 1, 1)
        case Frequency.MONTHLY:
            return dt.date(number // 12, number % 12 + 1, 1)
        case Frequency.WEEKLY:
            return dt.date.fromordinal(number * 7 + 1)
        case Frequency.DAILY:
            return dt.date.fromordinal(number)


def _cycle(rule: Rule, opening: dt.date) -> Period:
    """The cycle as a period: a quarter or a half where a monthly rule counts in threes or sixes."""
    if rule.frequency is Frequency.MONTHLY and rule.interval in {3, 6}:
        return period_of(opening, Precision.QUARTER if rule.interval == 3 else Precision.HALF)
    return period_of(opening, _PRECISIONS[rule.frequency])


def _periods(rule: Rule, opening: dt.date) -> list[Period]:
    """What the rule names within one cycle."""
    match rule.precision:
        case Precision.DAY:
            return [day_period(day) for day in _days(rule, opening)]
        case Precision.MONTH if rule.frequency is Frequency.YEARLY:
            return [months_period(Precision.MONTH, opening.year, month) for month in rule.months]
        case Precision.MONTH:
            return [period_of(opening, Precision.MONTH)] if opening.month in (rule.months or (opening.month,)) else []
        case Precision.WEEK:
            return [week_period(opening)]
        case precision:
            return [period_of(opening, precision)]


def _days(rule: Rule, opening: dt.date) -> list[dt.date]:
    if rule.frequency in _ONE_CYCLE:
        return _days_of_year_or_month(rule, opening)
    length = 7 if rule.frequency is Frequency.WEEKLY else 1
    days = [opening + dt.timedelta(days=offset) for offset in range(length)]
    return _chosen(rule, [day for day in days if _fits(rule, day)])


def _days_of_year_or_month(rule: Rule, opening: dt.date) -> list[dt.date]:
    weekdays = [engine.weekday(entry.day, entry.ordinal or None) for entry in rule.week_days]
    moments = engine.rrule(
        engine.YEARLY if rule.frequency is Frequency.YEARLY else engine.MONTHLY,
        dtstart=opening,
        interval=_ONE_CYCLE[rule.frequency],
        bysetpos=rule.positions or None,
        bymonth=rule.months or None,
        bymonthday=rule.month_days or None,
        byweekday=weekdays or None,
    )
    return [moment.date() for moment in moments]


def _fits(rule: Rule, day: dt.date) -> bool:
    """Whether a day of a week, or a day by itself, passes the rule's BY parts (RFC 5545: here they only limit)."""
    month_end = period_of(day, Precision.MONTH).last.day
    return (
        (not rule.months or day.month in rule.months)
        and (not rule.month_days or day.day in rule.month_days or day.day - month_end - 1 in rule.month_days)
        and (not rule.week_days or any(entry.day == day.weekday() for entry in rule.week_days))
    )


def _chosen(rule: Rule, days: list[dt.date]) -> list[dt.date]:
    """BYSETPOS: the n-th of the days that a cycle holds, counted from either end."""
    if not rule.positions:
        return days
    indexes = {position - 1 if position > 0 else len(days) + position for position in rule.positions}
    return [day for index, day in enumerate(days) if index in indexes]
