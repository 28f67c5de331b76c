"""From a due specification to its due dates."""

import datetime as dt
from dataclasses import dataclass

from service.due.faults import Fault, InvalidDue
from service.due.periods import parse_value
from service.due.series import Step, run_of, steps
from service.due.spec.check import check
from service.due.values import DueSpec, Form, Frame, TermKind
from service.due.window import last_day_in_time, window_start
from service.due.workdays import WorkCalendar

ONCE = "once"


@dataclass(frozen=True, slots=True)
class Due:
    """One due date of a specification.

    `period` names it within its milestone (`2024-10`, `2025`, `2024-02-23/2024-03-24`, `open`); `cycle` is the
    recurrence that it belongs to (`2024`, `2024-Q3`; `once` for one that does not recur) and keeps its identity when
    the specification moves. Dates are civil dates in the plan's time zone, and None where there is no due date.
    `due_on` is `nominal_due_on` after `roll`; `provisional` says that a notice which is not out yet may change it, and
    `dataset` which statutory days it was computed with (empty where there is no date).
    """

    period: str
    cycle: str
    window_start: dt.date | None
    nominal_due_on: dt.date | None
    due_on: dt.date | None
    due_time: dt.time | None
    provisional: bool
    dataset: str


def expand(
    spec: DueSpec,
    frame: Frame,
    calendar: WorkCalendar,
    *,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> tuple[Due, ...]:
    """Every due date of a specification in a plan, by date, each period once.

    `since` and `until` (both inclusive) keep the nominal due dates between them: neighbouring pieces join to the whole.
    What has no due date (open, on an event, a term of office) is one `Due` without dates in every piece.

    A recurring duty falls due within the plan's period and from the day of publication on; a date that stands in the
    plan is kept even if it is long past. Raises InvalidDue where `check` finds a fault.
    """
    match spec.form:
        case Form.DATED:
            dues = (_dated(spec, frame, calendar),)
        case Form.RECURRING:
            return _recurring(spec, frame, calendar, since=since, until=until)
        case Form.TERM:
            dues = (_term(spec, frame, calendar),)
        case form:
            dues = (_undated(form.value),)
    return tuple(due for due in dues if _lies_within(due.nominal_due_on, since, until))


def _dated(spec: DueSpec, frame: Frame, calendar: WorkCalendar) -> Due:
    span = parse_value(spec.value or "")
    nominal = last_day_in_time(span.last, spec.boundary, frame.before_month)
    start = span.first.first if span.is_interval else window_start(span.last, spec.boundary, cycle=None)
    return _due(spec, calendar, period=span.text, cycle=ONCE, start=start, nominal=nominal)


def _recurring(
    spec: DueSpec, frame: Frame, calendar: WorkCalendar, *, since: dt.date | None, until: dt.date | None
) -> tuple[Due, ...]:
    run = run_of(spec, frame)
    if isinstance(run, Fault):
        raise InvalidDue([run])
    earliest = max((day for day in (since, frame.effective_on) if day), default=None)
    dues: list[Due] = []
    for step in steps(run, spec, frame, since=earliest):
        if until and step.due_on > until:
            break
        dues.append(_recurrence(spec, calendar, step))
    return tuple(dues)


def _recurrence(spec: DueSpec, calendar: WorkCalendar, step: Step) -> Due:
    period, cycle = step.recurrence.period, step.recurrence.cycle
    start = window_start(period, spec.boundary, cycle=cycle)
    return _due(spec, calendar, period=period.key, cycle=cycle.key, start=start, nominal=step.due_on)


def _term(spec: DueSpec, frame: Frame, calendar: WorkCalendar) -> Due:
    """Once in three years: from the term's first day to its last, whenever the plan is loaded."""
    term = spec.within_term
    if term is None or term.kind is TermKind.OFFICE:
        return _undated(Form.TERM.value)
    start, end = (frame.start, frame.end) if term.kind is TermKind.PLAN else (term.start, term.end)
    if start is None or end is None:
        raise InvalidDue(check(spec, frame))
    return _due(spec, calendar, period=_term_key(start, end), cycle=ONCE, start=start, nominal=end)


def _term_key(start: dt.date, end: dt.date) -> str:
    """`2023/2025` for whole years, `2024` for a single one, otherwise the full dates."""
    if (start.month, start.day, end.month, end.day) != (1, 1, 12, 31):
        return f"{start.isoformat()}/{end.isoformat()}"
    return f"{start.year:04d}" if start.year == end.year else f"{start.year:04d}/{end.year:04d}"


def _undated(period: str) -> Due:
    return Due(period, ONCE, None, None, None, None, provisional=False, dataset="")


def _due(
    spec: DueSpec, calendar: WorkCalendar, *, period: str, cycle: str, start: dt.date | None, nominal: dt.date
) -> Due:
    return Due(
        period=period,
        cycle=cycle,
        window_start=start,
        nominal_due_on=nominal,
        due_on=calendar.roll_day(nominal, spec.roll),
        due_time=spec.time,
        provisional=calendar.roll_is_provisional(nominal, spec.roll),
        dataset=calendar.dataset,
    )


def _lies_within(day: dt.date | None, since: dt.date | None, until: dt.date | None) -> bool:
    return day is None or ((since is None or since <= day) and (until is None or day <= until))
