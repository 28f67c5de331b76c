"""Whatever editors do, in whatever order, what must hold holds."""

import random
from collections import Counter
from datetime import date
from typing import Any

import httpx
import pytest
from sqlmodel import select

from service.kit.database import Database, Session
from service.milestones import store
from service.milestones.actions import editing, expanding
from service.milestones.models import Milestone, Occurrence
from service.milestones.rules import answering
from service.plans.actions import snapshot as plan_snapshot
from service.plans.models import Plan
from service.units import actions as unit_actions
from service.units import store as unit_store
from service.units.models import UnitGroup
from tests.flows.desk import API, Desk, journal

DUES: tuple[dict[str, Any] | None, ...] = (
    None,
    {"value": "2024-10"},
    {"value": "2024-12", "roll": "preceding"},
    {"value": "2025-06-30"},
    {"value": "2027-01", "roll": "following"},
    {"phrase": "10月前", "value": "2024-10", "boundary": "before"},
    {"rrule": "FREQ=YEARLY"},
    {"rrule": "FREQ=YEARLY;BYMONTH=3"},
    {"rrule": "FREQ=YEARLY;BYMONTH=4"},
    {"rrule": "FREQ=YEARLY;BYMONTH=3,4"},
    {"rrule": "FREQ=MONTHLY", "roll": "preceding"},
    {"open": True},
    {"within_term": "plan"},
)
PERIODS = (("2024-01-01", "2025-12-31"), ("2024-06-01", "2024-12-31"), ("2023-01-01", "2026-12-31"))
DAYS = (None, "2024-06-30", "2024-10-31", "2025-03-01")
CODES = ("a.x", "a.y", "a.z", "a.g", "a.h")
STEPS = 30


class Walk:
    """Edits at random, from a seed."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk = desk
        self.chance = random.Random(seed)
        self.milestones: list[str] = []

    async def step(self) -> int:
        """One edit; the status that it was answered with."""
        edits = (
            self.add,
            self.redate,
            self.redate,
            self.reassign,
            self.switch,
            self.replan,
            self.regroup,
            self.regroup,
        )
        return await self.chance.choice(edits)()

    def assignments(self) -> list[dict[str, str]]:
        codes = self.chance.sample(CODES, self.chance.randint(0, 3))
        return [
            {"group" if code in ("a.g", "a.h") else "unit": code, "role": self.chance.choice(("lead", "support"))}
            for code in codes
        ]

    async def add(self) -> int:
        body = {"plan": "p", "title": "任务", "due": self.chance.choice(DUES), "assignments": self.assignments()}
        answer = await self.desk.api.post(f"{API}/milestones", json=body)
        if answer.status_code == 201:
            self.milestones.append(answer.json()["id"])
        return answer.status_code

    async def _change(self, **changes: Any) -> int:
        if not self.milestones:
            return await self.add()
        path = f"milestones/{self.chance.choice(self.milestones)}"
        return (await self.desk.try_change(path, **changes)).status_code

    async def redate(self) -> int:
        return await self._change(due=self.chance.choice(DUES))

    async def reassign(self) -> int:
        return await self._change(assignments=self.assignments())

    async def switch(self) -> int:
        return await self._change(status=self.chance.choice(("active", "cancelled")))

    async def replan(self) -> int:
        start, end = self.chance.choice(PERIODS)
        changes: dict[str, Any] = self.chance.choice(
            (
                {"period": {"start": start, "end": end}},
                {"before_month": self.chance.choice(("inclusive", "exclusive"))},
                {"default_due": self.chance.choice(({"value": "2024"}, {"value": "2025"}, None))},
                {"published_on": self.chance.choice(DAYS)},
                {"status": self.chance.choice(("published", "archived", "draft"))},
                {"period": None},
            )
        )
        return (await self.desk.try_change("plans/p", **changes)).status_code

    async def regroup(self) -> int:
        group = self.chance.choice(("a.g", "a.h"))
        members = []
        for code in self.chance.sample([code for code in CODES if code != group], self.chance.randint(0, 3)):
            bounds = sorted(day for day in self.chance.choices(DAYS, k=2) if day)
            dated = {"from_on": bounds[0], "until_on": bounds[1]} if len(bounds) == 2 else {}
            members.append({"member": code} | dated)
        return (await self.desk.try_change(f"groups/{group}", members=members)).status_code


async def _check(session: Session) -> None:
    rows = {row.id: row for row in await session.exec(select(Milestone))}
    occurrences = await store.occurrences_of(session, list(rows))
    assignments = await store.assignments_of(session, list(rows))
    held = await store.units_answering(session, [one.id for found in occurrences.values() for one in found])
    groups = {one.group_code for found in assignments.values() for one in found if one.group_code}
    membership = await unit_store.membership_below(session, groups)
    for id, row in rows.items():
        periods = Counter(one.period for one in occurrences[id])
        assert max(periods.values(), default=1) == 1, periods
        assert not any(period.startswith("~") for period in periods)
        assigned = editing.assigned(assignments[id])
        for one in occurrences[id]:
            assert one.sort_on == (one.due_on or date(9999, 12, 31))
            assert (one.cancelled_at is not None) == (one.status == "cancelled")
            if one.status == "active":
                assert row.status == "active"
                wanted = {(each.unit, each.role.value) for each in answering(assigned, membership, on=one.due_on)}
                assert {(each.unit, each.role) for each in held[one.id]} == wanted


async def _check_journal(database: Database) -> None:
    """The last fact of everything tells how it stands now."""
    last = {(fact.subject_kind, fact.subject): fact.after for fact in await journal(database)}
    async with database.read() as session:
        now: dict[tuple[str, str], dict[str, Any]] = {}
        for row in await session.exec(select(Milestone)):
            now["milestone", row.id] = await editing.snapshot(session, row)
        for one in await session.exec(select(Occurrence)):
            now["occurrence", one.id] = expanding.snapshot(one)
        for group in await session.exec(select(UnitGroup)):
            now["group", group.code] = await unit_actions.snapshot(session, group)
        for plan in await session.exec(select(Plan)):
            now["plan", plan.slug] = plan_snapshot(plan)
    assert {key: last[key] for key in now} == now


@pytest.mark.parametrize("seed", (1, 2, 3))
async def test_random_edits_keep_the_house_in_order(api: httpx.AsyncClient, database: Database, seed: int) -> None:
    desk = Desk(api)
    await desk.town()
    await desk.make("groups", code="a.g", name="组")
    await desk.make("groups", code="a.h", name="另一组", members=[{"member": "a.g"}])
    await desk.plan()
    walk = Walk(desk, seed)
    for _ in range(STEPS):
        status = await walk.step()
        assert status in (200, 201, 409, 422), status
        async with database.read() as session:
            await _check(session)
    await _check_journal(database)
    text = (await api.get(f"{API}/plans/p/export")).content
    again = await api.put(f"{API}/plans/p", content=text, headers={"If-Match": "*"})
    assert again.status_code == 200, again.text
    assert again.json()["text"] == "0 to add, 0 to change, 0 to cancel\n"
