"""What goes out when there is no database: after a restart, after its loss, from a file that cannot be relied upon."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.feeds.actions import links
from service.feeds.polled.desk import Desk
from service.feeds.polled.pages import AWAY, GONE, UNKNOWN, Page, Refusal
from service.feeds.polled.reserve import Reserve
from service.feeds.rules.forms import Form
from service.feeds.rules.subjects import address, read_subject
from service.feeds.store.links import get_feed
from service.kit.actor import COMMAND
from service.kit.database import Database
from tests.feeds.world import SECRET, World, desk_on, plain, tag

JUSTICE = "unit:demo.justice"
AS_USUAL = Form()
PUBLIC = "/calendars/demo/justice.ics"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "feeds"


@pytest.fixture
async def nowhere() -> AsyncIterator[Database]:
    """A database that cannot be reached."""
    database = Database("sqlite:////nowhere/that/exists/milestone.db")
    yield database
    await database.close()


async def _link(world: World, form: Form = AS_USUAL) -> tuple[str, str]:
    """A new link: its feed's id and its path."""
    async with world.change() as session:
        feed = await links.create_feed(
            session,
            COMMAND,
            subject=read_subject(JUSTICE),
            form=form,
            label="",
            expires_at=None,
            secret=SECRET,
            now=world.clock.now(),
        )
        return feed.id, address("", token=links.current_token(feed, secret=SECRET), subject=read_subject(JUSTICE))


async def _fetch(desk: Desk, *paths: str) -> list[Page | Refusal]:
    return [await desk.find(path, b"") for path in paths]


def _bytes(found: Page | Refusal) -> bytes:
    assert isinstance(found, Page)
    return plain(found)


def _tag(found: Page | Refusal) -> bytes:
    assert isinstance(found, Page)
    return tag(found)


async def test_after_a_restart_without_a_database_the_last_good_bytes_go_out(
    quick_world: World, folder: Path, nowhere: Database
) -> None:
    world = quick_world
    await world.milestone("梳理清单", {"value": "2024-12"})
    paths = (PUBLIC, (await _link(world))[1], (await _link(world, Form(back=7)))[1])
    desk = world.another_desk(kept_in=folder)
    good = await _fetch(desk, *paths)
    await desk.close()
    again = desk_on(nowhere, world.clock, kept_in=folder)
    found = await _fetch(again, *paths)
    assert [_bytes(page) for page in found] == [_bytes(page) for page in good]
    assert [_tag(page) for page in found] == [_tag(page) for page in good]
    assert await _fetch(again, "/calendars/demo/finance.ics", (await _link(world))[1]) == [AWAY, AWAY]
    assert again.counts.last_good >= 3
    again._database = again.maker._database = again._links._database = world.database  # it is back
    again.suspect, again._pause_until = True, 0.0
    await world.milestone("又一件事", {"value": "2024-11"})
    assert "又一件事".encode() in _bytes((await _fetch(again, paths[1]))[0])
    await again.close()


async def test_a_closed_link_stays_closed_without_a_database(
    quick_world: World, folder: Path, nowhere: Database
) -> None:
    world = quick_world
    feed, path = await _link(world)
    desk = world.another_desk(kept_in=folder)
    await _fetch(desk, path)
    async with world.change() as session:
        await links.revoke_feed(session, COMMAND, await get_feed(session, feed), now=world.clock.now())
    await desk._look()
    assert await _fetch(desk, path) == [GONE]
    await desk.close()
    again = desk_on(nowhere, world.clock, kept_in=folder)
    assert await _fetch(again, path) == [GONE]
    await again.close()


async def test_a_database_that_was_lost_and_made_anew_closes_no_link(
    world: World, folder: Path, request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path
) -> None:
    await world.milestone("梳理清单", {"value": "2024-12"})
    paths = (PUBLIC, (await _link(world))[1])
    desk = world.another_desk(kept_in=folder)
    good = await _fetch(desk, *paths)
    await desk.close()
    shutil.copy(sqlite_template, tmp_path / "blank.db")
    blank = Database(f"sqlite:///{tmp_path / 'blank.db'}")
    again = desk_on(blank, world.clock, kept_in=folder)
    assert [_bytes(page) for page in await _fetch(again, *paths)] == [_bytes(page) for page in good]
    assert await _fetch(again, "/calendars/demo/nobody.ics", (await _link(world))[1]) == [UNKNOWN, UNKNOWN]
    await again.close()
    await blank.close()


@pytest.fixture
def damaged(folder: Path) -> Path:
    folder.mkdir()
    (folder / "last-good.db").write_bytes(b"this is no database" * 1_000)
    return folder


async def test_a_damaged_reserve_hurts_nobody(quick_world: World, damaged: Path, nowhere: Database) -> None:
    folder = damaged
    await quick_world.milestone("梳理清单", {"value": "2024-12"})
    again = desk_on(nowhere, quick_world.clock, kept_in=folder)
    assert await _fetch(again, PUBLIC) == [AWAY]
    await again.close()
    desk = quick_world.another_desk(kept_in=folder)
    good = (await _fetch(desk, PUBLIC))[0]
    await desk.close()
    again = desk_on(nowhere, quick_world.clock, kept_in=folder)
    assert _bytes((await _fetch(again, PUBLIC))[0]) == _bytes(good)
    await again.close()


async def test_a_reserve_stays_as_small_as_it_may_be(quick_world: World, folder: Path) -> None:
    for unit in ("demo.justice", "demo.finance", "demo.water"):
        await quick_world.milestone("梳理清单", {"value": "2024-12"}, roles={unit: "lead"})
    reserve = Reserve(folder, kept=3_500)
    pages = [await quick_world.page(f"unit:{unit}") for unit in ("demo.justice", "demo.finance", "demo.water")]
    for page in pages:
        assert page.body is not None
        reserve.note_page(page.key, page.body, page.revision)
        await reserve.write()
    kept = [await reserve.page(page.key) is not None for page in pages]
    assert kept == [False, True, True]
    reserve.close()
