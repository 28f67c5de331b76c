"""The chart of tasks per month, as numbers."""

from datetime import date
from itertools import pairwise

from service.reports.rules.board import Month
from service.web.chart import PLOT, bars

TODAY = date(2024, 10, 1)


def test_the_highest_bar_fills_the_plot_and_a_small_one_can_still_be_seen() -> None:
    high, small, none = bars(
        [Month(date(2024, 10, 1), 1000), Month(date(2024, 11, 1), 1), Month(date(2024, 12, 1), 0)], today=TODAY
    )
    assert high.height == PLOT
    assert small.height == 3
    assert none.height == 0


def test_bars_stand_side_by_side_within_the_whole_width() -> None:
    drawn = bars([Month(date(2024, month, 1), month) for month in range(1, 13)], today=TODAY)
    assert drawn[0].x >= 0
    assert drawn[-1].x + drawn[-1].width <= 100
    assert all(one.x + one.width < other.x for one, other in pairwise(drawn))
    assert [bar.starts_year for bar in drawn] == [True] + [False] * 11


def test_months_are_coloured_like_lights() -> None:
    months = [date(2024, 9, 1), date(2024, 10, 1), date(2024, 11, 1), date(2024, 12, 31).replace(day=1)]
    assert [bar.tone for bar in bars([Month(each, 1) for each in months], today=TODAY)] == [
        "past", "soon", "later", "later",
    ]  # fmt: skip


def test_no_tasks_at_all_is_a_chart_without_bars() -> None:
    assert [bar.height for bar in bars([Month(TODAY, 0)], today=TODAY)] == [0]
