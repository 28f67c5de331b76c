"""Statutory days as a calendar to be laid over others: days off in stretches, make-up workdays, open years. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from service.due.workdays import WorkCalendar
from service.feeds.rules.extras import Extra, Feed
from service.feeds.rules.facts import made_uid
from service.holidays.rules import CHINA, StatutoryDay, StatutoryYear, notice_of, statutory_days
from service.holidays.statutory import HolidayName

REGIONS = (CHINA,)
YEARS_BACK, YEARS_AHEAD = 1, 1
_DAY = timedelta(days=1)
_UNNAMED = HolidayName("放假", "Day off")


def years_shown(today: date) -> range:
    """The calendar years around a day that the overlay shows."""
    return range(today.year - YEARS_BACK, today.year + YEARS_AHEAD + 1)


def overlay(feed: Feed, calendar: WorkCalendar, supplied: Sequence[StatutoryYear], today: date) -> list[Extra]:
    """The overlay's entries, in no order. UIDs follow from year, holiday and its stretch: an amended notice moves an
    entry and makes no other one."""
    made: list[Extra] = []
    for year in years_shown(today):
        notice = next((each.notice for each in supplied if each.year == year), "") or _number_of(year)
        days = statutory_days(calendar, year, supplied)
        made += _days_off(feed, year, [each for each in days if each.is_off], notice)
        made += _workdays(feed, year, [each for each in days if not each.is_off], notice)
        if year not in calendar.years:
            made.append(_open_year(feed, year))
    return made


def _number_of(year: int) -> str:
    found = notice_of(year)
    return found.number if found else ""


def _days_off(feed: Feed, year: int, days: Sequence[StatutoryDay], notice: str) -> Iterator[Extra]:
    seen: dict[str, int] = {}
    for stretch in _stretches(days):
        name = stretch[0].name or _UNNAMED
        seen[name.en] = number = seen.get(name.en, 0) + 1
        first, last = stretch[0].day, stretch[-1].day
        text = feed.say(f"【休】{name.zh}", f"[Off] {name.en}")
        yield _extra(feed, ("off", str(year), name.en, str(number)), first, last, text, notice)


def _stretches(days: Sequence[StatutoryDay]) -> list[list[StatutoryDay]]:
    """Days off that follow each other and have one name."""
    found: list[list[StatutoryDay]] = []
    for each in days:
        if found and each.day == found[-1][-1].day + _DAY and each.name == found[-1][-1].name:
            found[-1].append(each)
        else:
            found.append([each])
    return found


def _workdays(feed: Feed, year: int, days: Sequence[StatutoryDay], notice: str) -> Iterator[Extra]:
    seen: dict[str, int] = {}
    for each in days:
        name = each.name or HolidayName("补班", "make-up day")
        seen[name.en] = number = seen.get(name.en, 0) + 1
        text = feed.say(
            f"【班】{name.zh}调休" if each.name else "【班】补班",
            f"[Work] in place of {name.en}" if each.name else "[Work]",
        )
        yield _extra(feed, ("work", str(year), name.en, str(number)), each.day, each.day, text, notice)


def _open_year(feed: Feed, year: int) -> Extra:
    first = date(year, 1, 1)
    text = feed.say(f"【暂定】{year}年放假安排尚未公布", f"[Provisional] the notice for {year} is not out yet")
    why = feed.say("公布以前，工作日只按周末推算。", "Until it is, workdays are computed from weekends alone.")
    return _extra(feed, ("open", str(year)), first, first, text, why, provisional=True)


def _extra(
    feed: Feed, which: Sequence[str], first: date, last: date, text: str, why: str, *, provisional: bool = False
) -> Extra:
    return Extra(
        uid=made_uid("fh", feed.subject.code, *which),
        on=first,
        until=last,
        revision=feed.revision,
        created_at=feed.created_at,
        revised_at=feed.changed_at,
        summary=text,
        description="\n".join(part for part in (feed.url, why) if part),
        url=feed.url,
        category=feed.say("节假日", "Holidays"),
        status="TENTATIVE" if provisional else "CONFIRMED",
    )
