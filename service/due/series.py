"""The run of a recurring duty through a plan's period: which periods, and by when each is due."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from service.due.faults import Fault
from service.due.recurrence import Recurrence, recurrences
from service.due.rule import Rule, parse_rule
from service.due.values import DueSpec, Frame
from service.due.window import last_day_in_time

LONGEST_RUN = 100  # years; a rule without an end of its own is looked at no further
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Run:
    """A rule with the first and the last day on which it may fall due; the first also anchors its INTERVAL."""

    rule: Rule
    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True)
class Step:
    """One recurrence and its nominal due date."""

    recurrence: Recurrence
    due_on: dt.date


def run_of(spec: DueSpec, frame: Frame) -> Run | Fault:
    """The run of a recurring specification in a plan, or the fault that leaves it without a beginning or an end.

    It begins with the plan's period (without one, on the day of publication) and ends with the period or UNTIL,
    whichever is earlier; COUNT alone ends it too, within a hundred years.
    """
    rule = parse_rule(spec.rrule or "")
    first = frame.start or frame.effective_on
    if first is None:
        return Fault(("rrule",), "The rule has no beginning: the plan has neither a period nor a day of publication.")
    ends = [end for end in (frame.end, rule.until) if end is not None]
    if not ends and rule.count is None:
        return Fault(("rrule",), "The rule has no end: it has neither UNTIL nor COUNT, and the plan has no period.")
    latest = dt.date(min(first.year + LONGEST_RUN, dt.MAXYEAR - 1), first.month, min(first.day, 28))
    last = min(ends, default=latest)
    if last > latest:
        return Fault(
            ("rrule",), f"The rule runs for more than {LONGEST_RUN} years: give it an UNTIL, or the plan a period."
        )
    return Run(rule, first, last)


def steps(run: Run, spec: DueSpec, frame: Frame, *, since: dt.date | None = None) -> Iterator[Step]:
    """Every recurrence that falls due within the run, in order; `since` leaves out those due earlier.

    What counts is the due date alone: a month that the plan's last day cuts is in if it is due in time, and with an
    exclusive "before" a period may begin after the plan ends. COUNT counts from the run's beginning, so it forbids
    starting in the middle.
    """
    begin = max(run.first, since) if since and run.rule.count is None else run.first
    found = 0
    # An exclusive "before" is due on the day before its period: the cycle to look at may begin the day after.
    for recurrence in recurrences(run.rule, anchor=run.first, first=begin, last=run.last + _DAY):
        due_on = last_day_in_time(recurrence.period, spec.boundary, frame.before_month)
        if not run.first <= due_on <= run.last:
            continue
        found += 1
        if since is None or due_on >= since:
            yield Step(recurrence, due_on)
        if found == run.rule.count:
            return
