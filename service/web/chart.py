"""A chart of tasks per month, as the shapes of an SVG. Widths are per cent, so that it fits any screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from service.milestones.rules import SOON
from service.reports.rules.board import Month

PLOT = 110  # pixels that the highest bar takes
TOP = 18  # room for its number
GAP = 0.22  # of a month's width


@dataclass(frozen=True, slots=True)
class Bar:
    """A month's bar: `x`, `width` and `middle` in per cent, `y` and `height` in pixels; how its tasks stand."""

    month: Month
    x: float
    middle: float
    width: float
    y: int
    height: int
    tone: str
    starts_year: bool


def bars(months: Sequence[Month], *, today: date) -> list[Bar]:
    """The bars of these months, the highest as high as the plot."""
    step = 100 / len(months)
    most = max((month.count for month in months), default=0) or 1
    return [
        Bar(
            month=month,
            x=round(step * (place + GAP / 2), 3),
            middle=round(step * (place + 0.5), 3),
            width=round(step * (1 - GAP), 3),
            y=TOP + PLOT - _height(month.count, most),
            height=_height(month.count, most),
            tone=_tone(month.first, today),
            starts_year=place == 0 or month.first.month == 1,
        )
        for place, month in enumerate(months)
    ]


def _height(count: int, most: int) -> int:
    return max(3, round(PLOT * count / most)) if count else 0


def _tone(first: date, today: date) -> str:
    """As lights: a month that is over, the one that now runs or begins within 30 days, and those to come."""
    if (first + timedelta(days=32)).replace(day=1) <= today:
        return "past"
    return "soon" if first <= today + SOON else "later"
