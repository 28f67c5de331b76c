"""Which due dates a feed shows on a day. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

BACK, AHEAD = 180, 400
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """So many days back and ahead of today, both inclusive; or one year alone, wherever today is."""

    back: int = BACK
    ahead: int = AHEAD
    year: int = 0

    def first(self, today: date) -> date:
        """The earliest due date that is shown."""
        return date(self.year, 1, 1) if self.year else today - self.back * _DAY

    def last(self, today: date) -> date:
        """The latest due date that is shown."""
        return date(self.year, 12, 31) if self.year else today + self.ahead * _DAY

    def enters_on(self, due_on: date) -> date:
        """The day on which a due date comes into view."""
        return due_on - self.ahead * _DAY

    def leaves_on(self, due_on: date) -> date:
        """The first day on which it is out of view again."""
        return due_on + (self.back + 1) * _DAY


WINDOW = Window()


@dataclass(frozen=True, slots=True)
class Edges:
    """The due dates next to the window's borders: the last gone, the first and last in view, the next to come."""

    gone: date | None = None
    first: date | None = None
    last: date | None = None
    coming: date | None = None


def last_crossing(window: Window, edges: Edges) -> date | None:
    """The latest day on which a due date came into view or went out of it."""
    if window.year:
        return None
    days = []
    if edges.gone is not None:
        days.append(window.leaves_on(edges.gone))
    if edges.last is not None:
        days.append(window.enters_on(edges.last))
    return max(days, default=None)


def next_crossing(window: Window, edges: Edges) -> date | None:
    """The next day on which a due date will come into view or go out of it."""
    if window.year:
        return None
    days = []
    if edges.first is not None:
        days.append(window.leaves_on(edges.first))
    if edges.coming is not None:
        days.append(window.enters_on(edges.coming))
    return min(days, default=None)
