"""What a boundary makes of a period: the last day on which the work is in time, and the first of its window."""

import datetime as dt

from service.due.periods import Period, Precision
from service.due.values import BeforeMonth, Boundary

_DAY = dt.timedelta(days=1)


def last_day_in_time(period: Period, boundary: Boundary | None, before_month: BeforeMonth) -> dt.date:
    """The nominal due date of a period.

    `by_end` and `during` end with the period, `on` is the day. `before` a day includes that day (民法典 1259: 以内
    and 届满 include the number); before anything longer is what the plan says it is: inclusive to the period's end
    (每年10月前 is 31 October), exclusive to the day before the period begins (30 September).
    """
    exclusive = before_month is BeforeMonth.EXCLUSIVE and period.precision is not Precision.DAY
    if boundary is Boundary.BEFORE and exclusive:
        return period.first - _DAY
    return period.last


def window_start(period: Period, boundary: Boundary | None, *, cycle: Period | None) -> dt.date | None:
    """The first day on which the work can be done in time, where the source names one.

    `during` opens with the period, `on` is the day; a bare deadline opens with the cycle of its rule, and a one-off
    deadline (no cycle) names no beginning: None.
    """
    if boundary in {Boundary.DURING, Boundary.ON}:
        return period.first
    return cycle.first if cycle else None
