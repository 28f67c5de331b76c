"""Civil times made exact: time zones, and the nights in which clocks are changed."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.reminders.rules.policy import parse_text
from service.reminders.rules.timing import LocalTime, instant_of, planned
from tests.due.strategies import CHINA
from tests.reminders.strategies import times

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu")


@pytest.mark.parametrize(
    ("zone", "civil", "utc", "local_time"),
    (
        ("Asia/Shanghai", "2024-10-31T09:00", "2024-10-31T01:00", "regular"),
        ("Europe/Berlin", "2024-03-31T01:59", "2024-03-31T00:59", "regular"),
        ("Europe/Berlin", "2024-03-31T02:00", "2024-03-31T01:00", "missing"),
        ("Europe/Berlin", "2024-03-31T02:30", "2024-03-31T01:00", "missing"),
        ("Europe/Berlin", "2024-03-31T02:59", "2024-03-31T01:00", "missing"),
        ("Europe/Berlin", "2024-03-31T03:00", "2024-03-31T01:00", "regular"),
        ("Europe/Berlin", "2024-10-27T02:30", "2024-10-27T00:30", "ambiguous"),
        ("Europe/Berlin", "2024-10-27T03:00", "2024-10-27T02:00", "regular"),
        ("America/New_York", "2024-03-10T02:30", "2024-03-10T07:00", "missing"),
        ("America/New_York", "2024-11-03T01:30", "2024-11-03T05:30", "ambiguous"),
        ("Australia/Lord_Howe", "2024-10-06T02:15", "2024-10-05T15:30", "missing"),  # half an hour
        ("Australia/Lord_Howe", "2024-04-07T01:45", "2024-04-06T14:45", "ambiguous"),
        ("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T10:00", "missing"),  # a whole day
        ("Asia/Shanghai", "1986-05-04T02:30", "1986-05-03T18:00", "missing"),  # China had summer time once
    ),
)
def test_a_time_that_comes_twice_is_the_first_and_one_left_out_the_first_after_it(
    zone: str, civil: str, utc: str, local_time: str
) -> None:
    wanted = datetime.fromisoformat(civil)
    moment = instant_of(wanted.date(), wanted.time(), ZoneInfo(zone))
    assert (moment.at, moment.local_time) == (datetime.fromisoformat(utc).replace(tzinfo=UTC), local_time)


@given(st.sampled_from(ZONES), st.dates(date(1980, 1, 1), date(2040, 1, 1)), times)
def test_an_instant_is_the_first_at_which_local_clocks_have_come_that_far(zone: str, day: date, at: time) -> None:
    there, civil = ZoneInfo(zone), datetime.combine(day, at)
    moment = instant_of(day, at, there)
    shown = moment.at.astimezone(there).replace(tzinfo=None)
    assert shown >= civil
    assert (shown == civil) == (moment.local_time is not LocalTime.MISSING)
    second_before = (moment.at - timedelta(seconds=1)).astimezone(there).replace(tzinfo=None)
    assert second_before < civil


def test_the_same_due_date_is_announced_at_nine_in_each_zone() -> None:
    policy = parse_text("0d at 09:00")
    found = {
        zone: planned(policy, due_on=date(2024, 10, 31), zone=ZoneInfo(zone), calendar=CHINA)[0].fire_at
        for zone in ("Asia/Shanghai", "Europe/Berlin", "America/New_York")
    }
    assert found == {
        "Asia/Shanghai": datetime(2024, 10, 31, 1, tzinfo=UTC),
        "Europe/Berlin": datetime(2024, 10, 31, 8, tzinfo=UTC),  # winter time since the 27th
        "America/New_York": datetime(2024, 10, 31, 13, tzinfo=UTC),  # summer time until 3 November
    }


def test_days_are_civil_days_and_not_spans_of_24_hours() -> None:
    policy = parse_text("-7d 0d at 09:00 roll none")
    before, itself = planned(policy, due_on=date(2024, 11, 4), zone=ZoneInfo("America/New_York"), calendar=CHINA)
    assert itself.fire_at - before.fire_at == timedelta(days=7, hours=1)
    assert (before.on, before.at) == (date(2024, 10, 28), time(9))
