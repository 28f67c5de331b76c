"""Databases to measure on: one unit with a thousand deadlines, and ten thousand units with twenty each."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlmodel import insert

from service.feeds.models import FeedEntry, FeedRendering, FeedSubject
from service.feeds.polled.making import Maker
from service.feeds.rules.facts import EntryFacts, entry_uid, fingerprint, to_mapping
from service.gate.transaction import change
from service.kit.actor import COMMAND
from service.kit.database import Database, Session
from service.milestones.actions import editing
from service.milestones.models import Milestone, Occurrence
from service.milestones.rules import Assigned, Role
from service.plans import actions as plans
from service.units import actions as units
from service.units.models import Unit
from tests.benchmarks.serving import AS_OF
from tests.fixtures.schema import create_all

UNIT = "demo.u1"
FEED = "/calendars/demo/u1.ics"


async def _town(session: Session) -> Any:
    await units.create_jurisdiction(session, COMMAND, code="demo", values={"name": "示范区"}, now=AS_OF)
    await units.create_unit(session, COMMAND, code=UNIT, jurisdiction="demo", values={"name": "区司法局"}, now=AS_OF)
    period = {"period_start": AS_OF.date() - timedelta(days=300), "period_end": AS_OF.date() + timedelta(days=800)}
    return await plans.create_plan(
        session, COMMAND, slug="p", jurisdiction="demo", values={"title": "三年行动工作方案", **period}, now=AS_OF
    )


async def one_large_feed(path: Path, *, entries: int = 1_000) -> list[str]:
    """A unit that leads a thousand tasks; the milestones' ids."""
    create_all(f"sqlite:///{path}")
    database = Database(f"sqlite:///{path}")
    ids = []
    async with change(database, now=AS_OF) as session:
        plan = await _town(session)
        for number in range(entries):
            due_on = AS_OF.date() + timedelta(days=number % 570 - 175)
            row = await editing.create_milestone(
                session,
                COMMAND,
                plan=plan,
                key=f"k{number}",
                values={
                    "title": f"梳理行政执法突出问题清单并组织整改（第{number}项）",
                    "ref": f"二(三){number}",
                    "due": {"phrase": f"{due_on.month}月{due_on.day}日前", "value": str(due_on), "boundary": "before"},
                    "position": number + 1,
                },
                assignments=[Assigned(UNIT, Role.LEAD)],
                now=AS_OF,
            )
            ids.append(row.id)
    await database.close()
    return ids


async def many_feeds(path: Path, *, feeds: int, entries: int = 20) -> None:
    """Many units with twenty tasks each, written straight into the tables, already rendered by some other process."""
    create_all(f"sqlite:///{path}")
    database = Database(f"sqlite:///{path}")
    setting = Maker(database, public_url="https://milepost.test", zone=AS_OF.tzinfo)._setting  # type: ignore[arg-type]  # only named
    async with change(database, now=AS_OF) as session:
        await _town(session)
        await _write(session, Milestone, [_milestone(n) for n in range(entries)])
        await _write(session, Occurrence, [_occurrence(n) for n in range(entries)])
    for start in range(2, feeds + 2, 500):
        numbers = range(start, min(start + 500, feeds + 2))
        rows = [_entry(unit, n) for unit in numbers for n in range(entries)]
        async with database.write() as session:
            await _write(session, Unit, [_unit(n) for n in numbers])
            await _write(session, FeedSubject, [_subject(n) for n in numbers])
            await _write(session, FeedEntry, rows)
            await _write(session, FeedRendering, [_rendering(row, setting) for row in rows])
    await database.close()


async def _write(session: Session, table: Any, rows: list[dict[str, Any]]) -> None:
    await session.exec(insert(table), params=rows)


def _unit(number: int) -> dict[str, Any]:
    code, name = f"demo.u{number}", f"第{number}单位"
    return Unit(code=code, name=name, jurisdiction="demo", created_at=AS_OF, updated_at=AS_OF).model_dump()


def _subject(number: int) -> dict[str, Any]:
    return FeedSubject(
        subject=f"public:demo.u{number}", jurisdiction="demo", revision=1, changed_at=AS_OF, ledger=1
    ).model_dump()


def _milestone(number: int) -> dict[str, Any]:
    row = Milestone(
        id=f"ms_{number}",
        plan="p",
        jurisdiction="demo",
        key=f"k{number}",
        position=number,
        title="梳理",
        created_at=AS_OF,
        updated_at=AS_OF,
    )
    return row.model_dump()


def _occurrence(number: int) -> dict[str, Any]:
    due_on = AS_OF.date() + timedelta(days=10 + number)
    row = Occurrence(
        id=f"oc_{number}",
        milestone=f"ms_{number}",
        plan="p",
        jurisdiction="demo",
        period=str(due_on),
        cycle="once",
        due_on=due_on,
        sort_on=due_on,
        created_at=AS_OF,
        updated_at=AS_OF,
    )
    return row.model_dump()


def _entry(unit: int, number: int) -> dict[str, Any]:
    facts = EntryFacts(title=f"第{number}项", due_on=AS_OF.date() + timedelta(days=10 + number), plan_title="方案")
    told = to_mapping(facts)
    row = FeedEntry(
        uid=entry_uid(f"oc_{number}", f"demo.u{unit}"),
        occurrence=f"oc_{number}",
        milestone=f"ms_{number}",
        plan="p",
        jurisdiction="demo",
        unit=f"demo.u{unit}",
        sort_on=facts.sort_on,
        public=True,
        facts=told,
        state="active",
        light="yellow",
        fingerprint=fingerprint(told, light="yellow", state="active", moved=False),
        revised_at=AS_OF,
        created_at=AS_OF,
    )
    return row.model_dump()


def _rendering(entry: dict[str, Any], setting: str) -> dict[str, Any]:
    # As long as a real one, and as little alike as two tasks are.
    text = (
        f"BEGIN:VEVENT\r\nUID:{entry['uid']}\r\n"
        + f"X:{entry['uid'][::-1]}{entry['sort_on']} 梳理\r\n" * 12
        + "END:VEVENT\r\n"
    )
    return FeedRendering(
        uid=entry["uid"], form="vevent.zh", revision=0, setting=setting, block=text.encode()
    ).model_dump()


def make(path: Path, *, entries: int = 1_000) -> list[str]:
    """`one_large_feed`, for whoever is not in a loop."""
    return asyncio.run(one_large_feed(path, entries=entries))
