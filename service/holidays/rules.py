"""Statutory days as values: those of China as packaged, and years that an operator supplies before the package does."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import chinese_calendar

from service.due.faults import Fault
from service.due.periods import FIRST_YEAR, LAST_YEAR
from service.due.workdays import WEEKENDS, WorkCalendar
from service.holidays.statutory import NAMES, NOTICES, HolidayName, Notice

CHINA = "CN"
_OFF: Mapping[dt.date, str] = chinese_calendar.holidays
_WORK: Mapping[dt.date, str] = chinese_calendar.workdays
_REACH_BACK = 3  # days of the year before that a notice may claim: 29 to 31 December


@dataclass(frozen=True, slots=True)
class StatutoryYear:
    """One year's notice as data, as an operator enters it.

    `off_days` are the days off (weekend days among them or not), `work_days` the weekend days worked in their place;
    both lie in the year or on the last three days of the year before. `names` says which holiday a day belongs to.
    """

    region: str
    year: int
    notice: str
    off_days: frozenset[dt.date]
    work_days: frozenset[dt.date]
    names: Mapping[dt.date, HolidayName] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class StatutoryDay:
    """A day that is not what its weekday says, or that has a name: off for a holiday, or worked in its place."""

    day: dt.date
    is_off: bool
    name: HolidayName | None


@cache
def china() -> WorkCalendar:
    """China's workdays as `chinesecalendar` packages them: 2004 to the last year whose notice was out at its release.

    A year is known when its National Day is: a lone 31 December belongs to the next year's notice and proves nothing.
    """
    years = frozenset(day.year for day in _OFF if (day.month, day.day) == (10, 1))
    dataset = f"{CHINA}/chinesecalendar-{chinese_calendar.__version__}"
    return WorkCalendar(CHINA, dataset, frozenset(_OFF), frozenset(_WORK), years)


def calendar_of(region: str) -> WorkCalendar:
    """The packaged calendar of a region; weekends alone where there is none."""
    return china() if region == CHINA else WEEKENDS


def notice_of(year: int) -> Notice | None:
    """The notice that a packaged year of China comes from, as far as its number is known."""
    return NOTICES.get(year)


def with_year(calendar: WorkCalendar, extra: StatutoryYear) -> WorkCalendar:
    """The calendar with one year from another source, which replaces what it knew of that year.

    The dataset id then names it: `CN/chinesecalendar-1.11.0+2027:NOTICE`; the order in which years are added makes no
    difference. Raises ValueError for another region's year; `check_year` finds other faults beforehand.
    """
    if extra.region != calendar.region:
        raise ValueError(f"A year of {extra.region or 'nowhere'} cannot complete the calendar of {calendar.region}.")
    kept_off = {day for day in calendar.off_days if not _replaces(calendar, extra, day)}
    kept_work = {day for day in calendar.work_days if not _replaces(calendar, extra, day)}
    return WorkCalendar(
        calendar.region,
        _dataset(calendar.dataset, extra),
        frozenset((kept_off | extra.off_days) - extra.work_days),
        frozenset((kept_work | extra.work_days) - extra.off_days),
        calendar.years | {extra.year},
    )


def check_year(extra: StatutoryYear) -> tuple[Fault, ...]:
    """Every fault of a year that an operator supplies; paths are its field names."""
    return tuple(_year_faults(extra))


def statutory_days(calendar: WorkCalendar, year: int, extras: Iterable[StatutoryYear] = ()) -> tuple[StatutoryDay, ...]:
    """A civil year's days off and the weekend days worked in their place, in order, with their holidays' names.

    `extras` are the years that were put into the calendar; they name their own days.
    """
    names = {day: NAMES[name] for day, name in (*_OFF.items(), *_WORK.items()) if name in NAMES}
    for extra in extras:
        names |= extra.names
    days = sorted(day for day in calendar.off_days | calendar.work_days if day.year == year)
    return tuple(StatutoryDay(day, is_off=day in calendar.off_days, name=names.get(day)) for day in days)


def _replaces(calendar: WorkCalendar, extra: StatutoryYear, day: dt.date) -> bool:
    """Whether a day is the extra year's to say; its last days are not, once the next year's notice is out."""
    claimed_later = day > dt.date(extra.year, 12, 31 - _REACH_BACK) and extra.year + 1 in calendar.years
    return day.year == extra.year and not claimed_later


def _dataset(dataset: str, extra: StatutoryYear) -> str:
    base, *years = dataset.split("+")
    others = [entry for entry in years if not entry.startswith(f"{extra.year}:")]
    return "+".join([base, *sorted([*others, f"{extra.year}:{extra.notice}"])])


def _year_faults(extra: StatutoryYear) -> Iterator[Fault]:
    if not extra.region.strip():
        yield Fault(("region",), "Say which region this is for, such as CN.")
    if not extra.notice.strip() or "+" in extra.notice:
        yield Fault(("notice",), "Name the notice that this comes from, such as 国办发明电〔2025〕7号, without a '+'.")
    if not FIRST_YEAR <= extra.year <= LAST_YEAR:
        yield Fault(("year",), f"Years run from {FIRST_YEAR} to {LAST_YEAR}.")
        return
    if not extra.off_days:
        yield Fault(("off_days",), "A year has days off; none are given.")
    first, last = dt.date(extra.year - 1, 12, 31 - _REACH_BACK + 1), dt.date(extra.year, 12, 31)
    for name, days in (("off_days", extra.off_days), ("work_days", extra.work_days)):
        for day in sorted(days):
            if not first <= day <= last:
                yield Fault((name,), f"{day} does not belong to {extra.year}: days run from {first} to {last}.")
    for day in sorted(extra.off_days & extra.work_days):
        yield Fault(("work_days",), f"{day} cannot be both off and worked.")
    for day in sorted(extra.work_days):
        if day.weekday() < 5:
            yield Fault(("work_days",), f"{day} is not a weekend day: it is worked anyway.")
