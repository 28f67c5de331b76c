"""Ten thousand units in two hundred districts, each unit with twenty deadlines and two links, in an SQLite file.

One district is made by the service's own actions and rendered by its own maker; the others are copies of its rows under
other names, because to make them all in that way would take longer than what is to be measured.
"""

import asyncio
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from service.feeds.actions import links
from service.feeds.polled.desk import Desk
from service.feeds.rules.facts import entry_uid
from service.feeds.rules.forms import Form
from service.feeds.rules.subjects import Subject, SubjectKind, make_token, token_digest
from service.gate.transaction import change
from service.kit.actor import COMMAND
from service.kit.clock import fixed
from service.kit.database import Database
from service.milestones.actions import editing
from service.milestones.rules import Assigned, Role
from service.plans import actions as plans
from service.units import actions as units
from tests.benchmarks.serving import SECRET
from tests.fixtures.schema import create_all

UNITS = 50  # in a district
MILESTONES = 100  # in a district, of which each names ten units: twenty deadlines a unit
NAMED = 10
LINKS = 2  # of a unit
FIRST = "qaaa"

_ID = re.compile(r"\b(?:ms|oc|fd|fe)_[a-z0-9]{26}|\bqaaa")
_TABLES = (
    "jurisdiction",
    "unit",
    "plan",
    "milestone",
    "assignment",
    "occurrence",
    "occurrence_unit",
    "feed_ledger",
    "feed_subject",
    "feed_entry",
    "feed_rendering",
    "feed",
    "feed_token",
)


@dataclass(frozen=True)
class Towns:
    """What was made: the paths of each unit's links, and each milestone with the first unit that answers for it."""

    paths: list[tuple[str, ...]]
    milestones: list[tuple[str, int]]


def build(path: Path, *, districts: int, now: datetime) -> Towns:
    """Make the database."""
    create_all(f"sqlite:///{path}")
    asyncio.run(_first(path, now=now))
    with sqlite3.connect(path) as connection:
        rows = {table: _rows(connection, table) for table in _TABLES}
        for number in range(1, districts):
            names = _Names(_letters(number), rows["occurrence_unit"])
            for table, (columns, held) in rows.items():
                marks = ", ".join("?" * len(columns))
                copied = (_copied(table, row, names) for row in held)
                connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", copied)
        connection.execute("ANALYZE")
        return _found(connection)


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + number // 26**place % 26) for place in (2, 1, 0))


class _Names:
    """What things of the first district are called in another one."""

    def __init__(self, letters: str, answering: tuple[list[str], list[dict[str, object]]]) -> None:
        self._letters = letters
        self._uids: dict[str, str] = {}
        for row in answering[1]:
            occurrence, unit = str(row["occurrence"]), str(row["unit"])
            for one in (unit, None):
                self._uids[_id_of(occurrence, one)] = _id_of(self.within(occurrence), one and self.within(one))

    def within(self, text: str) -> str:
        """A text in which they are named."""
        return _ID.sub(self._name, text)

    def _name(self, found: re.Match[str]) -> str:
        name = found[0]
        if name == FIRST:
            return f"q{self._letters}"
        return self._uids.get(name, name) if name.startswith("fe_") else name[:3] + self._letters + name[6:]


def _id_of(occurrence: str, unit: str | None) -> str:
    return entry_uid(occurrence, unit).partition("@")[0]


def _rows(connection: sqlite3.Connection, table: str) -> tuple[list[str], list[dict[str, object]]]:
    found = connection.execute(f"SELECT * FROM {table}")
    columns = [each[0] for each in found.description]
    if table == "assignment":  # whose ids are given by the database
        columns.remove("id")
    named = [dict(zip((each[0] for each in found.description), row, strict=True)) for row in found.fetchall()]
    ours = [row for row in named if table == "feed_rendering" or FIRST in repr(row)]
    return columns, [{column: row[column] for column in columns} for row in ours]


def _copied(table: str, row: dict[str, object], names: _Names) -> tuple[object, ...]:
    copied = {column: _value(value, names.within) for column, value in row.items()}
    if table == "feed_token":
        token = make_token(SECRET, feed=str(copied["feed"]), generation=1)
        copied["digest"] = token_digest(SECRET, token)
    return tuple(copied.values())


def _value(value: object, within: Callable[[str], str]) -> object:
    if isinstance(value, bytes):
        return within(value.decode()).encode()
    return within(value) if isinstance(value, str) else value


def _found(connection: sqlite3.Connection) -> Towns:
    units = [code for (code,) in connection.execute("SELECT code FROM unit ORDER BY code")]
    held: dict[str, list[str]] = {code: [] for code in units}
    for feed, subject in connection.execute("SELECT id, subject FROM feed ORDER BY id"):
        code = subject.partition(":")[2]
        held[code].append(f"/calendars/{make_token(SECRET, feed=feed, generation=1)}/{code.partition('.')[2]}.ics")
    place = {code: number for number, code in enumerate(units)}
    named = connection.execute("SELECT milestone, MIN(unit_code) FROM assignment GROUP BY milestone ORDER BY milestone")
    return Towns([tuple(held[code]) for code in units], [(milestone, place[unit]) for milestone, unit in named])


async def _first(path: Path, *, now: datetime) -> None:
    database = Database(f"sqlite:///{path}")
    async with change(database, now=now) as session:
        await units.create_jurisdiction(session, COMMAND, code=FIRST, values={"name": "示范区"}, now=now)
        for number in range(UNITS):
            code, values = f"{FIRST}.u{number:02}", {"name": f"区第{number}局"}
            await units.create_unit(session, COMMAND, code=code, jurisdiction=FIRST, values=values, now=now)
        period = {"period_start": now.date() - timedelta(days=300), "period_end": now.date() + timedelta(days=800)}
        titled = {"title": "法治政府建设三年行动工作方案", **period}
        plan = await plans.create_plan(session, COMMAND, slug=FIRST, jurisdiction=FIRST, values=titled, now=now)
    async with change(database, now=now) as session:
        for number in range(MILESTONES):
            await editing.create_milestone(
                session,
                COMMAND,
                plan=plan,
                key=f"k{number}",
                values=_task(number, due_on=now.date() + timedelta(days=number * 3 - 30)),
                assignments=[
                    Assigned(f"{FIRST}.u{(number * NAMED + at) % UNITS:02}", Role.SUPPORT if at else Role.LEAD)
                    for at in range(NAMED)
                ],
                now=now,
            )
    async with change(database, now=now) as session:
        for number in range(UNITS * LINKS):
            await links.create_feed(
                session,
                COMMAND,
                subject=Subject(SubjectKind.UNIT, f"{FIRST}.u{number % UNITS:02}"),
                form=Form(),
                label="",
                expires_at=None,
                secret=SECRET,
                now=now,
            )
    await _render(database, now=now)
    await database.close()


def _task(number: int, *, due_on: date) -> dict[str, Any]:
    verb = ("梳理", "规范", "检查", "督促")[number % 4]
    return {
        "title": f"{verb}行政执法突出问题清单并组织整改（第{number * 7919 % 1000}项）",
        "ref": f"二(三){number}",
        "due": {"phrase": f"{due_on.month}月{due_on.day}日前", "value": str(due_on), "boundary": "before"},
        "position": number + 1,
    }


async def _render(database: Database, *, now: datetime) -> None:
    """Every entry of the first district, written down as a process does within a second."""
    desk = Desk(
        database,
        now=fixed(now).now,
        zone=ZoneInfo("Asia/Shanghai"),
        public_url="https://milepost.test",
        secret=lambda: SECRET,
        public_read=True,
    )
    for number in range(UNITS):
        await desk.show(Subject(SubjectKind.UNIT, f"{FIRST}.u{number:02}"), Form())
    await desk.close()
