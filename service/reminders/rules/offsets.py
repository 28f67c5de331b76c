"""How far before or after a due date a notice goes out.

    offset = "0d" | ("-" | "+") number ("d" | "wd")

`-7d` is seven days before, `+1d` the day after, `-3wd` three workdays before, `0d` the day itself.
"""

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, total_ordering

from service.due.workdays import Roll, WorkCalendar

MOST_DAYS = 366
MOST_WORKDAYS = 250  # a year has about as many

_OFFSET = re.compile(r"([+-]?)([0-9]{1,4})(d|wd)")


class Measure(StrEnum):
    """What an offset counts."""

    DAYS = "d"
    WORKDAYS = "wd"


class NoticeKind(StrEnum):
    """What a notice says: it will be due, it is due, it was due."""

    DUE_SOON = "due_soon"
    DUE = "due"
    OVERDUE = "overdue"


@total_ordering
@dataclass(frozen=True, slots=True)
class Offset:
    """A number of days or workdays before (negative) or after the due date. Raises ValueError when it is too far."""

    count: int
    measure: Measure = Measure.DAYS

    def __post_init__(self) -> None:
        most = MOST_DAYS if self.measure is Measure.DAYS else MOST_WORKDAYS
        if abs(self.count) > most:
            what = "days" if self.measure is Measure.DAYS else "workdays"
            raise ValueError(f"'{self.count:+d}{self.measure}' is too far: {most} {what} at most.")
        if self.count == 0:  # no workdays is no days: two spellings of one thing would make two canonical forms
            object.__setattr__(self, "measure", Measure.DAYS)

    @property
    def kind(self) -> NoticeKind:
        """What a notice at this offset says."""
        if self.count == 0:
            return NoticeKind.DUE
        return NoticeKind.DUE_SOON if self.count < 0 else NoticeKind.OVERDUE

    def __str__(self) -> str:
        return f"{self.count:+d}{self.measure}" if self.count else "0d"

    def __lt__(self, other: "Offset") -> bool:
        return self._place < other._place

    @property
    def _place(self) -> tuple[int, str]:
        # Five workdays take seven days: an order by which texts are canonical, not a promise about any one week.
        return self.count * (5 if self.measure is Measure.DAYS else 7), self.measure

    def day(self, due_on: dt.date, *, roll: Roll, calendar: WorkCalendar) -> dt.date:
        """The civil day of the notice.

        Workdays are counted from the due date, which itself does not count. A notice in days that falls on a day off
        moves away from the due date unless `roll` is none: one before it to the workday before, one after it to the
        workday after. The day itself stays: it is due whether or not anybody works.
        """
        if self.measure is Measure.WORKDAYS:
            return calendar.add_workdays(due_on, self.count)
        day = due_on + dt.timedelta(days=self.count)
        if self.count == 0 or roll is Roll.NONE:
            return day
        return calendar.roll_day(day, Roll.PRECEDING if self.count < 0 else Roll.FOLLOWING)


@lru_cache(maxsize=1024)
def parse_offset(text: str) -> Offset:
    """An offset from its text. Raises ValueError with a sentence."""
    found = _OFFSET.fullmatch(text.strip().lower().replace("−", "-"))  # word processors write the minus sign
    if found is None:
        raise ValueError(f"'{text[:20]}' is no offset: write -7d, -3wd (workdays), 0d or +1d.")
    sign, count, measure = found[1], int(found[2]), Measure(found[3])
    if count and not sign:
        raise ValueError(f"'{text[:20]}' may be before or after: write -{count}{measure} or +{count}{measure}.")
    return Offset(-count if sign == "-" else count, measure)
