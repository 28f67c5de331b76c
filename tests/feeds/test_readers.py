"""Every seeded feed and a made-up hard one, read by programs that know nothing of Milepost.

Each must see the same UIDs, dates, titles and statuses as the database has.
"""

import datetime as dt
import warnings
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import pytest
from sqlmodel import col, select

from service.feeds.models import FeedEntry
from service.feeds.rules.facts import from_mapping
from service.feeds.rules.lint import lint
from service.feeds.rules.phase import Phase
from service.feeds.rules.subjects import Language
from service.feeds.rules.texts import summary
from service.feeds.rules.window import WINDOW
from service.kit.actor import COMMAND
from service.kit.database import Database
from service.units.models import Unit
from tests.feeds.world import Watch, World, desk_on
from tests.flows.desk import apply_seeds

Seen = set[tuple[str, dt.date, str, str]]


@pytest.fixture
async def seeded(sqlite_url: str) -> AsyncIterator[World]:
    """The five plans, on 1 October 2024."""
    clock, database = Watch(), Database(sqlite_url)
    world = World(database, clock, desk_on(database, clock))
    async with world.change() as session:
        await apply_seeds(session, COMMAND, now=clock.now())
    yield world
    await database.close()


@pytest.fixture
async def hard(quick_world: World) -> World:
    """Everything that is difficult, in one feed."""
    # No backslash before an n: `ics` 0.7 unescapes that to a line feed, whoever wrote it.
    for number, title in enumerate(
        (
            "逗号，分号；,; 反斜杠\\",
            "👩‍👩‍👧‍👦🇨🇳 表情",
            "<script>alert('x')</script>",
            "长" * 190,
            "BEGIN:VEVENT",
            "é\u0301 ﷽ א",
        )
    ):
        await quick_world.milestone(title, {"value": f"2024-11-{number + 10}"}, hand_in="一；\n二,三")
    await quick_world.milestone("闰日", {"value": "2024-02-29"})
    cancelled = await quick_world.milestone("取消的事", {"value": "2024-12"})
    await quick_world.edit(cancelled, status="cancelled")
    moved = await quick_world.milestone("改期的事", {"value": "2024-12-31"})
    await quick_world.edit(moved, due={"value": "2025-01-15"})
    return quick_world


async def _expected(world: World, unit: str) -> Seen:
    today = world.clock.now().date()
    query = select(FeedEntry).where(
        FeedEntry.unit == unit, col(FeedEntry.sort_on).between(WINDOW.first(today), WINDOW.last(today))
    )
    async with world.database.read() as session:
        rows = (await session.exec(query)).all()
    return {
        (
            row.uid,
            row.sort_on,
            summary(from_mapping(row.facts), Phase(row.light, "active", moved=row.moved), Language.ZH),
            "CONFIRMED" if row.state == "active" else "CANCELLED",
        )
        for row in rows
    }


def _by_icalendar(text: str) -> Seen:
    import icalendar

    calendar = icalendar.Calendar.from_ical(text)
    events: list[Any] = list(calendar.walk("VEVENT"))
    assert not [each.errors for each in [calendar, *events] if each.errors]
    return {(str(e["UID"]), e.decoded("DTSTART"), str(e["SUMMARY"]), str(e["STATUS"])) for e in events}


def _by_ical(text: str) -> Seen:
    from ical.calendar_stream import IcsCalendarStream

    calendar = IcsCalendarStream.calendar_from_ics(text)
    return {(e.uid, _day(e.dtstart), e.summary or "", e.status.value if e.status else "") for e in calendar.events}


def _by_ics(text: str) -> Seen:
    import ics

    return {(e.uid, e.begin.date(), e.name, e.status) for e in ics.Calendar(text).events}


def _by_vobject(text: str) -> Seen:
    import vobject

    events: Iterable[Any] = vobject.readOne(text).vevent_list
    return {(e.uid.value, _day(e.dtstart.value), e.summary.value, e.status.value) for e in events}


def _by_recurring_ical_events(text: str) -> Seen:
    import icalendar
    import recurring_ical_events

    found = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(
        dt.date(2020, 1, 1), dt.date(2030, 1, 1)
    )
    return {(str(e["UID"]), e["DTSTART"].dt, str(e["SUMMARY"]), str(e["STATUS"])) for e in found}


def _day(value: dt.date | dt.datetime | None) -> dt.date:
    assert value is not None
    return value.date() if isinstance(value, dt.datetime) else value


READERS: tuple[Callable[[str], Seen], ...] = (_by_icalendar, _by_ical, _by_ics, _by_vobject, _by_recurring_ical_events)


def _read_by(reader: Callable[[str], Seen], text: str) -> Seen:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what those libraries think of newer Pythons is their affair
        return reader(text)


@pytest.mark.slow
async def test_every_seeded_feed_reads_the_same_everywhere(seeded: World) -> None:
    async with seeded.database.read() as session:
        units = (await session.exec(select(Unit.code).order_by(Unit.code))).all()
    filled = 0
    for unit in units:
        expected = await _expected(seeded, unit)
        assert lint((await seeded.text(f"unit:{unit}")).encode()) == ()
        text = await seeded.text(f"unit:{unit}", expand="all")
        if not expected:
            assert "订阅成功" in text
            continue
        filled += 1
        # Each reader reads a fifth of the feeds, and every feed is read strictly.
        for reader in (_by_icalendar, READERS[1 + filled % (len(READERS) - 1)]):
            assert _read_by(reader, text) == expected, (unit, reader.__name__)
    assert filled > 50


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
async def test_what_is_difficult_reads_the_same_everywhere(hard: World, reader: Callable[[str], Seen]) -> None:
    expected = await _expected(hard, "demo.justice")
    assert len(expected) >= 8
    assert _read_by(reader, await hard.text("unit:demo.justice")) == expected


async def test_todos_are_read_as_todos(hard: World) -> None:
    from ical.calendar_stream import IcsCalendarStream

    text = await hard.text("unit:demo.justice", component="vtodo")
    todos = IcsCalendarStream.calendar_from_ics(text).todos
    assert {(e.uid, _day(e.due), e.summary) for e in todos if e.due} == {
        (uid, day, title) for uid, day, title, _ in await _expected(hard, "demo.justice")
    }


async def test_a_timed_deadline_is_at_the_same_instant_for_everybody(quick_world: World) -> None:
    await quick_world.milestone("下午五点前报送", {"value": "2024-11-15", "time": "17:00"})
    text = await quick_world.text("unit:demo.justice")
    import icalendar
    import vobject
    from ical.calendar_stream import IcsCalendarStream

    wanted = dt.datetime(2024, 11, 15, 9, 0, tzinfo=dt.UTC)
    (event,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert event.decoded("DTEND") == wanted
    assert vobject.readOne(text).vevent.dtend.value == wanted
    (other,) = IcsCalendarStream.calendar_from_ics(text).events
    assert other.dtend == wanted
