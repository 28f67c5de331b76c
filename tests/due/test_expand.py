"""From specifications to due dates."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.due.expand import Due, expand
from service.due.spec import BeforeMonth, Boundary, DueSpec, Form, Frame, InvalidDue, Roll, TermKind, check, parse
from service.due.workdays import WEEKENDS
from tests.due.strategies import CHINA, days, frames, recurring, rolls, specs, values

quick = settings(deadline=None, max_examples=150)
DAY = dt.timedelta(days=1)
PLAN = Frame(start=dt.date(2023, 1, 1), end=dt.date(2025, 12, 31), effective_on=dt.date(2024, 2, 23))
EXCLUSIVE = Frame(start=PLAN.start, end=PLAN.end, effective_on=PLAN.effective_on, before_month=BeforeMonth.EXCLUSIVE)


def dues(frame: Frame = PLAN, **fields: object) -> tuple[Due, ...]:
    return expand(parse(fields), frame, CHINA)


def dates(frame: Frame = PLAN, **fields: object) -> list[tuple[str, str]]:
    """Period and due date."""
    return [(due.period, str(due.due_on)) for due in dues(frame, **fields)]


@given(recurring, frames())
@quick
def test_due_dates_are_sorted_and_no_period_comes_twice(spec: DueSpec, frame: Frame) -> None:
    found = expand(spec, frame, CHINA)
    order = [due.due_on for due in found if due.due_on]
    assert order == sorted(order)
    assert len({due.period for due in found}) == len(found) == len(order)


@given(specs(), frames(), days, st.integers(0, 900))
@quick
def test_one_piece_is_the_same_as_many(spec: DueSpec, frame: Frame, cut: dt.date, gap: int) -> None:
    if check(spec, frame):
        return
    whole = expand(spec, frame, CHINA)
    later = cut + gap * DAY
    pieces = [
        expand(spec, frame, CHINA, until=cut),
        expand(spec, frame, CHINA, since=cut + DAY, until=later),
        expand(spec, frame, CHINA, since=later + DAY),
    ]
    assert whole == tuple(dict.fromkeys(due for piece in pieces for due in piece))
    assert spec.form is not Form.RECURRING or len(whole) == sum(map(len, pieces))


@given(specs(), frames())
@quick
def test_what_check_accepts_expands_and_what_it_refuses_as_endless_does_not(spec: DueSpec, frame: Frame) -> None:
    endless = Frame(start=frame.start, effective_on=frame.effective_on)
    for one in (frame, endless):
        if not check(spec, one):
            expand(spec, one, CHINA)
    if spec.rrule and "COUNT" not in spec.rrule and "UNTIL" not in spec.rrule:
        assert check(spec, endless)
        with pytest.raises(InvalidDue):
            expand(spec, endless, CHINA)


@given(recurring, frames(), rolls)
@quick
def test_recurring_due_dates_lie_within_the_plan_and_after_its_publication(
    spec: DueSpec, frame: Frame, roll: Roll
) -> None:
    assert frame.start
    assert frame.end
    for due in expand(DueSpec(rrule=spec.rrule, roll=roll), frame, CHINA):
        assert due.nominal_due_on
        assert frame.start <= due.nominal_due_on <= frame.end
        assert frame.effective_on is None or due.nominal_due_on >= frame.effective_on
        assert due.window_start is None or due.window_start <= due.nominal_due_on


@given(values(), st.sampled_from([Roll.PRECEDING, Roll.FOLLOWING]), frames())
@quick
def test_a_date_moved_off_a_day_off_is_a_workday_and_only_due_on_moves(value: str, roll: Roll, frame: Frame) -> None:
    (due,) = expand(DueSpec(value=value, roll=roll), frame, CHINA)
    (fixed,) = expand(DueSpec(value=value), frame, CHINA)
    assert due.due_on
    assert due.nominal_due_on
    assert CHINA.is_workday(due.due_on)
    assert (due.period, due.nominal_due_on, due.window_start) == (fixed.period, fixed.due_on, fixed.window_start)
    assert due.due_on == due.nominal_due_on or not CHINA.is_workday(due.nominal_due_on)
    assert due.due_on <= due.nominal_due_on if roll is Roll.PRECEDING else due.due_on >= due.nominal_due_on
    assert (fixed.provisional, fixed.dataset) == (False, CHINA.dataset)
    assert due.dataset == CHINA.dataset


@pytest.mark.parametrize(
    ("value", "boundary", "start", "due_on"),
    (
        ("2025", "during", "2025-01-01", "2025-12-31"),
        ("2025", "by_end", None, "2025-12-31"),
        ("2025-H1", "during", "2025-01-01", "2025-06-30"),
        ("2025-H2", "by_end", None, "2025-12-31"),
        ("2025-Q1", "during", "2025-01-01", "2025-03-31"),
        ("2025-Q3", "by_end", None, "2025-09-30"),
        ("2025-10", "during", "2025-10-01", "2025-10-31"),
        ("2024-02", "by_end", None, "2024-02-29"),
        ("2023-02", "by_end", None, "2023-02-28"),
        ("2100-02", "by_end", None, "2100-02-28"),
        ("2024-06", "before", None, "2024-06-30"),
        ("2024-W07", "during", "2024-02-12", "2024-02-18"),
        ("2020-W53", "during", "2020-12-28", "2021-01-03"),
        ("2024-06-30", "on", "2024-06-30", "2024-06-30"),
        ("2024-06-30", "by_end", None, "2024-06-30"),
        ("2024-01-01", "before", None, "2024-01-01"),
        ("2024-02-23/2024-03-24", "during", "2024-02-23", "2024-03-24"),
        ("2017-03/2017-08", "by_end", "2017-03-01", "2017-08-31"),
    ),
)
def test_a_dated_one_ends_with_its_period(value: str, boundary: str, start: str | None, due_on: str) -> None:
    (due,) = dues(value=value, boundary=boundary)
    assert (due.period, due.cycle, str(due.due_on)) == (value, "once", due_on)
    assert (due.window_start.isoformat() if due.window_start else None) == start


def test_an_exclusive_month_ends_before_it_begins_but_a_day_includes_itself() -> None:
    assert dates(EXCLUSIVE, value="2024-10", boundary="before") == [("2024-10", "2024-09-30")]
    assert dates(EXCLUSIVE, value="2024-01", boundary="before") == [("2024-01", "2023-12-31")]
    assert dates(EXCLUSIVE, value="2024-06-30", boundary="before") == [("2024-06-30", "2024-06-30")]
    assert dates(EXCLUSIVE, value="2024-10", boundary="by_end") == [("2024-10", "2024-10-31")]


def test_every_year_before_october_is_31_october_unless_the_plan_says_exclusive() -> None:
    rule = "FREQ=YEARLY;BYMONTH=10"
    assert dates(rrule=rule, boundary="before") == [("2024-10", "2024-10-31"), ("2025-10", "2025-10-31")]
    assert dates(EXCLUSIVE, rrule=rule, boundary="before") == [("2024-10", "2024-09-30"), ("2025-10", "2025-09-30")]


def test_an_exclusive_rule_counts_what_is_due_within_the_plan_wherever_the_period_lies() -> None:
    frame = Frame(start=dt.date(2023, 1, 1), end=dt.date(2025, 9, 30), before_month=BeforeMonth.EXCLUSIVE)
    october = dates(frame, rrule="FREQ=YEARLY;BYMONTH=10", boundary="before")
    assert october == [("2023-10", "2023-09-30"), ("2024-10", "2024-09-30"), ("2025-10", "2025-09-30")]
    january = dates(frame, rrule="FREQ=YEARLY;BYMONTH=1", boundary="before")
    assert january == [("2024-01", "2023-12-31"), ("2025-01", "2024-12-31")]
    beyond = dates(EXCLUSIVE, rrule="FREQ=YEARLY;BYMONTH=1", boundary="before")
    assert beyond == [("2025-01", "2024-12-31"), ("2026-01", "2025-12-31")]


def test_a_yearly_march_duty_of_a_plan_published_in_its_second_year_begins_then() -> None:
    found = dues(rrule="FREQ=YEARLY;BYMONTH=3")
    assert [(due.period, due.cycle, str(due.window_start), str(due.due_on)) for due in found] == [
        ("2024-03", "2024", "2024-03-01", "2024-03-31"),
        ("2025-03", "2025", "2025-03-01", "2025-03-31"),
    ]


def test_yearly_november_falls_on_a_saturday_and_a_sunday_and_stays_there_unless_it_rolls() -> None:
    assert dates(rrule="FREQ=YEARLY;BYMONTH=11") == [("2024-11", "2024-11-30"), ("2025-11", "2025-11-30")]
    moved = dates(rrule="FREQ=YEARLY;BYMONTH=11", roll="preceding")
    assert moved == [("2024-11", "2024-11-29"), ("2025-11", "2025-11-28")]


def test_a_dated_task_that_was_overdue_when_published_is_kept() -> None:
    assert dates(value="2023-12") == [("2023-12", "2023-12-31")]


def test_a_task_outside_the_plans_period_is_kept() -> None:
    assert dates(value="2030-06") == [("2030-06", "2030-06-30")]


def test_a_period_cut_by_the_plans_end_counts_only_if_it_is_due_in_time() -> None:
    frame = Frame(start=dt.date(2024, 1, 1), end=dt.date(2024, 10, 15))
    assert dates(frame, rrule="FREQ=YEARLY;BYMONTH=10") == []
    assert dates(frame, rrule="FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=15") == [("2024-10-15", "2024-10-15")]
    assert [period for period, _ in dates(frame, rrule="FREQ=MONTHLY;INTERVAL=3")] == ["2024-Q1", "2024-Q2", "2024-Q3"]


def test_a_deadline_without_a_window_opens_with_its_cycle_when_it_recurs() -> None:
    yearly, _ = dues(rrule="FREQ=YEARLY;BYMONTH=10", boundary="by_end")
    assert (str(yearly.window_start), yearly.cycle) == ("2024-01-01", "2024")
    quarterly = dues(rrule="FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15", boundary="before")[0]
    assert (quarterly.period, str(quarterly.window_start), quarterly.cycle) == ("2024-04-15", "2024-04-01", "2024-Q2")
    weekly = dues(rrule="FREQ=WEEKLY;BYDAY=FR", boundary="before")[0]
    assert (weekly.period, str(weekly.window_start), weekly.cycle) == ("2024-02-23", "2024-02-19", "2024-W08")
    daily = dues(rrule="FREQ=DAILY")[0]
    assert (daily.period, daily.cycle, daily.window_start) == ("2024-02-23", "2024-02-23", dt.date(2024, 2, 23))


def test_every_second_year_is_counted_from_the_plans_start_and_not_from_its_publication() -> None:
    assert dates(rrule="FREQ=YEARLY;INTERVAL=2") == [("2025", "2025-12-31")]
    late = expand(parse({"rrule": "FREQ=YEARLY;INTERVAL=2"}), PLAN, CHINA, since=dt.date(2024, 6, 1))
    assert [due.period for due in late] == ["2025"]


def test_count_runs_from_the_plans_start_even_where_the_first_ones_are_left_out() -> None:
    assert dates(rrule="FREQ=YEARLY;COUNT=2") == [("2024", "2024-12-31")]
    late = expand(parse({"rrule": "FREQ=YEARLY;COUNT=2"}), PLAN, CHINA, since=dt.date(2025, 1, 1))
    assert late == ()


def test_a_plan_without_a_period_begins_its_rules_on_the_day_of_publication() -> None:
    frame = Frame(effective_on=dt.date(2024, 2, 23))
    assert dates(frame, rrule="FREQ=YEARLY;BYMONTH=3;UNTIL=20251231") == [
        ("2024-03", "2024-03-31"),
        ("2025-03", "2025-03-31"),
    ]


def test_within_three_years_is_the_plans_period_and_not_three_years_from_loading() -> None:
    (due,) = dues(within_term="plan")
    assert (due.period, due.cycle) == ("2023/2025", "once")
    assert (str(due.window_start), str(due.due_on)) == ("2023-01-01", "2025-12-31")


@pytest.mark.parametrize(
    ("first", "years", "period", "due_on"),
    (
        ("2023-01-01", 3, "2023/2025", "2025-12-31"),
        ("2023-01-01", 1, "2023", "2023-12-31"),
        ("2023-03-01", 1, "2023-03-01/2024-02-29", "2024-02-29"),
        ("2024-02-29", 1, "2024-02-29/2025-02-28", "2025-02-28"),
        ("2024-02-29", 4, "2024-02-29/2028-02-28", "2028-02-28"),
        ("2096-02-29", 4, "2096-02-29/2100-02-28", "2100-02-28"),
        ("2024-01-31", 1, "2024-01-31/2025-01-30", "2025-01-30"),
    ),
)
def test_a_term_of_years_ends_on_the_day_before_its_anniversary(
    first: str, years: int, period: str, due_on: str
) -> None:
    (due,) = dues(Frame(), within_term={"years": years, "from": first})
    assert (due.period, str(due.window_start), str(due.due_on)) == (period, first, due_on)


@pytest.mark.parametrize(
    ("fields", "period"),
    (
        ({"open": True}, "open"),
        ({"on_event": "收到司法建议"}, "event"),
        ({"within_term": "office"}, "term"),
    ),
)
def test_what_has_no_due_date_is_one_due_without_dates_in_every_piece(fields: dict[str, object], period: str) -> None:
    expected = Due(period, "once", None, None, None, None, provisional=False, dataset="")
    assert expand(parse(fields), PLAN, CHINA) == (expected,)
    assert expand(parse(fields), Frame(), CHINA, since=dt.date(2030, 1, 1), until=dt.date(2030, 1, 2)) == (expected,)


def test_a_term_of_the_plan_needs_the_plans_period() -> None:
    spec = parse({"within_term": "plan"})
    assert spec.within_term
    assert spec.within_term.kind is TermKind.PLAN
    with pytest.raises(InvalidDue, match="the plan has none"):
        expand(spec, Frame(), CHINA)


def test_a_timed_deadline_keeps_its_time() -> None:
    (due,) = dues(value="2024-06-30", boundary="before", time="17:00", roll="preceding")
    assert (str(due.due_on), due.due_time) == ("2024-06-28", dt.time(17, 0))


@pytest.mark.parametrize(
    ("value", "roll", "due_on", "provisional"),
    (
        ("2026-06-30", "following", "2026-06-30", False),
        ("2027-06-30", "following", "2027-06-30", True),
        ("2027-06", "none", "2027-06-30", False),
        ("2027-01-01", "preceding", "2027-01-01", True),
        ("2027-02-28", "preceding", "2027-02-26", True),
        ("2026-12-27", "following", "2026-12-28", False),
        ("2026-12-31", "preceding", "2026-12-31", True),  # New Year's notice for 2027 may still claim it
        ("2025-12-31", "preceding", "2025-12-31", False),
    ),
)
def test_a_rolled_date_is_provisional_where_a_notice_is_not_out_yet(
    value: str, roll: str, due_on: str, provisional: bool
) -> None:
    (due,) = dues(value=value, roll=roll)
    assert (str(due.due_on), due.provisional) == (due_on, provisional)


def test_without_statutory_data_weekends_decide_and_everything_is_provisional() -> None:
    (due,) = expand(parse({"value": "2024-10-01", "roll": "preceding"}), PLAN, WEEKENDS)
    assert (str(due.due_on), due.provisional, due.dataset) == ("2024-10-01", True, "weekends")


def test_the_edges_of_a_piece_belong_to_it() -> None:
    spec = parse({"value": "2024-10", "boundary": Boundary.BY_END.value})
    edge = dt.date(2024, 10, 31)
    assert len(expand(spec, PLAN, CHINA, since=edge, until=edge)) == 1
    assert expand(spec, PLAN, CHINA, since=edge + DAY) == ()
    assert expand(spec, PLAN, CHINA, until=edge - DAY) == ()
    yearly = parse({"rrule": "FREQ=YEARLY;BYMONTH=10"})
    assert [due.due_on for due in expand(yearly, PLAN, CHINA, since=edge, until=edge)] == [edge]
    assert expand(yearly, PLAN, CHINA, since=edge + DAY, until=edge + DAY) == ()
