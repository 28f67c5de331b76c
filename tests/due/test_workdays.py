"""Calendars as values: counting and moving by workdays."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.due.workdays import WEEKENDS, Roll, WorkCalendar
from tests.due.strategies import CHINA, days

quick = settings(deadline=None, max_examples=150)
DAY = dt.timedelta(days=1)
SMALL = WorkCalendar(
    region="XX",
    dataset="XX/by-hand",
    off_days=frozenset({dt.date(2024, 10, 1)}),
    work_days=frozenset({dt.date(2024, 9, 29)}),
    years=frozenset({2024, 2025}),
)


@given(days, st.integers(-300, 300))
@quick
def test_adding_workdays_lands_on_the_nth_workday(day: dt.date, count: int) -> None:
    landed = CHINA.add_workdays(day, count)
    first, last = sorted((day, landed))
    between = [first + offset * DAY for offset in range((last - first).days + 1)]
    crossed = [one for one in between if one != day and CHINA.is_workday(one)]
    assert len(crossed) == abs(count)
    assert count == 0 or CHINA.is_workday(landed)
    assert (landed > day) == (count > 0)


@given(days)
@quick
def test_previous_and_next_workday_never_stay_and_skip_no_workday(day: dt.date) -> None:
    before, after = CHINA.previous_workday(day), CHINA.next_workday(day)
    assert before < day < after
    assert CHINA.is_workday(before)
    assert CHINA.is_workday(after)
    skipped = [before + offset * DAY for offset in range(1, (after - before).days)]
    assert not any(CHINA.is_workday(one) for one in skipped if one != day)


@given(days, st.sampled_from(Roll))
@quick
def test_rolling_twice_is_rolling_once(day: dt.date, roll: Roll) -> None:
    assert CHINA.roll_day(CHINA.roll_day(day, roll), roll) == CHINA.roll_day(day, roll)


def test_a_make_up_sunday_is_worked_and_a_statutory_tuesday_is_not() -> None:
    assert SMALL.is_workday(dt.date(2024, 9, 29))
    assert not SMALL.is_workday(dt.date(2024, 10, 1))
    assert not WEEKENDS.is_workday(dt.date(2024, 9, 29))
    assert WEEKENDS.is_workday(dt.date(2024, 10, 1))


def test_the_last_three_days_of_a_year_are_provisional_until_the_next_notice() -> None:
    assert not SMALL.is_provisional(dt.date(2024, 12, 31))
    assert not SMALL.is_provisional(dt.date(2025, 12, 28))
    assert SMALL.is_provisional(dt.date(2025, 12, 29))
    assert SMALL.is_provisional(dt.date(2026, 6, 1))
    assert SMALL.is_provisional(dt.date(2023, 6, 1))


@pytest.mark.parametrize(
    ("day", "roll", "provisional"),
    (
        (dt.date(2025, 12, 28), Roll.NONE, False),
        (dt.date(2025, 12, 28), Roll.PRECEDING, False),  # a Sunday: back to Friday the 26th
        (dt.date(2025, 12, 28), Roll.FOLLOWING, True),  # on to Monday the 29th, which may yet be claimed
        (dt.date(2026, 1, 4), Roll.PRECEDING, True),
        (dt.date(2026, 1, 4), Roll.NONE, False),
        (dt.date(2024, 10, 1), Roll.FOLLOWING, False),
    ),
)
def test_a_roll_is_provisional_if_any_day_that_it_looks_at_is(day: dt.date, roll: Roll, provisional: bool) -> None:
    assert SMALL.roll_is_provisional(day, roll) is provisional
