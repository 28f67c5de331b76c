"""Databases for measurements, and tasks with notices, written straight into the tables."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import insert

from service.gate.transaction import change
from service.kit.actor import COMMAND
from service.kit.database import Database, Session
from service.milestones.models import Milestone, Occurrence, OccurrenceUnit
from service.plans import actions as plans
from service.reminders.models import Firing, PendingFiring
from service.units import actions as units
from tests.fixtures.schema import create_all
from tests.fixtures.servers import postgresql

UNITS = 2
NOW = datetime(2024, 10, 31, 1, tzinfo=UTC)  # 09:00 in Shanghai
DUE_ON = date(2024, 10, 31)

Make = Callable[[], str]


@contextlib.contextmanager
def on_sqlite() -> Iterator[Make]:
    with tempfile.TemporaryDirectory() as folder:
        made: list[str] = []

        def make() -> str:
            made.append(f"sqlite:///{Path(folder) / f'{len(made)}.db'}")
            create_all(made[-1])
            return made[-1]

        yield make


@contextlib.contextmanager
def on_postgresql() -> Iterator[Make]:
    with postgresql(f"benchmark-{os.getpid()}") as server:
        made: list[Any] = []

        def make() -> str:
            made.append(server.make())
            return str(made[-1].render_as_string(hide_password=False))

        yield make
        for url in made:
            server.drop(url)


async def fill(url: str, *, due: int, waiting: int) -> None:
    """A plan with tasks whose notice is due, and others with ten notices each that wait. Straight into the tables."""
    database = Database(url)
    async with change(database, now=NOW) as session:
        await units.create_jurisdiction(session, COMMAND, code="demo", values={"name": "示范区"}, now=NOW)
        for number in range(UNITS):
            code = f"demo.u{number}"
            await units.create_unit(session, COMMAND, code=code, jurisdiction="demo", values={"name": code}, now=NOW)
        values = {"title": "三年行动工作方案", "period_start": date(2024, 1, 1), "period_end": date(2026, 12, 31)}
        await plans.create_plan(session, COMMAND, slug="p", jurisdiction="demo", values=values, now=NOW)
    for start in range(0, due, 10_000):
        async with database.write() as session:
            await _write_tasks(session, range(start, min(due, start + 10_000)), notices=1)
    for start in range(0, waiting // 10, 10_000):
        async with database.write() as session:
            numbers = range(due + start, due + min(waiting // 10, start + 10_000))
            await _write_tasks(session, numbers, notices=10)
    async with database.write() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("ANALYZE")
    await database.close()


async def _write_tasks(session: Session, numbers: range, *, notices: int) -> None:
    connection = await session.connection()
    milestones, occurrences = [], []
    for number in numbers:
        milestone = _milestone | {"id": f"ms_{number:026}", "key": f"k{number}", "position": number}
        milestones.append(milestone | {"title": f"梳理行政执法突出问题清单并组织整改（第{number}项）"})
        occurrences.append(_occurrence | {"id": f"oc_{number:026}", "milestone": f"ms_{number:026}"})
    answering = [
        {"occurrence": f"oc_{n:026}", "unit": f"demo.u{u}", "jurisdiction": "demo", "role": "lead", "position": u}
        for n in numbers
        for u in range(UNITS)
    ]
    firings = [_notice(number, each if notices > 1 else None) for number in numbers for each in range(notices)]
    tables: tuple[tuple[Any, list[dict[str, Any]]], ...] = (
        (Milestone, milestones),
        (Occurrence, occurrences),
        (OccurrenceUnit, answering),
        (Firing, firings),
        (PendingFiring, [{"fire_at": one["fire_at"], "firing": one["id"]} for one in firings]),
    )
    for table, rows in tables:
        await connection.execute(insert(table), rows)


_milestone = Milestone(
    id="", plan="p", jurisdiction="demo", key="", position=0, title="", ref="二(三)1", created_at=NOW, updated_at=NOW
).model_dump()
_occurrence = Occurrence(
    id="",
    milestone="",
    plan="p",
    jurisdiction="demo",
    period="2024-10",
    cycle="2024-10",
    nominal_due_on=DUE_ON,
    due_on=DUE_ON,
    sort_on=DUE_ON,
    created_at=NOW,
    updated_at=NOW,
).model_dump()
_firing = Firing(
    id="",
    occurrence="",
    milestone="",
    plan="p",
    jurisdiction="demo",
    offset="0d",
    kind="due",
    due_version=1,
    due_on=DUE_ON,
    fire_at=NOW,
    civil_on=DUE_ON,
    civil_at=datetime(2024, 10, 31, 9).time(),  # noqa: DTZ001  # a civil time
    time_zone="Asia/Shanghai",
    local_time="regular",
    created_at=NOW,
).model_dump()


def _notice(number: int, place: int | None) -> dict[str, Any]:
    """The due notice; or (`place`) one that waits."""
    told = _firing | {
        "id": f"fi_{number:022}{place or 0:04}",
        "occurrence": f"oc_{number:026}",
        "milestone": f"ms_{number:026}",
    }
    if place is None:
        return told
    return told | {"due_version": place + 1, "fire_at": NOW + timedelta(days=1 + place, seconds=number % 86_400)}
