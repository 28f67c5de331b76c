"""Who fetched what: written now and then, told when somebody may not know, closed when nobody asks any more."""

from typing import Any

import pytest
from sqlmodel import col, select

from service.feeds.actions import fetching, links
from service.feeds.actions.ledger import Account
from service.feeds.models import Feed
from service.feeds.polled.desk import Desk
from service.feeds.polled.pages import GONE, Page
from service.feeds.rules.forms import Form
from service.feeds.rules.programs import program_of
from service.feeds.rules.subjects import address, read_subject
from service.feeds.store.fetches import fetches_of
from service.journal.kinds import Kind
from service.journal.models import JournalEntry
from service.kit.actor import COMMAND
from service.webhooks.models import WebhookEvent
from tests.feeds.world import SECRET, World

JUSTICE = "unit:demo.justice"


async def _link(world: World, **given: Any) -> tuple[str, str]:
    async with world.change() as session:
        feed = await links.create_feed(
            session,
            COMMAND,
            subject=read_subject(JUSTICE),
            form=Form(),
            label="王科长",
            expires_at=None,
            secret=SECRET,
            now=world.clock.now(),
            **given,
        )
        return feed.id, address("", token=links.current_token(feed, secret=SECRET), subject=read_subject(JUSTICE))


async def _poll(world: World, path: str, *, agent: bytes = b"Thunderbird/153.0", desk: Desk | None = None) -> None:
    """A poll, as the polled door notes it."""
    desk = desk or world.desk
    page = await desk.find(path, b"")
    assert isinstance(page, Page)
    desk.fetched[desk.slots[path].link, agent] = world.clock.now().timestamp(), page.revision
    await desk.write_ledger()


async def _stale(world: World) -> int:
    now = world.clock.now()
    async with world.database.read() as session:
        feeds = await fetching.stale_links(session, now=now)
    async with world.change() as session:
        return await fetching.tell_stale(session, feeds=feeds, now=now)


async def _facts(world: World, kind: Kind) -> list[JournalEntry]:
    async with world.database.read() as session:
        query = select(JournalEntry).where(JournalEntry.kind == kind).order_by(col(JournalEntry.id))
        return list(await session.exec(query))


async def test_who_has_not_fetched_a_moved_date_in_time_is_named_once(world: World) -> None:
    milestone = await world.milestone("梳理清单", {"value": "2024-12-31"})
    (idle, idle_path), (_, busy_path) = await _link(world), await _link(world)
    for path in (idle_path, busy_path):
        await _poll(world, path)
    world.clock.set("2024-10-02T08:00")
    await world.edit(milestone, due={"value": "2024-11-30"})
    assert await _stale(world) == 0  # there is time left
    world.clock.set("2024-10-03T08:00")
    await _poll(world, busy_path)
    world.clock.set("2024-10-04T08:00")
    assert await _stale(world) == 1
    assert await _stale(world) == 0
    (fact,) = await _facts(world, Kind.FEED_STALE)
    told = fact.after or {}
    assert (fact.subject, told["unit"], told["program"], told["moved"]) == (idle, "demo.justice", "thunderbird", 1)
    assert told["last_fetched_at"] is not None
    assert len(told["occurrences"]) == 1
    async with world.database.read() as session:
        query = select(WebhookEvent).where(WebhookEvent.type == Kind.FEED_STALE)
        (event,) = (await session.exec(query)).all()
    assert '"unit":"demo.justice"' in event.message.replace(" ", "")
    await world.edit(milestone, due={"value": "2024-12-05"})
    world.clock.set("2024-10-10T08:00")
    assert await _stale(world) == 2  # a new move is told anew, of both now


async def test_an_edit_that_moves_nothing_makes_nobody_stale(world: World) -> None:
    milestone = await world.milestone("梳理清单", {"value": "2024-12-31"})
    await _link(world)
    world.clock.set("2024-10-02T08:00")
    await world.edit(milestone, title="换了名字")
    world.clock.set("2024-10-20T08:00")
    assert await _stale(world) == 0


async def test_a_link_can_ask_not_to_be_told_about(world: World) -> None:
    milestone = await world.milestone("梳理清单", {"value": "2024-12-31"})
    await _link(world, stale_after_hours=0)
    world.clock.set("2024-10-02T08:00")
    await world.edit(milestone, due={"value": "2024-11-30"})
    world.clock.set("2024-10-20T08:00")
    assert await _stale(world) == 0


async def test_fetches_of_the_same_are_written_every_three_hours(world: World) -> None:
    milestone = await world.milestone("梳理清单", {"value": "2024-12-31"})
    feed, path = await _link(world)
    seen = []
    for time in ("08:00", "09:00", "10:59", "11:00"):
        world.clock.set(f"2024-10-01T{time}")
        await _poll(world, path)
        async with world.database.read() as session:
            seen.append((await fetches_of(session, [feed]))[feed][0].fetched_at)
    assert len(set(seen)) == 2
    world.clock.set("2024-10-01T11:05")
    await world.edit(milestone, title="换了名字")
    await _poll(world, path, desk=world.another_desk())
    async with world.database.read() as session:
        (row,) = (await fetches_of(session, [feed]))[feed]
    assert (row.fetched_at, row.program, row.generation) == (world.clock.now(), "thunderbird", 1)
    assert row.first_at < row.fetched_at


async def test_a_link_that_nobody_uses_is_closed_in_the_end(world: World) -> None:
    (unused, path), (used, used_path), _ = (
        await _link(world, unused_days=30),
        await _link(world, unused_days=30),
        await _link(world, unused_days=0),
    )
    world.clock.set("2024-10-20T08:00")
    await _poll(world, used_path)
    world.clock.set("2024-10-31T08:00")
    async with world.change() as session:
        assert await fetching.close_those_unused(session, after="", now=world.clock.now()) == (1, None)
    assert [fact.subject for fact in await _facts(world, Kind.FEED_EXPIRED)] == [unused]
    assert await world.desk.find(path, b"") is GONE
    await _poll(world, used_path)
    async with world.database.read() as session:
        row = await session.get_one(Feed, used)
        assert row.expires_at is None


@pytest.mark.parametrize(
    ("agent", "program"),
    (
        ("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.0", "thunderbird"),
        ("iOS/18.1 (22B83) dataaccessd/1.0", "apple"),
        ("macOS/14.5 (23F79) CalendarAgent/1042", "apple"),
        ("Google-Calendar-Importer", "google"),
        ("Microsoft.Exchange/15.20 (Windows NT 10.0; Win64; x64)", "outlook-web"),
        ("ICSx5/2.2 (2023/11/01; dav4jvm; okhttp/4.12.0) Android/14", "icsx5"),
        ("Nextcloud-Server-Crawler/29.0.0", "nextcloud"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36", "browser"),
        ("curl/8.5.0", "script"),
        ("something of one's own", "other"),
        ("", "other"),
    ),
)
def test_programs_are_told_by_what_they_call_themselves(agent: str, program: str) -> None:
    assert program_of(agent.encode() or None) == program


def test_a_feed_that_grows_too_large_is_warned_of() -> None:
    assert Account(1, 799, 699_999, (), None).warnings == ()
    assert len(Account(1, 800, 700_000, (), None).warnings) == 2
