"""Retry-After: seconds, dates in three forms, and garbage."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.webhooks.rules.retry_after import LONGEST, parse_http_date, parse_retry_after
from tests.webhooks.strategies import patient

NOW = datetime(1994, 11, 6, 8, 40, 37, tzinfo=UTC)
NINE_MINUTES = timedelta(minutes=9)


@pytest.mark.parametrize(
    ("header", "wait"),
    (
        ("0", timedelta()),
        ("120", timedelta(seconds=120)),
        (" 120 ", timedelta(seconds=120)),
        ("0000000000120", timedelta(seconds=120)),
        ("86401", LONGEST),
        ("9" * 5000, LONGEST),
        # The three forms of RFC 9110, section 5.6.7, as it prints them.
        ("Sun, 06 Nov 1994 08:49:37 GMT", NINE_MINUTES),
        ("Sunday, 06-Nov-94 08:49:37 GMT", NINE_MINUTES),
        ("Sun Nov  6 08:49:37 1994", NINE_MINUTES),
        ("Sun, 06 Nov 1994 08:00:00 GMT", timedelta()),
        ("Sat, 06 Nov 2094 08:49:37 GMT", LONGEST),
    ),
)
def test_what_a_receiver_may_say_is_understood(header: str, wait: timedelta) -> None:
    assert parse_retry_after(header, now=NOW) == wait


@pytest.mark.parametrize(
    "header",
    (
        None,
        "",
        "soon",
        "-5",
        "1.5",
        "1e3",
        "120, 60",
        "１２０",
        "Sun, 06 Nov 1994 08:49:37 +0800",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "1994-11-06T08:49:37Z",
        "Sun, 06 Nov 1994 08:49:37 GMT\n",
    ),
)
def test_garbage_is_ignored(header: str | None) -> None:
    assert parse_retry_after(header, now=NOW) is None


def test_two_digits_of_a_year_more_than_fifty_ahead_are_the_century_before() -> None:
    now = datetime(2024, 10, 1, tzinfo=UTC)
    near = parse_http_date("Sunday, 06-Nov-74 08:49:37 GMT", now=now)
    far = parse_http_date("Sunday, 06-Nov-75 08:49:37 GMT", now=now)
    assert near is not None
    assert far is not None
    assert (near.year, far.year) == (2074, 1975)


def test_a_leap_second_is_the_one_before_it() -> None:
    assert parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", now=NOW) == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


@patient
@given(st.text(max_size=60) | st.from_regex(r"[A-Za-z]{3}, [0-9]{2} [A-Za-z]{3} [0-9]{4} [0-9:]{8} GMT"))
def test_whatever_comes_the_wait_is_bounded(header: str) -> None:
    wait = parse_retry_after(header, now=NOW)
    assert wait is None or timedelta() <= wait <= LONGEST
