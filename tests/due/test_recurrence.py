"""From rules to periods: the same as python-dateutil where it says anything, and bounded where it is not."""

import datetime as dt
import time
from dataclasses import replace

import pytest
from dateutil import rrule as engine
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from service.due.expand import expand
from service.due.recurrence import recurrences
from service.due.rule import Frequency, Rule, parse_rule
from service.due.spec import Frame, InvalidDue, check, parse
from service.due.workdays import WEEKENDS
from tests.due.strategies import days, rules

quick = settings(deadline=None, max_examples=150)


def run(rule: str, start: str, end: str) -> list[str]:
    """The period keys of a rule in a plan."""
    frame = Frame(start=dt.date.fromisoformat(start), end=dt.date.fromisoformat(end))
    return [due.period for due in expand(parse({"rrule": rule}), frame, WEEKENDS)]


def by_dateutil(rule: Rule, start: dt.date, end: dt.date) -> list[dt.date]:
    """What python-dateutil makes of a rule that begins on a day; an UNTIL is worked into `end` by the caller."""
    anchor = start
    if rule.frequency is Frequency.MONTHLY and rule.interval in {3, 6}:  # ours count in calendar quarters and halves
        anchor = start.replace(month=(start.month - 1) // rule.interval * rule.interval + 1, day=1)
    moments = engine.rrule(
        {"YEARLY": engine.YEARLY, "MONTHLY": engine.MONTHLY, "WEEKLY": engine.WEEKLY, "DAILY": engine.DAILY}[
            rule.frequency
        ],  # type: ignore[arg-type] # plain numbers
        dtstart=anchor,
        interval=rule.interval,
        wkst=engine.MO,
        until=end,
        bysetpos=rule.positions or None,
        bymonth=rule.months or None,
        bymonthday=rule.month_days or None,
        byweekday=[engine.weekday(day.day, day.ordinal or None) for day in rule.week_days] or None,
    )
    found = [moment.date() for moment in moments if moment.date() >= start]
    return found[: rule.count]


@given(rules(), days, st.integers(0, 1_500))
@settings(deadline=None, max_examples=300)
def test_day_rules_give_the_days_that_dateutil_gives(text: str, start: dt.date, length: int) -> None:
    rule = parse_rule(text)
    if rule.frequency is Frequency.WEEKLY and rule.positions:
        start -= start.weekday() * dt.timedelta(days=1)  # dateutil counts positions in what is left of a first week
    end = start + dt.timedelta(days=length)
    # dateutil stops only at a result after the end: where none comes soon it would walk to the year 9999.
    endless = replace(rule, count=None, until=None)
    after = recurrences(endless, anchor=start, first=end, last=end + dt.timedelta(days=3_000))
    assume(rule.names_days and any(found.period.first > end for found in after))
    expected = by_dateutil(rule, start, min(end, rule.until or end))
    assert run(text, start.isoformat(), end.isoformat()) == [day.isoformat() for day in expected]


def test_a_month_day_rule_on_the_31st_skips_short_months_as_rfc_5545_says() -> None:
    found = run("FREQ=MONTHLY;BYMONTHDAY=31", "2023-01-31", "2023-12-31")
    assert found == ["2023-01-31", "2023-03-31", "2023-05-31", "2023-07-31", "2023-08-31", "2023-10-31", "2023-12-31"]


def test_month_periods_end_with_every_month_from_31_january_on() -> None:
    frame = Frame(start=dt.date(2023, 1, 31), end=dt.date(2024, 3, 31))
    dues = expand(parse({"rrule": "FREQ=MONTHLY", "boundary": "by_end"}), frame, WEEKENDS)
    ends = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 29, 31]
    assert [due.due_on.day for due in dues if due.due_on] == ends


def test_29_february_comes_every_leap_year_and_not_in_2100() -> None:
    assert run("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2023-01-01", "2032-12-31") == [
        "2024-02-29",
        "2028-02-29",
        "2032-02-29",
    ]
    assert run("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2096-03-01", "2104-12-31") == ["2104-02-29"]
    frame = Frame(start=dt.date(2099, 1, 1), end=dt.date(2101, 12, 31))
    ends = [str(due.due_on) for due in expand(parse({"rrule": "FREQ=YEARLY;BYMONTH=2"}), frame, WEEKENDS)]
    assert ends == ["2099-02-28", "2100-02-28", "2101-02-28"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    (
        ("FREQ=YEARLY", ["2023", "2024", "2025"]),
        ("FREQ=YEARLY;INTERVAL=2", ["2023", "2025"]),
        ("FREQ=YEARLY;BYMONTH=3,9", ["2023-09", "2024-03", "2024-09", "2025-03", "2025-09"]),
        ("FREQ=MONTHLY;INTERVAL=6", ["2023-H1", "2023-H2", "2024-H1", "2024-H2", "2025-H1", "2025-H2"]),
        ("FREQ=MONTHLY;INTERVAL=3;COUNT=3", ["2023-Q2", "2023-Q3", "2023-Q4"]),
        ("FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=5;COUNT=2", ["2023-07-05", "2023-10-05"]),
        ("FREQ=MONTHLY;INTERVAL=2;COUNT=3", ["2023-04", "2023-06", "2023-08"]),
        ("FREQ=MONTHLY;BYMONTH=6;BYMONTHDAY=15", ["2023-06-15", "2024-06-15", "2025-06-15"]),
        ("FREQ=WEEKLY;COUNT=2", ["2023-W16", "2023-W17"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;COUNT=3", ["2023-04-21", "2023-05-05", "2023-05-19"]),
        ("FREQ=YEARLY;BYMONTH=10;BYDAY=-1MO", ["2023-10-30", "2024-10-28", "2025-10-27"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", ["2023-04-28", "2023-05-31"]),
        ("FREQ=DAILY;INTERVAL=10;COUNT=3", ["2023-04-20", "2023-04-30", "2023-05-10"]),
        ("FREQ=YEARLY;UNTIL=20241231", ["2023", "2024"]),
        ("FREQ=YEARLY;UNTIL=20241230", ["2023"]),
    ),
)
def test_rules_name_periods_aligned_to_the_calendar(rule: str, expected: list[str]) -> None:
    assert run(rule, "2023-04-20", "2025-12-31") == expected


def test_quarters_and_halves_are_the_calendars_wherever_the_plan_begins() -> None:
    assert run("FREQ=MONTHLY;INTERVAL=3", "2023-05-20", "2024-02-29") == ["2023-Q2", "2023-Q3", "2023-Q4"]
    assert run("FREQ=MONTHLY;INTERVAL=6", "2023-05-20", "2024-02-29") == ["2023-H1", "2023-H2"]
    assert run("FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=25", "2023-05-20", "2024-02-29") == [
        "2023-07-25",
        "2023-10-25",
        "2024-01-25",
    ]


@pytest.mark.parametrize(
    "rule",
    (
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",  # from 2023: never a leap year
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29;COUNT=9",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO;COUNT=9",  # from a Sunday: never a Monday
        "FREQ=DAILY;INTERVAL=36500;COUNT=10000",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30,-31;BYDAY=5SU;BYSETPOS=366",
        "FREQ=DAILY;COUNT=10000",
    ),
)
def test_hostile_rules_end_in_bounded_time(rule: str) -> None:
    began = time.process_time()  # of this process alone: how busy the machine is does not count
    frame = Frame(start=dt.date(2023, 1, 1))
    check(parse({"rrule": rule}), frame)
    if "COUNT" in rule:
        expand(parse({"rrule": rule}), frame, WEEKENDS)
    assert run(rule, "2023-01-01", "2122-12-31") is not None
    assert time.process_time() - began < 20  # dateutil alone takes minutes for some of them


def test_a_rule_without_an_end_is_never_expanded() -> None:
    with pytest.raises(InvalidDue, match="no end"):
        expand(parse({"rrule": "FREQ=DAILY"}), Frame(start=dt.date(2023, 1, 1)), WEEKENDS)
