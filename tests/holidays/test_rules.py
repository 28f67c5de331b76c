"""China's statutory days, as packaged and as an operator supplies them."""

import datetime as dt
from collections import Counter

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.due.workdays import WEEKENDS
from service.holidays.rules import (
    StatutoryYear,
    calendar_of,
    check_year,
    china,
    notice_of,
    statutory_days,
    with_year,
)
from service.holidays.statutory import NAMES, HolidayName

CHINA = china()
# A made-up year: the first three days off, Sunday the 10th worked in their place.
NEXT = StatutoryYear(
    region="CN",
    year=2027,
    notice="国办发明电〔2026〕99号",
    off_days=frozenset({dt.date(2026, 12, 31), dt.date(2027, 1, 1), dt.date(2027, 1, 4)}),
    work_days=frozenset({dt.date(2027, 1, 10)}),
    names={dt.date(2027, 1, 1): HolidayName("元旦", "New Year's Day")},
)


def days(*texts: str) -> frozenset[dt.date]:
    return frozenset(map(dt.date.fromisoformat, texts))


@pytest.mark.parametrize(
    ("day", "worked"),
    (
        ("2022-12-31", False),  # Saturday, New Year's holiday
        ("2023-04-30", False),  # Sunday, Labour Day holiday
        ("2024-03-31", False),  # Sunday
        ("2024-06-30", False),  # Sunday
        ("2024-11-30", False),  # Saturday
        ("2025-11-30", False),  # Sunday
        ("2011-12-31", True),  # Saturday, worked
        ("2024-12-31", True),
        ("2021-12-31", True),
        ("2025-10-31", True),
    ),
)
def test_the_days_that_real_plans_meet_are_right(day: str, worked: bool) -> None:
    assert CHINA.is_workday(dt.date.fromisoformat(day)) is worked


def test_the_week_of_october_2024_is_off_and_its_two_make_up_days_are_worked() -> None:
    week = [dt.date(2024, 10, day) for day in range(1, 8)]
    assert not any(CHINA.is_workday(day) for day in week)
    assert CHINA.previous_workday(dt.date(2024, 10, 1)) == dt.date(2024, 9, 30)
    assert CHINA.next_workday(dt.date(2024, 9, 30)) == dt.date(2024, 10, 8)
    assert CHINA.is_workday(dt.date(2024, 9, 29))  # Sunday
    assert CHINA.is_workday(dt.date(2024, 10, 12))  # Saturday
    assert CHINA.add_workdays(dt.date(2024, 9, 30), 5) == dt.date(2024, 10, 12)


def test_new_years_day_is_off_in_every_known_year() -> None:
    assert not any(CHINA.is_workday(dt.date(year, 1, 1)) for year in CHINA.years)


@pytest.mark.parametrize(
    ("saturday", "name"),
    (
        ("2024-05-11", "劳动节"),
        ("2024-09-14", "中秋节"),
        ("2024-10-12", "国庆节"),
        ("2025-02-08", "春节"),
        ("2011-12-31", "元旦"),
        ("2026-02-14", "春节"),
        ("2026-02-28", "春节"),
    ),
)
def test_make_up_saturdays_are_worked_for_a_holiday_with_a_name(saturday: str, name: str) -> None:
    day = dt.date.fromisoformat(saturday)
    assert day.weekday() == 5
    assert CHINA.is_workday(day)
    (found,) = [one for one in statutory_days(CHINA, day.year) if one.day == day]
    assert not found.is_off
    assert found.name
    assert found.name.zh == name


@given(st.dates(dt.date(2004, 1, 1), dt.date(2026, 12, 31)))
@settings(deadline=None, max_examples=300)
def test_every_day_agrees_with_the_package(day: dt.date) -> None:
    assert CHINA.is_workday(day) is chinese_calendar.is_workday(day)


def test_known_years_come_from_the_packaged_days() -> None:
    assert min(CHINA.years) == 2004
    assert set(range(2004, 2027)) <= CHINA.years
    assert CHINA.dataset == f"CN/chinesecalendar-{chinese_calendar.__version__}"


def test_2027_is_provisional_until_its_notice_is_supplied() -> None:
    assert 2027 not in CHINA.years
    assert CHINA.is_provisional(dt.date(2027, 1, 4))
    assert CHINA.is_provisional(dt.date(2026, 12, 31))
    assert not CHINA.is_provisional(dt.date(2026, 12, 28))
    supplied = with_year(CHINA, NEXT)
    assert not supplied.is_provisional(dt.date(2027, 1, 4))
    assert not supplied.is_provisional(dt.date(2026, 12, 31))
    assert supplied.is_provisional(dt.date(2027, 12, 31))


def test_a_supplied_year_decides_and_the_dataset_names_it() -> None:
    supplied = with_year(CHINA, NEXT)
    assert CHINA.is_workday(dt.date(2027, 1, 4))
    assert not supplied.is_workday(dt.date(2027, 1, 4))
    assert not supplied.is_workday(dt.date(2026, 12, 31))
    assert supplied.is_workday(dt.date(2027, 1, 10))
    assert supplied.dataset == f"{CHINA.dataset}+2027:国办发明电〔2026〕99号"


def test_a_year_supplied_again_replaces_what_was_there() -> None:
    corrected = StatutoryYear("CN", 2027, "更正", days("2027-01-01"), days())
    once, twice = with_year(CHINA, corrected), with_year(with_year(CHINA, NEXT), corrected)
    assert twice.is_workday(dt.date(2027, 1, 4))
    assert twice.dataset == f"{CHINA.dataset}+2027:更正"
    assert once.work_days == twice.work_days


def test_the_order_in_which_years_are_supplied_makes_no_difference() -> None:
    later = StatutoryYear("CN", 2028, "b", days("2027-12-31", "2028-01-03"), days("2028-01-08"))
    assert with_year(with_year(CHINA, NEXT), later) == with_year(with_year(CHINA, later), NEXT)


def test_a_supplied_year_overrides_the_package_but_not_the_next_notice() -> None:
    other = StatutoryYear("CN", 2022, "x", days("2022-10-01"), days())
    supplied = with_year(CHINA, other)
    assert supplied.is_workday(dt.date(2022, 10, 3))
    assert dt.date(2022, 12, 31) in supplied.off_days  # the notice for 2023 said so


def test_a_year_of_another_region_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot complete the calendar of CN"):
        with_year(CHINA, StatutoryYear("HK", 2027, "x", days("2027-01-01"), days()))


@pytest.mark.parametrize(
    ("year", "field", "says"),
    (
        (StatutoryYear("", 2027, "x", days("2027-01-01"), days()), "region", "which region"),
        (StatutoryYear("CN", 2027, " ", days("2027-01-01"), days()), "notice", "Name the notice"),
        (StatutoryYear("CN", 2027, "a+b", days("2027-01-01"), days()), "notice", "without a '+'"),
        (StatutoryYear("CN", 27, "x", days("2027-01-01"), days()), "year", "from 1900 to 2999"),
        (StatutoryYear("CN", 2027, "x", days(), days()), "off_days", "none are given"),
        (StatutoryYear("CN", 2027, "x", days("2028-01-01"), days()), "off_days", "does not belong to 2027"),
        (StatutoryYear("CN", 2027, "x", days("2026-12-28"), days()), "off_days", "does not belong to 2027"),
        (StatutoryYear("CN", 2027, "x", days("2027-01-02"), days("2027-01-02")), "work_days", "both off and worked"),
        (StatutoryYear("CN", 2027, "x", days("2027-01-01"), days("2027-01-04")), "work_days", "not a weekend day"),
    ),
)
def test_what_is_wrong_with_a_supplied_year_is_named(year: StatutoryYear, field: str, says: str) -> None:
    (fault,) = check_year(year)
    assert fault.path == (field,)
    assert says in fault.message


def test_every_packaged_year_would_pass_the_check() -> None:
    for year in CHINA.years:
        off = frozenset(day for day in CHINA.off_days if day.year == year)
        work = frozenset(day for day in CHINA.work_days if day.year == year)
        assert check_year(StatutoryYear("CN", year, "x", off, work)) == ()
    assert check_year(NEXT) == ()


def test_every_packaged_day_has_a_name_and_a_notice_from_2008_on() -> None:
    assert {*chinese_calendar.holidays.values(), *chinese_calendar.workdays.values()} == set(NAMES)
    assert all(notice_of(year) for year in CHINA.years if year >= 2008)
    assert notice_of(2007) is None
    latest = notice_of(2026)
    assert latest
    assert latest.number == "国办发明电〔2025〕7号"


def test_the_statutory_days_of_a_year_are_named_in_order() -> None:
    found = statutory_days(CHINA, 2024)
    assert [one.day for one in found] == sorted(one.day for one in found)
    assert Counter(one.is_off for one in found) == {True: 28, False: 8}
    assert (found[0].day, found[0].name) == (dt.date(2024, 1, 1), HolidayName("元旦", "New Year's Day"))
    supplied = statutory_days(with_year(CHINA, NEXT), 2027, [NEXT])
    assert [(one.day.day, one.is_off, one.name.zh if one.name else "") for one in supplied] == [
        (1, True, "元旦"), (4, True, ""), (10, False, ""),
    ]  # fmt: skip
    assert statutory_days(CHINA, 2027) == ()


def test_a_region_without_data_has_weekends_alone() -> None:
    assert calendar_of("CN") is CHINA
    assert calendar_of("HK") is WEEKENDS
