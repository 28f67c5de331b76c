"""What reminders promise, said a second time and as plainly as possible: the model that the service is compared with.

One policy, one unit, whole days; no database, no transactions, no processes. `docs/reminders.md` in code.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HERE = ZoneInfo("Asia/Shanghai")
POLICY = "-7d -1d 0d +1d +7d at 09:00 roll none"
OFFSETS = (-7, -1, 0, 1, 7)
GRACE = timedelta(hours=24)

Said = tuple[int, date]  # an offset in days, and the due date that it is about


def fire_at(notice: Said) -> datetime:
    """When a notice goes out."""
    offset, due = notice
    return datetime.combine(due + timedelta(days=offset), time(9), tzinfo=HERE).astimezone(UTC)


@dataclass
class Task:
    """A task, what is planned for it, what was said of it, and what of that still waits for the receiver."""

    due: date
    finished: bool = False
    cancelled: bool = False
    pending: set[Said] = field(default_factory=set)
    fired: set[Said] = field(default_factory=set)
    passed_over: set[Said] = field(default_factory=set)  # said better by a later one, or too late
    waiting: set[Said] = field(default_factory=set)
    delivered: set[Said] = field(default_factory=set)
    withdrawn: set[Said] = field(default_factory=set)

    def plan(self, now: datetime) -> None:
        """What is no longer true ends; what is true now and was not said yet is planned."""
        stopped = self.finished or self.cancelled
        wanted = set() if stopped else {(offset, self.due) for offset in OFFSETS}
        self.pending &= wanted
        for notice in wanted - self.pending - self.fired - self.passed_over:
            (self.passed_over if fire_at(notice) < now - GRACE else self.pending).add(notice)

    def withdraw(self, now: datetime) -> None:
        """It moved, was finished or dropped: what has not arrived yet is not sent any more."""
        self.withdrawn |= self.waiting
        self.waiting = set()
        self.plan(now)

    def tick(self, now: datetime) -> None:
        """What is due goes out, unless it is too late or a later one says it better."""
        due = {notice for notice in self.pending if fire_at(notice) <= now}
        today = now.astimezone(HERE).date()
        beside = due | self.fired
        for notice in due:
            offset, day = notice
            too_late = offset < 0 and day < today
            later = any(
                other[1] == day and other[0] > offset and (offset < 0 or (offset > 0 and other[0] > 0))
                for other in beside
            )
            if too_late or later:
                self.passed_over.add(notice)
            else:
                self.fired.add(notice)
                self.waiting.add(notice)
        self.pending -= due

    def deliver(self) -> None:
        """The receiver takes everything."""
        self.delivered |= self.waiting
        self.waiting = set()


@dataclass
class Model:
    """All tasks, and whether the endpoint is paused."""

    now: datetime
    tasks: list[Task] = field(default_factory=list)
    paused: bool = False

    def tick(self) -> None:
        """What a living service does."""
        for task in self.tasks:
            task.tick(self.now)
        if not self.paused:
            for task in self.tasks:
                task.deliver()
