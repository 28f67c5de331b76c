"""What a board says about plans, units and their due dates. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import groupby
from typing import Any

from service.milestones.rules import Light, MilestoneKind, Role, light
from service.progress.rules import ProgressStatus

MONTHS_BEFORE = 6
MONTHS = 24


@dataclass(frozen=True, slots=True)
class Tally:
    """How many dates there are, how many of them have passed or come soon, and which comes next.

    A unit's are those that it has not finished; a plan's are all.
    """

    dates: int = 0
    past: int = 0
    soon: int = 0
    next_on: date | None = None
    milestones: int = 0  # of a plan

    def light(self, today: date) -> Light:
        """That of the next date; red where every date has passed, grey where there is none."""
        if self.next_on is None and self.past:
            return Light.RED
        return light(self.next_on, cancelled=False, today=today)


@dataclass(frozen=True, slots=True)
class Month:
    """How many tasks fall due in a month."""

    first: date
    count: int


@dataclass(frozen=True, slots=True)
class Group:
    """A group of units, as pages name it."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Named:
    """A unit or a group that a document names for a task, in the role that it has there."""

    code: str
    name: str
    role: Role
    is_group: bool


@dataclass(frozen=True, slots=True)
class Reporting:
    """A unit that answers for a date, and how far it says it is."""

    named: Named
    status: ProgressStatus
    light: Light


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A due date and how it stands. `days_left` is negative once it has passed.

    `finished`: on a unit's board, that it has done its part; elsewhere, that everybody has who owes it.
    """

    id: str
    period: str
    due_on: date | None
    due_time: time | None
    window_start: date | None
    provisional: bool
    moved_from: date | None
    cancelled: bool
    finished: bool = False
    light: Light
    days_left: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A milestone as boards show it. `due` is its own specification or, `inherited`, its plan's default."""

    id: str
    key: str
    ref: str
    title: str
    kind: MilestoneKind
    cancelled: bool
    due: Mapping[str, Any] | None
    inherited: bool
    hand_in: str
    plan: str
    plan_title: str
    draft: bool


@dataclass(frozen=True, slots=True)
class Owed:
    """A task that a unit answers for, with one of its dates (None: nobody has said when). `via`: as a member of."""

    task: Task
    dated: Dated | None
    role: Role
    via: Group | None


@dataclass(frozen=True, slots=True)
class Sections:
    """What a unit owes, in the order in which it wants to be looked at."""

    soon: tuple[Owed, ...]
    past: tuple[Owed, ...]  # the latest first
    later: tuple[Owed, ...]
    undated: tuple[Owed, ...]
    done: tuple[Owed, ...]  # the latest first


def in_sections(owed: Iterable[Owed]) -> Sections:
    """Sort tasks by how they stand; each date counts once, however often it is given."""
    lights: dict[Light, dict[str, Owed]] = {each: {} for each in Light}
    done: dict[str, Owed] = {}
    for one in owed:
        if one.dated is None:
            lights[Light.GREY][one.task.id] = one
        elif one.dated.cancelled:
            continue
        elif one.dated.finished:
            done[one.dated.id] = one
        else:
            lights[one.dated.light][one.dated.id] = one
    return Sections(
        soon=_by_date(lights[Light.YELLOW].values()),
        past=_by_date(lights[Light.RED].values())[::-1],
        later=_by_date(lights[Light.GREEN].values()),
        undated=tuple(lights[Light.GREY].values()),
        done=_by_date(done.values())[::-1],
    )


def _by_date(owed: Iterable[Owed]) -> tuple[Owed, ...]:
    return tuple(sorted(owed, key=lambda one: one.dated.due_on or date.max if one.dated else date.max))


def by_day(owed: Sequence[Owed]) -> list[tuple[Dated | None, list[Owed]]]:
    """What falls due on the same day together, in the given order, each with the date that they share."""
    days = groupby(owed, key=lambda one: one.dated.due_on if one.dated else None)
    grouped = [list(found) for _day, found in days]
    return [(found[0].dated, found) for found in grouped]


def months_around(today: date) -> Sequence[date]:
    """The first days of the months that a chart shows: some that have passed, this one, and those to come."""
    start = today.year * 12 + today.month - 1 - MONTHS_BEFORE
    return [date(number // 12, number % 12 + 1, 1) for number in range(start, start + MONTHS)]


def by_month(counts: Mapping[date, int], months: Sequence[date]) -> tuple[Month, ...]:
    """Counts by day, summed by month."""
    sums = dict.fromkeys(months, 0)
    for day, count in counts.items():
        first = day.replace(day=1)
        if first in sums:
            sums[first] += count
    return tuple(Month(first, count) for first, count in sums.items())
