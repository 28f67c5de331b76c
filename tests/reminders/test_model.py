"""Random lives of tasks against a reference model: the ledger explains every notice that was to be expected.

The model knows no versions, no batches and no database: it remembers for each notice (task, offset, due date, instant)
what became of it last.
"""

import contextlib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.due.workdays import Roll
from service.gate.transaction import change
from service.reminders.actions.firing import fire_due
from service.reminders.rules.offsets import NoticeKind, Offset
from service.reminders.rules.policy import DEFAULT, Policy, parse_text
from tests.due.strategies import CHINA
from tests.reminders.world import World

POLICIES = (
    "never",
    "0d at 00:00 roll none",
    "-7d -1d 0d +1d +7d at 17:30",
    "-3wd -1wd 0d +1wd at 08:00",
    "-14d -7d -3d -2d -1d at 09:00",
    "-1d 0d at 09:00 roll none",
)
ROLES = {"demo.justice": "lead", "demo.finance": "responsible", "demo.water": "support"}
SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
UNDONE = {"moved", "policy", "zone", "workdays", "cancelled", "finished", "draft"}

Notice = tuple[str, Offset, date, datetime]  # task, offset, due date, instant


@dataclass
class Task:
    """What the model knows of a task."""

    id: str
    due_on: date
    active: bool = True
    open_units: set[str] = field(default_factory=lambda: {"demo.justice", "demo.finance"})
    policy: Policy | None = None


@dataclass
class Model:
    """What became of each notice, and what went out, in order."""

    default: Policy = DEFAULT
    tasks: list[Task] = field(default_factory=list)
    became: dict[Notice, str] = field(default_factory=dict)
    sent: list[Notice] = field(default_factory=list)

    def wanted(self, task: Task) -> Iterator[Notice]:
        if not task.active or not task.open_units:
            return
        policy = task.policy or self.default
        for offset in policy.offsets:
            day = offset.day(task.due_on, roll=policy.roll, calendar=CHINA)
            yield task.id, offset, task.due_on, datetime.combine(day, policy.at, tzinfo=SHANGHAI)

    def plan(self, now: datetime, *touched: Task) -> None:
        for task in self.tasks:
            wanted = set(self.wanted(task))
            for notice, how in list(self.became.items()):
                if notice[0] == task.id and how == "pending" and notice not in wanted:
                    self.became[notice] = "undone"
            for notice in wanted:
                too_old = notice[3] < now - DAY
                how = self.became.get(notice, "undone")
                if how == "skipped" and task in touched and not too_old:
                    how = "undone"  # it was too old by a clock that has been set back since
                if how == "undone" and notice[3] <= now + timedelta(days=400):
                    self.became[notice] = "skipped" if too_old else "pending"

    def tick(self, now: datetime) -> None:
        today = now.astimezone(SHANGHAI).date()
        come = [n for n, how in self.became.items() if n[3] <= now and how in ("pending", "fired")]
        due = sorted((n for n in come if self.became[n] == "pending"), key=lambda n: (n[3], n[1].count))
        for notice in due:
            self.became[notice] = self._outcome(notice, come, today)
            if self.became[notice] == "fired":
                self.sent.append(notice)

    def _outcome(self, notice: Notice, come: list[Notice], today: date) -> str:
        kind = notice[1].kind
        if kind is NoticeKind.DUE_SOON and notice[2] < today:
            return "passed"
        later = [
            other
            for other in come
            if (other[0], other[2]) == (notice[0], notice[2])
            and (other[3], other[1].count, str(other[1])) > (notice[3], notice[1].count, str(notice[1]))
        ]
        if kind is NoticeKind.DUE_SOON:
            return "overtaken" if later else "fired"
        same = [other for other in later if other[1].kind is kind]
        return "overtaken" if same and kind is NoticeKind.OVERDUE else "fired"


class Life:
    """One random life, lived by the service and by the model."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.model, self.chance = world, Model(), random.Random(seed)

    async def live(self, steps: int) -> None:
        await self.create()
        for _ in range(steps):
            deed = self.chance.choices(
                (self.create, self.move, self.say, self.call, self.own_policy, self.plan_policy, self.rest, self.back),
                (1, 3, 4, 2, 3, 1, 9, 2),
            )[0]
            await deed()
            await self.world.extend()
            self.model.plan(self.world.now)
            if self.chance.random() < 0.6:
                await self.tick()
            await self.compare()
        self.world.now += timedelta(days=800)
        await self.world.extend()
        self.model.plan(self.world.now)
        await self.tick()
        await self.compare()
        assert "pending" not in self.model.became.values()

    def a_day(self) -> date:
        days = self.chance.choice((-20, -2, -1, 0, 1, 2, 3, 5, 8, 13, 21, 34))
        return self.world.now.astimezone(SHANGHAI).date() + days * DAY

    async def create(self) -> None:
        due_on = self.a_day()
        if len(self.model.tasks) >= 4:
            return
        task = Task(await self.world.milestone(due_on.isoformat(), roles=ROLES), due_on)
        self.model.tasks.append(task)
        self.model.plan(self.world.now, task)

    async def move(self) -> None:
        task, due_on = self.chance.choice(self.model.tasks), self.a_day()
        await self.world.edit(task.id, due=due_on.isoformat())
        touched = (task,) if task.due_on != due_on and task.active else ()
        task.due_on = due_on
        self.model.plan(self.world.now, *touched)

    async def say(self) -> None:
        task = self.chance.choice(self.model.tasks)
        unit = self.chance.choice(sorted(ROLES))
        status = self.chance.choice(("submitted", "accepted", "returned", "in_progress", "waived"))
        if not task.active:
            return
        await self.world.say(task.id, status, unit)
        if unit != "demo.water":
            (task.open_units.discard if status in ("submitted", "accepted", "waived") else task.open_units.add)(unit)
        self.model.plan(self.world.now, task)

    async def call(self) -> None:
        """Call a task off, or back."""
        task = self.chance.choice(self.model.tasks)
        task.active = not task.active
        await self.world.edit(task.id, status="active" if task.active else "cancelled")
        self.model.plan(self.world.now, task)

    async def own_policy(self) -> None:
        task, text = self.chance.choice(self.model.tasks), self.chance.choice((None, *POLICIES))
        before, task.policy = task.policy, parse_text(text) if text else None
        await self.world.policy(text, milestone=task.id)
        self.model.plan(self.world.now, *((task,) if before != task.policy else ()))

    async def plan_policy(self) -> None:
        text = self.chance.choice(POLICIES)
        before, self.model.default = self.model.default, parse_text(text)
        await self.world.policy(text, plan="demo-2024")
        changed = before != self.model.default or before is DEFAULT
        self.model.plan(self.world.now, *(self.model.tasks if changed else ()))

    async def rest(self) -> None:
        """Time passes: hours, or weeks of downtime."""
        hours = self.chance.choice((1, 5, 11, 23, 24, 25, 50, 170, 700))
        self.world.now += timedelta(hours=hours, minutes=self.chance.randint(0, 59))

    async def back(self) -> None:
        """Somebody sets the clock back."""
        self.world.now -= timedelta(hours=self.chance.choice((1, 12, 30, 100)))

    async def tick(self) -> None:
        if self.chance.random() < 0.3:
            await self.die()
        size = self.chance.choice((1, 2, 500))
        while len(await self.world.tick(limit=size)) == size:
            pass
        self.model.tick(self.world.now)

    async def die(self) -> None:
        """A tick that does not come to its commit."""
        with contextlib.suppress(LookupError):
            async with change(self.world.database, now=self.world.now) as session:
                await fire_due(session, now=self.world.now, limit=3)
                raise LookupError

    async def compare(self) -> None:
        last: dict[Notice, str] = {}
        for row in sorted(await self.world.ledger(), key=lambda row: row.due_version):
            assert (row.status == "pending") == (not row.reason) == (row.ended_at is None)
            offset = next(each for each in (Offset(0), *self._offsets()) if str(each) == row.offset)
            notice = (row.milestone, offset, row.due_on, row.fire_at)
            assert last.get(notice) in (None, "undone", "skipped"), "planned again although it was settled"
            how = {"grace": "skipped"}.get(row.cause, row.cause or "pending")
            last[notice] = "fired" if how == "time" else "undone" if how in UNDONE else how
        assert last == self.model.became
        sent = [fact.after["notice"]["firing"] for fact in await self.world.notices() if fact.after]
        fired = {row.id: (row.milestone, row.offset, row.due_on, row.fire_at) for row in await self.world.ledger()}
        expected = [(task, str(offset), due_on, fire_at) for task, offset, due_on, fire_at in self.model.sent]
        assert Counter(fired[id] for id in sent) == Counter(expected)

    def _offsets(self) -> Iterator[Offset]:
        for text in POLICIES:
            yield from parse_text(text).offsets
        yield from DEFAULT.offsets


@pytest.mark.parametrize("seed", range(6))
async def test_the_ledger_explains_every_notice_of_a_random_life(world: World, seed: int) -> None:
    await Life(world, seed).live(40)


def test_the_model_rolls_as_the_policies_say() -> None:
    assert {parse_text(text).roll for text in POLICIES} == {Roll.NONE, Roll.PRECEDING}
