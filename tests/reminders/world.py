"""A small jurisdiction whose clock can be set, its reminders and their ledger."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from service.gate.transaction import change
from service.journal.models import JournalEntry
from service.kit.actor import COMMAND
from service.kit.database import Database, Session
from service.milestones import store as milestone_store
from service.milestones.actions import editing
from service.milestones.models import Milestone, Occurrence
from service.milestones.rules import Assigned, Role
from service.plans import actions as plans
from service.plans import store as plan_store
from service.plans.models import Plan
from service.progress.actions import report
from service.progress.rules import ProgressStatus
from service.reminders.actions import policies
from service.reminders.actions.firing import Fired, fire_due
from service.reminders.actions.planning import extend_horizon
from service.reminders.models import Firing, PendingFiring
from service.reminders.rules.ending import CATCH_UP, CatchUp
from service.reminders.rules.offsets import NoticeKind
from service.reminders.rules.policy import parse_text
from service.units import actions as units
from service.units.models import UnitGroup
from service.units.rules import Member

SHANGHAI = ZoneInfo("Asia/Shanghai")
UNITS = ("demo.justice", "demo.finance", "demo.water")
PLAN = "demo-2024"
GROUP = "demo.all"
NOTICES = ("occurrence.due_soon", "occurrence.due", "occurrence.overdue")


def at(text: str, zone: str = "Asia/Shanghai") -> datetime:
    """An instant from a civil time: `at("2024-10-01T08:00")` is in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@dataclass
class World:
    """A database and a clock that tests set."""

    database: Database
    now: datetime

    def set(self, text: str, zone: str = "Asia/Shanghai") -> None:
        """Go to a civil time."""
        self.now = at(text, zone)

    @asynccontextmanager
    async def change(self) -> AsyncIterator[Session]:
        """Change something now, as a door would."""
        async with change(self.database, now=self.now) as session:
            yield session

    async def settle(self) -> None:
        """A jurisdiction with three units, a group of two of them, and a published plan."""
        async with self.change() as session:
            await units.create_jurisdiction(session, COMMAND, code="demo", values={"name": "示范区"}, now=self.now)
            for code in UNITS:
                await units.create_unit(
                    session, COMMAND, code=code, jurisdiction="demo", values={"name": code}, now=self.now
                )
            await units.create_group(
                session,
                COMMAND,
                code=GROUP,
                jurisdiction="demo",
                values={"name": "各部门"},
                members=[Member("demo.justice"), Member("demo.finance")],
                now=self.now,
            )
        await self.plan(PLAN)

    async def plan(self, slug: str, **values: Any) -> None:
        """A plan for 2024 to 2026."""
        period = {"period_start": date(2024, 1, 1), "period_end": date(2026, 12, 31)}
        async with self.change() as session:
            await plans.create_plan(
                session,
                COMMAND,
                slug=slug,
                jurisdiction="demo",
                values={"title": "计划", **period, **values},
                now=self.now,
            )

    async def change_plan(self, slug: str = PLAN, **changes: Any) -> None:
        """Change the plan itself."""
        async with self.change() as session:
            row = await plan_store.get_locked(session, slug)
            await plans.update_plan(session, COMMAND, row, changes=changes, now=self.now)

    async def milestone(
        self, due: str | Mapping[str, Any] | None, *, roles: Mapping[str, str] | None = None, plan: str = PLAN
    ) -> str:
        """A new milestone, due on a day (or as a due specification says); its id. `roles`: code → role."""
        async with self.change() as session:
            row = await editing.create_milestone(
                session,
                COMMAND,
                plan=await plan_store.get(session, plan),
                key=None,
                values={"title": "任务", "due": _due(due)},
                assignments=_assigned(roles or {"demo.justice": "lead"}),
                now=self.now,
            )
            return row.id

    async def edit(self, milestone: str, *, roles: Mapping[str, str] | None = None, **changes: Any) -> None:
        """Change a milestone; `due` as in `milestone`."""
        if "due" in changes:
            changes["due"] = _due(changes["due"])
        async with self.change() as session:
            await editing.update_milestone(
                session,
                COMMAND,
                await milestone_store.get_locked(session, milestone),
                changes=changes,
                assignments=_assigned(roles) if roles is not None else None,
                now=self.now,
            )

    async def members(self, *codes: str) -> None:
        """Make these the members of the group."""
        async with self.change() as session:
            row = await session.get_one(UnitGroup, GROUP)
            members = [Member(code) for code in codes]
            await units.update(session, COMMAND, row, changes={"members": members}, now=self.now)

    async def occurrence(self, milestone: str) -> str:
        """The id of a milestone's only occurrence that is not cancelled, or of its only one."""
        async with self.database.read() as session:
            rows = (await session.exec(select(Occurrence).where(Occurrence.milestone == milestone))).all()
        (found,) = [row for row in rows if row.status == "active"] or rows
        return found.id

    async def say(self, milestone: str, status: str, unit: str = "demo.justice") -> None:
        """Report how a milestone's occurrence stands."""
        occurrence = await self.occurrence(milestone)
        async with self.change() as session:
            await report(
                session,
                COMMAND,
                occurrence_id=occurrence,
                unit_code=unit,
                status=ProgressStatus(status),
                now=self.now,
            )

    async def policy(self, text: str | None, *, milestone: str | None = None, plan: str | None = None) -> None:
        """Set a policy from its line of text, or take it away; the service's where nothing is named."""
        async with self.change() as session:
            thing: Plan | Milestone | None = None
            if milestone is not None:
                thing = await milestone_store.get_locked(session, milestone)
            elif plan is not None:
                thing = await plan_store.get_locked(session, plan)
            if text is None:
                await policies.remove_policy(session, COMMAND, thing, now=self.now)
            else:
                await policies.set_policy(session, COMMAND, thing, policy=parse_text(text), now=self.now)

    async def tick(
        self, text: str = "", *, limit: int = 500, policy: Mapping[NoticeKind, CatchUp] = CATCH_UP
    ) -> list[Fired]:
        """Go to a civil time in Shanghai, and end what is due."""
        if text:
            self.set(text)
        async with self.change() as session:
            return await fire_due(session, now=self.now, limit=limit, policy=policy)

    async def extend(self, zone: str = "Asia/Shanghai", limit: int = 500) -> int:
        """The chore."""
        async with self.change() as session:
            return await extend_horizon(session, zone=ZoneInfo(zone), now=self.now, limit=limit)

    async def ledger(self, milestone: str | None = None) -> list[Firing]:
        """Every firing (of a milestone), by the instant for which it is planned."""
        query = select(Firing).order_by(col(Firing.fire_at), col(Firing.due_version))
        if milestone is not None:
            query = query.where(Firing.milestone == milestone)
        async with self.database.read() as session:
            rows = list(await session.exec(query))
            queue = {one.firing for one in await session.exec(select(PendingFiring))}
        assert {row.id for row in rows if row.status == "pending"} == queue & {row.id for row in rows}
        return rows

    async def told(self, milestone: str | None = None) -> list[tuple[str, str, int, str]]:
        """The ledger in short: offset, civil day, version of the plan, how it stands: `superseded moved`."""
        return [
            (row.offset, f"{row.civil_on}", row.due_version, f"{row.status} {row.cause}".removesuffix(" time").strip())
            for row in await self.ledger(milestone)
        ]

    async def pending(self, milestone: str | None = None) -> list[tuple[str, str]]:
        """Offset and civil day of what is pending."""
        return [(row.offset, f"{row.civil_on}") for row in await self.ledger(milestone) if row.status == "pending"]

    async def notices(self) -> list[JournalEntry]:
        """The facts of what went out, in order."""
        query = select(JournalEntry).where(col(JournalEntry.kind).in_(NOTICES)).order_by(col(JournalEntry.id))
        async with self.database.read() as session:
            return list(await session.exec(query))


def _due(due: str | Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return {"value": due} if isinstance(due, str) else due


def _assigned(roles: Mapping[str, str]) -> Sequence[Assigned]:
    return [Assigned(code, Role(role)) for code, role in roles.items()]
