"""Due specifications in English."""

import datetime as dt

from service.due.expand import Due
from service.due.periods import MONTHS, Period, Precision, Span, parse_value
from service.due.rule import Frequency, Rule, parse_rule
from service.due.spec.mapping import printed_number
from service.due.values import Bound, Boundary, DueSpec, Form, Quota, Term

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_UNITS = {
    Precision.YEAR: "year",
    Precision.HALF: "half-year",
    Precision.QUARTER: "quarter",
    Precision.MONTH: "month",
    Precision.WEEK: "week",
    Precision.DAY: "day",
}
_FREQUENCIES = {
    Frequency.YEARLY: "year",
    Frequency.MONTHLY: "month",
    Frequency.WEEKLY: "week",
    Frequency.DAILY: "day",
}


def weekday_en(day: dt.date) -> str:
    """Monday to Sunday."""
    return _WEEKDAYS[day.weekday()]


def sentence_en(spec: DueSpec, due: Due | None = None) -> str:
    """How a specification is read, with its source's words, and with the date of one due date.

    `“2024年10月底前”: by the end of October 2024, due 2024-10-31 (Thursday).`
    """
    parts = [f"“{spec.phrase}”: {_reading(spec)}" if spec.phrase else _reading(spec)]
    if spec.quota:
        parts.append(_quota(spec.quota))
    if due and due.due_on:
        parts.append(_due(due))
    text = ", ".join(parts) + "."
    return text[0].upper() + text[1:]


def mark_en(spec: DueSpec, due: Due | None = None) -> str:
    """The short mark that a calendar title carries: [in October] [in 2025] [in Q3]; nothing where the day is exact."""
    match spec.form:
        case Form.OPEN:
            return "[standing]"
        case Form.EVENT:
            return ""
        case Form.TERM:
            return f"[{_term(spec.within_term)}]" if spec.within_term else ""
    if spec.precision is Precision.DAY:
        return ""
    word = "before" if spec.boundary is Boundary.BEFORE else "in"
    key = due.period if due else spec.value
    if key is None:
        return f"[{word} the {_UNITS[spec.precision or Precision.YEAR]}]"
    span = parse_value(key)
    if span.is_interval:
        return f"[{_short(span.first)} to {_short(span.last)}]"
    return f"[{word} {_short(span.last)}]"


def _reading(spec: DueSpec) -> str:
    match spec.form:
        case Form.DATED:
            return _span(parse_value(spec.value or ""), spec.boundary)
        case Form.RECURRING:
            return _rule(parse_rule(spec.rrule or ""), spec.boundary)
        case Form.TERM if spec.within_term:
            return _term(spec.within_term)
        case Form.OPEN:
            return "standing, without a due date"
        case _:
            return f"when this happens: {spec.on_event}"


def _short(period: Period) -> str:
    match period.precision:
        case Precision.MONTH:
            return MONTHS[period.first.month - 1]
        case Precision.WEEK:
            return f"week {period.first.isocalendar().week}"
        case _:
            return period.key.rpartition("-")[2]  # 2024, H1, Q3


def _long(period: Period) -> str:
    year, month = period.first.year, period.first.month
    match period.precision:
        case Precision.YEAR:
            return period.key
        case Precision.HALF:
            return f"the {_ORDINALS[(month - 1) // 6]} half of {year}"
        case Precision.QUARTER:
            return f"the {_ORDINALS[(month - 1) // 3]} quarter of {year}"
        case Precision.MONTH:
            return f"{MONTHS[month - 1]} {year}"
        case Precision.WEEK:
            return f"week {period.first.isocalendar().week} of {period.first.isocalendar().year}"
        case Precision.DAY:
            return f"{period.first.day} {MONTHS[month - 1]} {year}"


def _span(span: Span, boundary: Boundary | None) -> str:
    if not span.is_interval:
        return f"{_preposition(span.precision, boundary)}{_long(span.last)}"
    if boundary is Boundary.DURING:
        return f"from {_long(span.first)} to {_long(span.last)}"
    return f"from {_long(span.first)} on, {_preposition(span.precision, boundary)}{_long(span.last)}"


def _preposition(precision: Precision, boundary: Boundary | None) -> str:
    """A day is met by that day, whether the source says 前 or 底前 (民法典 1259)."""
    if precision is Precision.DAY:
        return "on " if boundary in {Boundary.ON, Boundary.DURING} else "by "
    return {Boundary.BY_END: "by the end of ", Boundary.BEFORE: "before "}.get(boundary or Boundary.DURING, "in ")


def _rule(rule: Rule, boundary: Boundary | None) -> str:
    if rule.precision is Precision.DAY:
        text = " ".join((*_days(rule, _preposition(Precision.DAY, boundary)), _every(rule)))
    elif rule.months:
        text = f"{_preposition(Precision.MONTH, boundary)}{_months(rule)} {_every(rule)}"
    else:
        text = ("" if boundary is Boundary.DURING else _preposition(rule.precision, boundary)) + _every(rule)
    text += f", {rule.count} times" if rule.count else ""
    return text + (f", until {rule.until}" if rule.until else "")


def _every(rule: Rule) -> str:
    if rule.frequency is Frequency.MONTHLY and rule.interval in {3, 6}:
        unit = "quarter" if rule.interval == 3 else "half-year"
        return f"every {unit}" if not rule.names_days else f"in the first month of every {unit}"
    unit = "year" if rule.months else _FREQUENCIES[rule.frequency]
    return f"every {rule.interval} {unit}s" if rule.interval > 1 else f"every {unit}"


def _months(rule: Rule) -> str:
    return _and([MONTHS[month - 1] for month in rule.months])


def _days(rule: Rule, preposition: str) -> list[str]:
    """`on 30 April`, `on the last day`, `by the first Monday` `in October`; nothing for a plain daily rule."""
    if len(rule.months) == len(rule.month_days) == 1 and rule.month_days[0] > 0 and not rule.week_days:
        return [f"{preposition}{rule.month_days[0]} {_months(rule)}"]
    parts = []
    if rule.month_days:
        days = [f"day {day}" if day > 0 else f"the {_nth(day)} day" for day in rule.month_days]
        parts.append(preposition + _and(days))
    if rule.week_days:
        names = [f"the {_nth(day.ordinal)} " * bool(day.ordinal) + _WEEKDAYS[day.day] for day in rule.week_days]
        parts.append(("if it is " if parts else preposition) + _and(names))
    if rule.positions:
        parts.append(f"(the {_and([_nth(place) for place in rule.positions])} of these)")
    return [*parts, f"in {_months(rule)}"] if rule.months else parts


def _nth(place: int) -> str:
    if place == -1:
        return "last"
    if place < 0:
        return f"{_nth(-place)}-last"
    return _ORDINALS[place - 1] if place <= 5 else f"no. {place}"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _term(term: Term) -> str:
    if term.start is None:
        return {"plan": "within the plan's period", "office": "within the term of office"}[term.kind.value]
    years = "1 year" if term.years == 1 else f"{term.years} years"
    return f"within {years} from {term.start.day} {MONTHS[term.start.month - 1]} {term.start.year}"


def _quota(quota: Quota) -> str:
    text = "at least " if quota.bound is Bound.AT_LEAST else "at most "
    text += printed_number(quota.number) + ("%" if quota.ratio else "")
    text += f" {quota.unit}" if quota.unit else ""
    return f"{text} per {quota.per}" if quota.per else text


def _due(due: Due) -> str:
    assert due.due_on
    assert due.nominal_due_on
    text = f"due {due.due_on} ({weekday_en(due.due_on)})" + (f" {due.due_time:%H:%M}" if due.due_time else "")
    if due.due_on != due.nominal_due_on:
        moved = "brought forward" if due.due_on < due.nominal_due_on else "put off"
        text += f", {moved} from {due.nominal_due_on} ({weekday_en(due.nominal_due_on)})"
    return text + (", provisional: the statutory days are not published yet" if due.provisional else "")
