"""What a board says: sections, months, lights."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.milestones.rules import Light, MilestoneKind, Role, light
from service.reports.rules.board import (
    MONTHS,
    MONTHS_BEFORE,
    Dated,
    Owed,
    Tally,
    Task,
    by_day,
    by_month,
    in_sections,
    months_around,
)

TODAY = date(2024, 10, 1)


def _owed(id: str, due_on: date | None, *, dated: bool = True, cancelled: bool = False) -> Owed:
    task = Task(
        id=id, key=id, ref="", title=id, kind=MilestoneKind.TASK, cancelled=False, due=None, inherited=False,
        hand_in="", plan="p", plan_title="p", draft=False,
    )  # fmt: skip
    when = Dated(
        id=id, period="", due_on=due_on, due_time=None, window_start=None, provisional=False, moved_from=None,
        cancelled=cancelled, light=light(due_on, cancelled=cancelled, today=TODAY), days_left=None,
    )  # fmt: skip
    return Owed(task, when if dated else None, Role.LEAD, None)


@given(st.lists(st.one_of(st.none(), st.dates(date(2020, 1, 1), date(2030, 1, 1)))))
def test_every_task_stands_in_one_section_and_none_is_lost(dates: list[date | None]) -> None:
    owed = [_owed(str(place), day) for place, day in enumerate(dates)]
    sections = in_sections([*owed, *owed])  # given twice, shown once
    shown = [*sections.soon, *sections.past, *sections.later, *sections.undated]
    assert sorted(one.task.id for one in shown) == sorted(one.task.id for one in owed)


def test_what_comes_next_stands_first_and_what_passed_last_stands_first() -> None:
    days = [TODAY + timedelta(days=each) for each in (50, 3, -5, 40, 1, -200)]
    sections = in_sections([_owed(str(day), day) for day in days])
    assert [one.task.id for one in sections.soon] == ["2024-10-02", "2024-10-04"]
    assert [one.task.id for one in sections.past] == ["2024-09-26", "2024-03-15"]
    assert [one.task.id for one in sections.later] == ["2024-11-10", "2024-11-20"]


def test_what_is_cancelled_is_owed_no_more() -> None:
    assert in_sections([_owed("x", TODAY, cancelled=True)]).undated == ()


def test_a_task_of_which_nobody_knows_when_stands_among_the_undated() -> None:
    (one,) = in_sections([_owed("x", None, dated=False)]).undated
    assert one.dated is None


def test_tasks_of_one_day_are_grouped_under_it() -> None:
    owed = [_owed("a", TODAY), _owed("b", TODAY), _owed("c", TODAY + timedelta(days=1)), _owed("d", None, dated=False)]
    assert [[one.task.id for one in found] for _dated, found in by_day(owed)] == [["a", "b"], ["c"], ["d"]]


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_the_months_around_a_day_follow_each_other_and_hold_it(today: date) -> None:
    months = months_around(today)
    assert len(months) == MONTHS
    assert months[MONTHS_BEFORE] == today.replace(day=1)
    assert all((one + timedelta(days=31)).replace(day=1) == other for one, other in pairwise(months))


def test_days_are_summed_by_month_and_others_left_out() -> None:
    counts = {date(2024, 10, 1): 2, date(2024, 10, 31): 3, date(1999, 1, 1): 7}
    months = {month.first: month.count for month in by_month(counts, months_around(TODAY))}
    assert months[date(2024, 10, 1)] == 5
    assert sum(months.values()) == 5


def test_a_unit_has_the_light_of_its_next_date() -> None:
    assert Tally().light(TODAY) is Light.GREY
    assert Tally(dates=1, past=1).light(TODAY) is Light.RED
    assert Tally(dates=2, past=1, next_on=TODAY).light(TODAY) is Light.YELLOW
    assert Tally(dates=1, next_on=TODAY + timedelta(days=31)).light(TODAY) is Light.GREEN
