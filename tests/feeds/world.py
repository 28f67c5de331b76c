"""A small jurisdiction whose clock can be set, and the desk that hands out its feeds."""

import gzip
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from service.feeds.polled.desk import PAGES_KEPT, Desk
from service.feeds.polled.pages import Page, Refusal
from service.feeds.rules.forms import read_form
from service.feeds.rules.subjects import read_subject
from service.gate.transaction import change
from service.kit.actor import COMMAND
from service.kit.database import Database, Session
from service.milestones import store as milestone_store
from service.milestones.actions import editing
from service.milestones.rules import Assigned, Role
from service.plans import actions as plans
from service.plans import store as plan_store
from service.progress import actions as progress
from service.progress.rules import ProgressStatus
from service.units import actions as units
from service.units.models import Jurisdiction, Unit, UnitGroup
from service.units.rules import Member

SECRET = "a secret that only the tests know, long enough"
PUBLIC_URL = "https://milepost.test"
SHANGHAI = ZoneInfo("Asia/Shanghai")
UNITS = {"demo.justice": "区司法局", "demo.finance": "区财政局", "demo.water": "区水务局", "demo.idle": "区档案局"}
PLAN = "demo-2024"

Due = Mapping[str, Any]


def at(text: str) -> datetime:
    """An instant from a civil time in Shanghai: `at("2024-10-01T08:00")`."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


@dataclass
class Watch:
    """A clock that tests set."""

    moment: datetime = field(default_factory=lambda: at("2024-10-01T08:00"))

    def now(self) -> datetime:
        return self.moment

    def set(self, text: str) -> None:
        """Go to a civil time in Shanghai."""
        self.moment = at(text)


@dataclass
class World:
    """A database, a clock, and a desk on them."""

    database: Database
    clock: Watch
    desk: Desk

    @asynccontextmanager
    async def change(self) -> AsyncIterator[Session]:
        """Change something now, as a door would."""
        async with change(self.database, now=self.clock.now(), hearers=[self.desk.hear]) as session:
            yield session

    def another_desk(self, *, pages_kept: int = PAGES_KEPT, kept_in: Path | None = None) -> Desk:
        """The desk of another process on the same database (or of this one after a restart)."""
        return desk_on(self.database, self.clock, pages_kept=pages_kept, kept_in=kept_in)

    async def milestone(
        self,
        title: str,
        due: Due | None,
        *,
        key: str | None = None,
        roles: Mapping[str, str] | None = None,
        plan: str = PLAN,
        **values: Any,
    ) -> str:
        """A new milestone; its id. `roles`: code → role."""
        async with self.change() as session:
            row = await editing.create_milestone(
                session,
                COMMAND,
                plan=await plan_store.get(session, plan),
                key=key,
                values={"title": title, "due": due, **values},
                assignments=_assigned(roles or {"demo.justice": "lead"}),
                now=self.clock.now(),
            )
            return row.id

    async def edit(self, milestone: str, *, roles: Mapping[str, str] | None = None, **changes: Any) -> None:
        """Change a milestone."""
        async with self.change() as session:
            await editing.update_milestone(
                session,
                COMMAND,
                await milestone_store.get_locked(session, milestone),
                changes=changes,
                assignments=_assigned(roles) if roles is not None else None,
                now=self.clock.now(),
            )

    async def rename(self, table: type[Unit | UnitGroup | Jurisdiction], code: str, **changes: Any) -> None:
        """Change a unit, group or jurisdiction."""
        async with self.change() as session:
            row = await session.get_one(table, code)
            await units.update(session, COMMAND, row, changes=changes, now=self.clock.now())

    async def members(self, *codes: str, until: Mapping[str, str] | None = None) -> None:
        """Make these the members of the group `demo.all`, some until a day."""
        ends = {code: datetime.fromisoformat(day).date() for code, day in (until or {}).items()}
        await self.rename(
            UnitGroup, "demo.all", members=[Member(code, until_on=ends.get(code)) for code in (*codes, *ends)]
        )

    async def change_plan(self, **changes: Any) -> None:
        """Change the plan itself."""
        async with self.change() as session:
            row = await plan_store.get_locked(session, PLAN)
            await plans.update_plan(session, COMMAND, row, changes=changes, now=self.clock.now())

    async def report(self, milestone: str, unit: str, status: str, **said: str) -> None:
        """Say how a unit stands with the first date of a milestone."""
        async with self.change() as session:
            occurrence = (await milestone_store.occurrences_of(session, [milestone]))[milestone][0]
            await progress.report(
                session,
                COMMAND,
                occurrence_id=occurrence.id,
                unit_code=unit,
                status=ProgressStatus(status),
                now=self.clock.now(),
                **said,
            )

    async def page(self, subject: str, *, desk: Desk | None = None, year: int = 0, **options: str) -> Page:
        """The page of a subject, as good as the desk has it."""
        found = await self.outcome(subject, desk=desk, year=year, **options)
        assert isinstance(found, Page)
        return found

    async def outcome(self, subject: str, *, desk: Desk | None = None, year: int = 0, **options: str) -> Page | Refusal:
        """What the desk has to say about a subject."""
        form = read_form(options)
        assert form is not None
        return await (desk or self.desk).show(read_subject(subject), replace(form, year=year))

    async def text(self, subject: str, **options: Any) -> str:
        """A feed as it is sent, unpacked."""
        return plain(await self.page(subject, **options)).decode()

    async def all_bytes(self, *, desk: Desk | None = None) -> dict[str, bytes]:
        """Every feed of this world in both forms."""
        subjects = [f"unit:{code}" for code in UNITS] + [f"public:{code}" for code in UNITS]
        subjects += [f"plan:{PLAN}", "plan:demo-other", "group:demo.all", "jurisdiction:demo"]
        return {
            f"{subject} {component}": plain(await self.page(subject, component=component, desk=desk))
            for subject in subjects
            for component in ("vevent", "vtodo")
        }

    async def entries(self, subject: str, **options: Any) -> list[Any]:
        """The entries of a feed, read by icalendar."""
        calendar = icalendar.Calendar.from_ical(await self.text(subject, **options))
        return [each for each in calendar.walk() if each.name in ("VEVENT", "VTODO")]

    async def entry(self, subject: str, **options: Any) -> Any:
        """The only entry of a feed."""
        (found,) = await self.entries(subject, **options)
        return found


def desk_on(database: Database, clock: Watch, *, pages_kept: int = PAGES_KEPT, kept_in: Path | None = None) -> Desk:
    """A desk, as an application makes it."""
    return Desk(
        database,
        now=clock.now,
        zone=SHANGHAI,
        public_url=PUBLIC_URL,
        secret=lambda: SECRET,
        public_read=True,
        pages_kept=pages_kept,
        kept_in=kept_in,
    )


def plain(page: Page) -> bytes:
    """The bytes of a page, unpacked."""
    assert page.body is not None
    return gzip.decompress(page.body.answers["gzip"].body)


def tag(page: Page) -> bytes:
    """The ETag of a page's compressed form."""
    assert page.body is not None
    return page.body.answers["gzip"].tag


async def settle(database: Database, clock: Watch, desk: Desk) -> World:
    """A jurisdiction with four units, a group, and two published plans."""
    world = World(database, clock, desk)
    now = clock.now()
    async with world.change() as session:
        await units.create_jurisdiction(session, COMMAND, code="demo", values={"name": "示范区"}, now=now)
        for code, name in UNITS.items():
            await units.create_unit(session, COMMAND, code=code, jurisdiction="demo", values={"name": name}, now=now)
        await units.create_group(
            session,
            COMMAND,
            code="demo.all",
            jurisdiction="demo",
            values={"name": "各部门"},
            members=[Member("demo.justice"), Member("demo.finance")],
            now=now,
        )
        for slug, title in ((PLAN, "二〇二四年法治计划"), ("demo-other", "另一份计划")):
            await plans.create_plan(
                session,
                COMMAND,
                slug=slug,
                jurisdiction="demo",
                values={
                    "title": title,
                    "period_start": date(2024, 1, 1),
                    "period_end": date(2025, 12, 31),
                },
                now=now,
            )
    return world


def _assigned(roles: Mapping[str, str]) -> Sequence[Assigned]:
    return [Assigned(code, Role(role)) for code, role in roles.items()]
