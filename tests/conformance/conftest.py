"""Feeds to be read: of the seeds, of many made-up plans, of everything that is difficult. Made once for all readers."""

import asyncio
import gzip
import os
import random
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from service.feeds.polled.pages import Page
from service.feeds.rules.forms import Component, Expand, Form, Switch
from service.feeds.rules.subjects import read_subject
from service.kit.actor import COMMAND
from service.kit.database import Database, Session
from service.milestones.actions.editing import create_milestone
from service.milestones.rules import Assigned, Role
from service.plans import actions as plans
from service.units.models import Unit
from tests.conformance.seen import Seen, expected
from tests.feeds.world import Watch, World, desk_on, settle
from tests.flows.desk import apply_seeds

# As many as can be waited for; `CONFORMANCE_PLANS=1000 pytest tests/conformance` for the whole of an evening.
PLANS = int(os.environ.get("CONFORMANCE_PLANS", "24"))
EVENTS = Form(expand=Expand.ALL)
RICH = Form(expand=Expand.ALL, rich=Switch.ON)
TODOS = Form(component=Component.VTODO, expand=Expand.ALL)

Task = tuple[str, dict[str, Any]]

_PIECES = (
    "梳理问题清单",
    "开展“双随机、一公开”监督检查",
    "👩‍👩‍👧‍👦🇨🇳",
    "é\u0301 ﷽ אבג",
    "a, b; c: d",
    "反斜杠\\和\\\\",
    "𠮷野家𡈽",
    "<b>&amp;</b>",
    "BEGIN:VEVENT",
    "“引号”\"'",
    "x" * 80,
    "；，。、《》",
    "%E4%BD%A0%0A",
    "=?utf-8?b?5L2g?=",
    "…———……",
)
_DUES: tuple[dict[str, Any], ...] = (
    {"value": "2024-11-15"},
    {"value": "2024-11", "boundary": "by_end", "phrase": "11月底前"},
    {"value": "2024-12-02", "time": "17:00"},
    {"value": "2024-Q4"},
    {"value": "2025-H1"},
    {"rrule": "FREQ=MONTHLY;INTERVAL=4"},
    {"value": "2024-02-29"},
    {"open": True},
)


@dataclass(frozen=True)
class Feed:
    """A feed in both forms, and what the database says that stands in it."""

    subject: str
    text: bytes
    jcal: bytes
    wanted: set[Seen]


@dataclass(frozen=True)
class Library:
    """The feeds that readers are given."""

    events: list[Feed]
    todos: list[Feed]
    folded: list[Feed]
    rich: list[Feed]


def made_up(seed: int) -> list[Task]:
    """The tasks of a plan that nobody wrote: the same for the same seed."""
    chance = random.Random(seed)
    return [
        ("".join(chance.choices(_PIECES, k=chance.randint(1, 6))).strip()[:490], chance.choice(_DUES))
        for _ in range(chance.randint(1, 3))
    ]


def folded_everywhere() -> list[Task]:
    """Titles that a fold cuts at every octet of a Han character, an emoji and an escaped comma."""
    return [(f"{'a' * count}汉字，,;👍\\尾" + "长" * 30, {"value": "2024-11-15"}) for count in range(76)]


async def make_plan(session: Session, world: World, slug: str, tasks: Sequence[Task]) -> None:
    """A plan with these tasks."""
    now = world.clock.now()
    values = {"title": f"计划 {slug}", "period_start": date(2024, 1, 1), "period_end": date(2025, 12, 31)}
    plan = await plans.create_plan(session, COMMAND, slug=slug, jurisdiction="demo", values=values, now=now)
    for title, due in tasks:
        await create_milestone(
            session,
            COMMAND,
            plan=plan,
            key=None,
            values={"title": title, "due": due, "hand_in": f"{title}；\n一,二"},
            assignments=[Assigned("demo.justice", Role("lead"))],
            now=now,
        )


async def feed_of(world: World, subject: str, form: Form) -> Feed:
    """A feed as it is sent."""
    page = await world.desk.show(read_subject(subject), form)
    assert isinstance(page, Page)
    assert page.body is not None
    text = gzip.decompress(page.body.answers["gzip"].body)
    jcal = (await world.desk.answer(page, "jcal+identity")).body
    return Feed(subject, text, jcal, await expected(world, subject, form))


async def _made_up_library(world: World) -> Library:
    slugs = [f"made-up-{number}" for number in range(PLANS)]
    async with world.change() as session:
        for number, slug in enumerate(slugs):
            await make_plan(session, world, slug, made_up(number))
        await make_plan(session, world, "folded", folded_everywhere())
    cancelled = await world.milestone("取消的事", {"value": "2024-12-20"}, plan="made-up-0")
    await world.edit(cancelled, status="cancelled")
    moved = await world.milestone("改期的事", {"value": "2024-12-20"}, plan="made-up-1")
    await world.edit(moved, due={"value": "2025-01-20"})
    roles = {"demo.finance": "lead", "demo.all": "support", "demo.water": "support"}
    await world.milestone("几家一起办的事", {"value": "2024-12-20"}, ref="二(三)1", roles=roles)
    return Library(
        events=[await feed_of(world, f"plan:{slug}", EVENTS) for slug in slugs],
        todos=[await feed_of(world, f"plan:{slug}", TODOS) for slug in slugs[:20]],
        folded=[await feed_of(world, "plan:folded", EVENTS)],
        rich=[await feed_of(world, "unit:demo.finance", RICH)],
    )


async def _seeded(world: World) -> list[Feed]:
    async with world.database.read() as session:
        units = (await session.exec(select(Unit.code).order_by(Unit.code))).all()
    feeds = [await feed_of(world, f"unit:{unit}", EVENTS) for unit in units]
    return [each for each in feeds if each.wanted]


async def _in_a_world(url: str, ask: Callable[[World], Awaitable[Any]], *, seeds: bool = False) -> Any:
    clock, database = Watch(), Database(url)
    try:
        if not seeds:
            return await ask(await settle(database, clock, desk_on(database, clock)))
        world = World(database, clock, desk_on(database, clock))
        async with world.change() as session:
            await apply_seeds(session, COMMAND, now=clock.now())
        return await ask(world)
    finally:
        await database.close()


@pytest.fixture(scope="session")
def library(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Feeds of made-up plans, on 1 October 2024."""
    path = tmp_path_factory.mktemp("made-up") / "milepost.db"
    shutil.copy(sqlite_template, path)
    found: Library = asyncio.run(_in_a_world(f"sqlite:///{path}", _made_up_library))
    return found


@pytest.fixture(scope="session")
def seeded_feeds(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Feed]:
    """The feed of every unit that the five plans name, on 1 October 2024."""
    path = tmp_path_factory.mktemp("seeded") / "milepost.db"
    shutil.copy(sqlite_template, path)
    found: list[Feed] = asyncio.run(_in_a_world(f"sqlite:///{path}", _seeded, seeds=True))
    return found


@pytest.fixture
async def world(sqlite_url: str) -> Any:
    """A small jurisdiction on 1 October 2024."""
    clock, database = Watch(), Database(sqlite_url)
    yield await settle(database, clock, desk_on(database, clock))
    await database.close()
