"""Offsets: their spelling, their order, and the days that they mean."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.due.workdays import Roll
from service.reminders.rules.offsets import MOST_DAYS, MOST_WORKDAYS, Measure, NoticeKind, Offset, parse_offset
from tests.due.strategies import CHINA, days
from tests.reminders.strategies import offsets


@given(offsets)
def test_an_offset_reads_back_what_it_prints(offset: Offset) -> None:
    assert parse_offset(str(offset)) == offset


@pytest.mark.parametrize(
    ("text", "canonical"),
    (
        ("-7d", "-7d"),
        (" -07D ", "-7d"),
        ("−7d", "-7d"),
        ("+1d", "+1d"),
        ("0d", "0d"),
        ("-0d", "0d"),
        ("+0wd", "0d"),
        ("-3wd", "-3wd"),
        ("+250wd", "+250wd"),
        ("-366d", "-366d"),
    ),
)
def test_spellings_of_one_offset_have_one_canonical_form(text: str, canonical: str) -> None:
    assert str(parse_offset(text)) == canonical


@pytest.mark.parametrize(
    ("text", "sentence"),
    (
        ("7d", "write -7d or +7d"),
        ("3wd", "write -3wd or +3wd"),
        ("-1w", "write -7d, -3wd (workdays)"),
        ("-1h", "is no offset"),
        ("", "is no offset"),
        ("-P7D", "is no offset"),
        ("-７d", "is no offset"),
        ("-367d", "366 days at most"),
        ("+251wd", "250 workdays at most"),
        ("-" + "9" * 400 + "d", "is no offset"),
    ),
)
def test_a_text_that_is_no_offset_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_offset(text)
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize(
    ("text", "kind"), (("-1d", NoticeKind.DUE_SOON), ("0d", NoticeKind.DUE), ("+1wd", NoticeKind.OVERDUE))
)
def test_an_offset_says_what_its_notice_says(text: str, kind: NoticeKind) -> None:
    assert parse_offset(text).kind is kind


def test_offsets_stand_in_the_order_of_time() -> None:
    texts = ["-30d", "-7d", "-5wd", "-1wd", "-1d", "0d", "+1d", "+1wd", "+7d"]
    assert [str(each) for each in sorted(map(parse_offset, reversed(texts)))] == texts


# The October week of 2024: 1 to 7 October off; Sunday 29 September, Saturday 12 October worked in exchange.
@pytest.mark.parametrize(
    ("due_on", "offset", "day"),
    (
        ("2024-10-08", "-1d", "2024-09-30"),  # a Monday before the week
        ("2024-10-08", "-7d", "2024-09-30"),
        ("2024-10-08", "-1wd", "2024-09-30"),
        ("2024-10-08", "-2wd", "2024-09-29"),  # a Sunday that was worked
        ("2024-10-08", "-3wd", "2024-09-27"),
        ("2024-10-08", "-9d", "2024-09-29"),  # it is a workday: it stays
        ("2024-09-30", "+1d", "2024-10-08"),
        ("2024-09-30", "+1wd", "2024-10-08"),
        ("2024-09-30", "+7d", "2024-10-08"),
        ("2024-10-05", "0d", "2024-10-05"),  # the day itself stays
        ("2024-10-11", "+1d", "2024-10-12"),  # a Saturday that was worked
        ("2024-10-11", "+1wd", "2024-10-12"),
        ("2024-10-12", "+1d", "2024-10-14"),
        ("2024-10-14", "-1wd", "2024-10-12"),
        ("2024-10-14", "-1d", "2024-10-12"),
        ("2024-10-31", "-30d", "2024-09-30"),
        ("2025-02-08", "-1wd", "2025-02-07"),  # Spring Festival 2025; a worked Saturday falls due
        ("2025-02-05", "-1d", "2025-01-27"),  # 28 January to 4 February off
        ("2025-02-05", "-2wd", "2025-01-26"),  # a Sunday that was worked
    ),
)
def test_notices_keep_off_the_days_off_and_know_the_make_up_days(due_on: str, offset: str, day: str) -> None:
    found = parse_offset(offset).day(date.fromisoformat(due_on), roll=Roll.PRECEDING, calendar=CHINA)
    assert found == date.fromisoformat(day)


def test_without_rolling_a_notice_in_days_stays_where_it_falls_and_workdays_are_workdays() -> None:
    due_on = date(2024, 10, 8)
    assert parse_offset("-1d").day(due_on, roll=Roll.NONE, calendar=CHINA) == date(2024, 10, 7)
    assert parse_offset("-1wd").day(due_on, roll=Roll.NONE, calendar=CHINA) == date(2024, 9, 30)


@given(days, offsets, st.sampled_from([Roll.PRECEDING, Roll.NONE]))
def test_a_notice_never_moves_across_the_due_date_nor_towards_it(due_on: date, offset: Offset, roll: Roll) -> None:
    day = offset.day(due_on, roll=roll, calendar=CHINA)
    match offset.kind:
        case NoticeKind.DUE_SOON:
            assert day < due_on
        case NoticeKind.DUE:
            assert day == due_on
        case NoticeKind.OVERDUE:
            assert day > due_on
    if offset.measure is Measure.DAYS:
        assert abs((day - due_on).days) >= abs(offset.count)
        assert day == due_on + timedelta(days=offset.count) or roll is Roll.PRECEDING
    if offset.count and (roll is Roll.PRECEDING or offset.measure is Measure.WORKDAYS):
        assert CHINA.is_workday(day)


def test_the_furthest_offsets_are_within_the_horizon() -> None:
    assert Offset(-MOST_DAYS).day(date(2025, 12, 31), roll=Roll.NONE, calendar=CHINA) == date(2024, 12, 30)
    assert Offset(-MOST_WORKDAYS, Measure.WORKDAYS).day(date(2025, 12, 31), roll=Roll.NONE, calendar=CHINA).year == 2024
