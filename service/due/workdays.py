"""Workdays: a calendar as a value, and moving a date off the days on which nobody works."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

_DAY = dt.timedelta(days=1)
_REACH = (12, 29)  # how far back a year's notice has ever reached into the year before: 29 December (2007, 2018)


class Roll(StrEnum):
    """Where a date goes that falls on a day off: nowhere, to the workday before it, to the one after it."""

    NONE = "none"
    PRECEDING = "preceding"
    FOLLOWING = "following"


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days a region works.

    `off_days` are statutory days off, `work_days` the weekend days worked in their place, `years` those whose notice is
    published, `dataset` names where all this comes from. In any other year weekends alone decide.
    """

    region: str
    dataset: str
    off_days: frozenset[dt.date]
    work_days: frozenset[dt.date]
    years: frozenset[int]

    def is_workday(self, day: dt.date) -> bool:
        """Whether people work on that day: a make-up Saturday is a workday, a statutory Monday is not."""
        if day in self.work_days:
            return True
        return day not in self.off_days and day.weekday() < 5

    def is_provisional(self, day: dt.date) -> bool:
        """Whether a notice that is not out yet may still change that day.

        That is every day of an unpublished year, and the last three days of the year before it: New Year's notice has
        claimed them in 2006, 2007, 2011, 2018, 2022 and 2023.
        """
        if day.year not in self.years:
            return True
        return (day.month, day.day) >= _REACH and day.year + 1 not in self.years

    def roll_day(self, day: dt.date, roll: Roll) -> dt.date:
        """The day itself if it is a workday or `roll` is none, otherwise the nearest workday in that direction."""
        if roll is Roll.NONE or self.is_workday(day):
            return day
        return self.previous_workday(day) if roll is Roll.PRECEDING else self.next_workday(day)

    def roll_is_provisional(self, day: dt.date, roll: Roll) -> bool:
        """Whether `roll_day` looked at any day that a notice may still change."""
        if roll is Roll.NONE:
            return False
        first, last = sorted((day, self.roll_day(day, roll)))
        return any(self.is_provisional(first + offset * _DAY) for offset in range((last - first).days + 1))

    def previous_workday(self, day: dt.date) -> dt.date:
        """The last workday before a day (never that day itself)."""
        return self.add_workdays(day, -1)

    def next_workday(self, day: dt.date) -> dt.date:
        """The first workday after a day (never that day itself)."""
        return self.add_workdays(day, 1)

    def add_workdays(self, day: dt.date, count: int) -> dt.date:
        """The `count`-th workday after a day, or before it where `count` is negative; 0 is the day itself.

        The day itself is not counted (民法典 201). Raises OverflowError beyond the years 1 to 9999.
        """
        step = _DAY if count > 0 else -_DAY
        for _ in range(abs(count)):
            day += step
            while not self.is_workday(day):
                day += step
        return day


WEEKENDS = WorkCalendar("", "weekends", frozenset(), frozenset(), frozenset())
"""For a region without statutory data: Saturdays and Sundays are off, and every year is provisional."""
