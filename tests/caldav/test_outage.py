"""While the database is away: what was told last is told again, and nothing is made up."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import httpx

from service.app import Milepost
from service.caldav.door import Dav
from service.feeds.polled.desk import Desk
from service.feeds.polled.resources import Resources
from service.feeds.polled.synced import Memory
from service.kit.database import Database
from tests.caldav.conftest import CAL, DAV, Reader, multiget, query, statuses, sync_collection
from tests.feeds.world import World


def _resources_of(app: Milepost) -> Resources:
    door = next(route.app for route in app.router.routes if getattr(route, "path", "") == "/dav")  # type: ignore[attr-defined]  # a Mount
    assert isinstance(door, Dav)
    return door._resources


@contextlib.asynccontextmanager
async def _outage(app: Milepost) -> AsyncIterator[None]:
    resources, broken = _resources_of(app), Database("sqlite:////nowhere/that/exists/milepost.db")
    resources._database, whole = broken, resources._database
    yield
    resources._database = whole
    resources._reach._pause_until = 0.0  # the next question need not wait
    await broken.close()


@contextlib.contextmanager
def _lost(app: Milepost) -> Iterator[None]:
    """The database answers, and holds nothing any more."""
    desk: Desk = app.state.desk
    known, desk._known = desk._known, {}
    yield
    desk._known = known


def _assert_away(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"] == "60"
    assert "www-authenticate" not in answer.headers


async def _state(reader: Reader) -> str:
    (told,) = (await reader.find(reader.calendar, f"{DAV}sync-token")).values()
    return told.text(f"{DAV}sync-token")


async def test_who_knew_nothing_before_the_outage_is_told_to_come_back(
    quick_reader: Reader, quick_app: Milepost
) -> None:
    await quick_reader.http.request("PROPFIND", "/dav/")
    async with _outage(quick_app):
        for path in ("/", "/dav/", quick_reader.calendar, f"{quick_reader.calendar}x.ics"):
            _assert_away(await quick_reader.ask("PROPFIND", path, depth="0"))
    await _state(quick_reader)


async def test_through_an_outage_a_calendar_stays_as_it_was_told_last(
    reader: Reader, app: Milepost, town: World
) -> None:
    await town.milestone("梳理问题清单", {"value": "2024-11-15"})
    await town.milestone("报送材料", {"value": "2024-11-20"})
    tags, state = await reader.tags(), await _state(reader)
    first, second = tags
    body = (await reader.ask("GET", first)).content
    async with _outage(app):
        assert await _state(reader) == state
        assert await reader.tags() == tags
        assert await reader.sync(state) == ({}, state)
        kept = await reader.ask("GET", first)
        assert (kept.content, kept.headers["etag"]) == (body, tags[first])
        assert (await reader.ask("GET", first, If_None_Match=tags[first])).status_code == 304
        many = await reader.ask("REPORT", reader.calendar, multiget(first), depth="1")
        assert list(statuses(many)) == [first]
        # What nobody was told must not be taken for gone, and a difference that nobody knows not for none.
        _assert_away(await reader.ask("GET", second))
        _assert_away(await reader.ask("REPORT", reader.calendar, multiget(first, second), depth="1"))
        _assert_away(await reader.ask("REPORT", reader.calendar, sync_collection(""), depth="0"))
        everything = query('<C:comp-filter name="VEVENT"/>')
        _assert_away(await reader.ask("REPORT", reader.calendar, everything, depth="1"))
    assert len((await reader.sync())[0]) == 2


async def test_whoever_keeps_up_by_differences_hears_that_nothing_has_changed(
    quick_reader: Reader, quick_app: Milepost, quick_town: World
) -> None:
    await quick_town.milestone("梳理问题清单", {"value": "2024-11-15"})
    _, before = await quick_reader.sync()
    await quick_town.milestone("报送材料", {"value": "2024-11-20"})
    found, state = await quick_reader.sync(before)
    assert len(found) == 1
    async with _outage(quick_app):
        assert await quick_reader.sync(state) == ({}, state)
        _assert_away(await quick_reader.ask("REPORT", quick_reader.calendar, sync_collection(before), depth="0"))


async def test_what_was_told_of_an_older_state_is_not_told_of_a_newer_one(
    quick_reader: Reader, quick_app: Milepost, quick_town: World
) -> None:
    edited = await quick_town.milestone("梳理问题清单", {"value": "2024-11-15"})
    (entry,) = await quick_reader.tags()
    await quick_reader.ask("GET", entry)
    await quick_town.edit(edited, title="另一个名字")
    state = await _state(quick_reader)
    async with _outage(quick_app):
        assert await _state(quick_reader) == state
        # A program that was given the old entries with the new state would keep them until the next edit.
        _assert_away(await quick_reader.ask("PROPFIND", quick_reader.calendar, depth="1"))
        _assert_away(await quick_reader.ask("GET", entry))


async def test_a_database_that_was_lost_does_not_empty_calendars(
    quick_reader: Reader, quick_app: Milepost, quick_town: World
) -> None:
    await quick_town.milestone("梳理问题清单", {"value": "2024-11-15"})
    tags, state = await quick_reader.tags(), await _state(quick_reader)
    with _lost(quick_app):
        assert await quick_reader.tags() == tags
        assert await quick_reader.sync(state) == ({}, state)
        _assert_away(await quick_reader.ask("REPORT", quick_reader.calendar, sync_collection(""), depth="0"))


async def test_an_account_survives_an_outage_across_midnight(
    quick_reader: Reader, quick_app: Milepost, quick_town: World
) -> None:
    await quick_town.milestone("梳理问题清单", {"value": "2024-11-15"})
    tags = await quick_reader.tags()
    async with _outage(quick_app):
        quick_town.clock.moment += timedelta(days=1)
        assert await quick_reader.tags() == tags
        found = await quick_reader.find("/dav/", f"{DAV}current-user-principal")
        (principal,) = found["/dav/"].hrefs(f"{DAV}current-user-principal")
        (me,) = (await quick_reader.find(principal, f"{CAL}calendar-home-set")).values()
        assert me.hrefs(f"{CAL}calendar-home-set") == [quick_reader.home]


async def test_what_is_kept_is_bounded(quick_reader: Reader, quick_app: Milepost, quick_town: World) -> None:
    await quick_town.milestone("梳理问题清单", {"value": "2024-11-15"})
    link = await quick_app.state.desk.open_link(quick_reader.token)
    resources, memory = _resources_of(quick_app), Memory(kept=10_000)
    state = await resources.collection(link)
    assert state is not None
    for place in range(100):
        memory.note_state(str(place), state)
    assert [place for place in range(100) if memory.of(str(place))] == [95, 96, 97, 98, 99]
    told = memory.of("99")
    assert told is not None
    memory.note_members("99", told, await resources.members(link))
    assert [place for place in range(100) if memory.of(str(place))] == [96, 97, 98, 99]
