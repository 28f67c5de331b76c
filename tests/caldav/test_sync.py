"""What changed since the last time (RFC 6578), against a program that keeps what it is told."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from xml.etree import ElementTree as ET

from sqlmodel import select

from service.feeds.models import FeedFetch
from service.feeds.rules.syncing import Point, Rest, SyncToken, read_token, spell_token
from tests.caldav.conftest import DAV, Reader, condition, link_to, statuses, sync_collection
from tests.feeds.world import World

OF = "0123456789abcdef"


@dataclass
class Copy:
    """A program's own copy of a calendar, kept by differences alone."""

    reader: Reader
    token: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    async def sync(self, *, limit: int | None = None) -> list[str]:
        """Bring the copy up to date; the addresses that the answers named, in order."""
        named: list[str] = []
        while True:
            answer = await self.reader.ask(
                "REPORT", self.reader.calendar, sync_collection(self.token, limit=limit), depth="0"
            )
            assert answer.status_code == 207, answer.text
            cut = False
            for path, told in statuses(answer).items():
                if told.status == 507:
                    assert path == self.reader.calendar
                    cut = True
                    continue
                named.append(path)
                if told.status == 404:
                    self.tags.pop(path, None)
                else:
                    self.tags[path] = told.text(f"{DAV}getetag")
            self.token = ET.fromstring(answer.content).findtext(f"{DAV}sync-token", "")
            if not cut:
                return named
            assert limit is not None


async def test_a_copy_that_is_kept_by_differences_is_the_calendar(reader: Reader, town: World) -> None:
    copy = Copy(reader)
    edited = await town.milestone("梳理问题清单", {"value": "2024-11-15"})
    moved = await town.milestone("改期的事", {"value": "2024-11-20"})
    await town.milestone("按月报送", {"rrule": "FREQ=MONTHLY"})
    await copy.sync()
    assert copy.tags == await reader.tags()
    assert len(copy.tags) > 10
    assert await copy.sync() == []
    steps: list[Any] = [
        lambda: town.edit(edited, title="另一个名字"),
        lambda: town.edit(moved, due={"value": "2024-12-20"}),
        lambda: town.report(edited, "demo.justice", "in_progress"),
        lambda: town.milestone("新的事", {"value": "2024-11-30"}),
        lambda: town.edit(edited, status="cancelled"),
        lambda: town.edit(moved, roles={"demo.water": "lead"}),
    ]
    for step in steps:
        await step()
        assert len(await copy.sync()) == 1
        assert copy.tags == await reader.tags()
    await town.milestone("别人的事", {"value": "2024-11-30"}, roles={"demo.water": "lead"})
    assert await copy.sync() == []


async def test_days_that_pass_are_a_difference_too(reader: Reader, town: World) -> None:
    copy = Copy(reader)
    gone = await town.milestone("取消的事", {"value": "2024-11-15"})
    await town.milestone("很快过去的事", {"value": "2024-04-10"})
    await town.milestone("一年多以后的事", {"value": "2025-11-10"})
    await copy.sync()
    assert len(copy.tags) == 2
    await town.edit(gone, status="cancelled")
    for day in ("2024-10-06", "2024-10-08", "2024-11-29", "2024-11-30", "2025-06-01", "2026-05-09", "2026-05-10"):
        town.clock.set(f"{day}T09:00")
        named = await copy.sync()
        assert copy.tags == await reader.tags(), day
        assert len(named) == len(set(named))
    assert copy.tags == {}


async def test_what_was_never_shown_is_not_reported_as_gone(quick_reader: Reader, quick_town: World) -> None:
    copy = Copy(quick_reader)
    await copy.sync()
    await quick_town.milestone("很久以前的事", {"value": "2024-01-10"})
    await quick_town.milestone("很久以后的事", {"value": "2025-12-30"})
    assert await copy.sync() == []


async def test_a_difference_comes_in_parts_to_who_wants_little(reader: Reader, town: World) -> None:
    copy = Copy(reader)
    milestones = [await town.milestone(f"第{n}件事", {"value": f"2024-11-{n + 10}"}) for n in range(5)]
    await copy.sync(limit=2)
    assert copy.tags == await reader.tags()
    for each in milestones:
        await town.edit(each, title="全都改了")
    found, token = await reader.sync(copy.token, limit=2)
    assert [told.status for told in found.values()].count(507) == 1
    # between two parts something changes: it is told, at the latest with the next difference
    await town.edit(milestones[0], status="cancelled")
    await town.edit(milestones[4], title="又改了")
    copy.token = token
    copy.tags |= {path: told.text(f"{DAV}getetag") for path, told in found.items() if not told.status}
    await copy.sync(limit=2)
    await copy.sync()
    assert copy.tags == await reader.tags()
    none = await reader.ask("REPORT", reader.calendar, sync_collection("", limit=0), depth="0")
    assert none.status_code == 507
    assert condition(none) == {f"{DAV}number-of-matches-within-limits"}


async def test_a_token_that_says_nothing_here_is_refused(quick_reader: Reader, quick_town: World) -> None:
    reader = quick_reader
    _, token = await reader.sync()
    feed, password = await link_to(quick_town)
    _, of_another = await Reader(reader.http, feed, password).sync()
    future = token.replace(".20241001.", ".20241002.")
    assert future != token
    for wrong in ("nonsense", of_another, future, token + "0" * 12, token[:-1], "urn:x-milepost:sync:", "x" * 5_000):
        answer = await reader.ask("REPORT", reader.calendar, sync_collection(wrong), depth="0")
        assert answer.status_code == 403, wrong
        assert condition(answer) == {f"{DAV}valid-sync-token"}
    assert (await reader.sync(token))[0] == {}


async def test_a_group_is_compared_anew_after_a_change(quick_reader: Reader, quick_town: World) -> None:
    town = quick_town
    milestone = await town.milestone("各部门的事", {"value": "2024-11-30"}, roles={"demo.all": "responsible"})
    feed, token = await link_to(town, "group:demo.all")
    group = Reader(quick_reader.http, feed, token, "all")
    found, state = await group.sync()
    assert len(found) == 1
    assert (await group.sync(state))[0] == {}
    # who names a group leaves no trace in entries: the difference cannot be told
    await town.edit(milestone, roles={"demo.water": "lead"})
    answer = await group.ask("REPORT", group.calendar, sync_collection(state), depth="0")
    assert condition(answer) == {f"{DAV}valid-sync-token"}
    assert (await group.sync())[0] == {}


async def test_the_state_of_a_calendar_changes_only_with_what_it_shows(quick_reader: Reader, quick_town: World) -> None:
    ctag = "{http://calendarserver.org/ns/}getctag"

    async def state() -> str:
        return (await quick_reader.find(quick_reader.calendar, ctag))[quick_reader.calendar].text(ctag)

    before = await state()
    assert before == (await quick_reader.sync())[1]
    milestone = await quick_town.milestone("梳理问题清单", {"value": "2024-12"})
    after = await state()
    assert before != after
    await quick_town.edit(milestone, title="另一个名字")
    assert await state() not in (before, after)


async def test_whoever_synchronises_stands_in_the_link_ledger(quick_reader: Reader, quick_town: World) -> None:
    await quick_town.milestone("梳理问题清单", {"value": "2024-12"})
    await quick_reader.sync()
    await quick_town.desk.write_ledger()
    async with quick_town.database.read() as session:
        (fetch,) = (await session.exec(select(FeedFetch))).all()
    assert (fetch.feed, fetch.fetched_at) == (quick_reader.feed, quick_town.clock.now())
    assert fetch.revision > 0


def test_tokens_are_read_as_they_were_spelled() -> None:
    seen, since = Point(7, date(2024, 10, 1), 3), Point(5, date(2024, 9, 30), 3)
    for token in (
        SyncToken(seen),
        SyncToken(seen, Rest(None, "fe_abc")),
        SyncToken(seen, Rest(since, "fe_abc")),
        SyncToken(Point(0, date(1, 1, 1), 0)),
    ):
        text = spell_token(token, of=OF)
        assert read_token(text, of=OF) == token
        assert read_token(text, of=OF[::-1]) is None
    assert read_token(spell_token(SyncToken(seen), of=OF).replace("20241001", "20241301"), of=OF) is None
