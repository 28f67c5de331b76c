"""The same state gives the same bytes: on every replica, after every restart; and a change touches no other feed."""

import asyncio
import hashlib
import re
import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from service.feeds.actions import renewing
from service.feeds.models import FeedSubject
from service.feeds.polled.pages import AWAY
from service.feeds.rules import facts
from service.kit.database import Database
from service.units.models import Unit
from tests.feeds.world import SHANGHAI, UNITS, Watch, World, at, desk_on, plain, settle, tag

MONTH = {"phrase": "2024年12月底前", "value": "2024-12", "boundary": "by_end"}


async def _furnish(world: World) -> str:
    await world.milestone("各部门的事", MONTH, roles={"demo.all": "responsible"})
    await world.milestone("按月报送", {"rrule": "FREQ=MONTHLY"}, roles={"demo.water": "lead"})
    await world.milestone("别的计划的事", {"value": "2025-03-31"}, roles={"demo.water": "lead"}, plan="demo-other")
    return await world.milestone("财政局的事", {"value": "2024-11-15"}, roles={"demo.finance": "lead"})


async def test_two_processes_and_a_restart_give_the_same_bytes(world: World) -> None:
    milestone = await _furnish(world)
    first = await world.all_bytes()
    await world.desk.maker.keep()
    assert await world.all_bytes(desk=world.another_desk()) == first
    await world.edit(milestone, title="财政局的另一件事")
    stranger = world.another_desk()
    assert await world.all_bytes(desk=stranger) == await world.all_bytes() != first
    assert tag(await world.page("unit:demo.finance", desk=stranger)) == tag(await world.page("unit:demo.finance"))


async def test_a_process_that_was_there_before_sees_a_change_of_another_one(world: World) -> None:
    milestone = await _furnish(world)
    stranger = world.another_desk()
    before = await world.all_bytes(desk=stranger)
    await world.edit(milestone, title="财政局的另一件事")  # only this process hears of it
    assert await world.all_bytes(desk=stranger) == before
    await stranger._look()  # what its watch does once a second
    assert await world.all_bytes(desk=stranger) == await world.all_bytes()


async def test_while_the_desk_looks_nothing_goes_out_unseen(quick_world: World) -> None:
    world = quick_world
    await world.page("unit:demo.justice")
    await world.milestone("梳理问题清单", MONTH)
    looking = asyncio.create_task(world.desk._look())
    await asyncio.sleep(0)  # it reads now, and pages do not know yet what it finds
    assert _suspects(world)
    await looking
    assert not _suspects(world)
    looking = asyncio.create_task(world.desk._look())
    await asyncio.sleep(0)
    await world.milestone("又一件事", MONTH)  # committed behind its back
    await looking
    assert _suspects(world)


def _suspects(world: World) -> bool:
    return world.desk.suspect  # asked anew: to mypy what was asserted once stays true


async def test_kept_bytes_are_used_and_not_rendered_again(world: World) -> None:
    await _furnish(world)
    await world.all_bytes()
    await world.desk.maker.keep()
    stranger = world.another_desk()
    await world.all_bytes(desk=stranger)
    assert world.desk.maker.rendered > 0
    assert stranger.maker.rendered == 0


async def test_an_edit_of_one_milestone_changes_only_the_feeds_that_show_it(world: World) -> None:
    milestone = await _furnish(world)
    before = await world.all_bytes()
    world.clock.moment += timedelta(minutes=5)
    await world.edit(milestone, title="财政局的另一件事")
    after = await world.all_bytes()
    assert {name for name in before if before[name] != after[name]} == {
        f"{subject} {component}"
        for subject in ("unit:demo.finance", "public:demo.finance", "plan:demo-2024", "jurisdiction:demo")
        for component in ("vevent", "vtodo")
    }


async def test_a_milestone_that_leaves_a_group_changes_the_groups_feed(world: World) -> None:
    milestone = await world.milestone("各部门的事", MONTH, roles={"demo.all": "responsible"})
    assert "各部门的事" in await world.text("group:demo.all")
    await world.edit(milestone, roles={"demo.water": "lead"})
    assert "各部门的事" not in await world.text("group:demo.all")
    assert "各部门的事" in await world.text("plan:demo-2024")


async def test_midnight_changes_nothing_by_itself(world: World) -> None:
    await _furnish(world)
    before = await world.all_bytes()
    page = await world.page("unit:demo.finance")
    made = world.desk.counts.made
    world.clock.set("2024-10-02T00:00")
    assert await world.all_bytes() == before
    assert await world.all_bytes(desk=world.another_desk()) == before
    assert world.desk.counts.made == made  # not even looked at again
    assert (await world.page("unit:demo.finance")) is page


async def test_a_page_that_is_turned_late_gives_the_same_bytes(world: World) -> None:
    milestone = await _furnish(world)
    await world.edit(milestone, due={"value": "2024-11-20"})
    world.clock.set("2024-12-01T08:00")  # nobody looked for two months
    late = await world.entries("unit:demo.finance")
    (moved,) = [each for each in late if "财政局的事" in str(each["SUMMARY"])]
    # 1 moved, 2 the mark left on 15 October, 3 yellow on 21 October, 4 red on 21 November
    assert int(moved["SEQUENCE"]) == 4
    assert f"{moved['DTSTAMP'].dt:%Y-%m-%dT%H:%M}" == "2024-11-20T16:00"


async def test_last_modified_only_moves_forward(world: World) -> None:
    milestone = await _furnish(world)
    seen = []
    for step in range(4):
        await world.edit(milestone, title=f"第{step}个名字")
        page = await world.page("unit:demo.finance")
        assert page.body is not None
        seen.append(page.body.changed_at)
    # four changes within one second of this clock are still four different times
    assert seen == sorted(set(seen))
    await world.edit(milestone, status="cancelled")
    for day in ("2024-10-01T09:00", "2024-11-15T00:00", "2024-12-01T00:00", "2025-06-30T00:00", "2025-09-01T00:00"):
        world.clock.set(day)
        page = await world.page("unit:demo.finance")
        assert page.body is not None
        assert page.body.changed_at >= seen[-1]
        seen.append(page.body.changed_at)


async def test_what_leaves_the_window_moves_last_modified(world: World) -> None:
    await world.milestone("很快过去的事", {"value": "2024-04-10"})
    before = await world.page("unit:demo.justice")
    assert before.body is not None
    assert "很快过去的事".encode() in plain(before)
    changed_at = before.body.changed_at
    world.clock.set("2024-10-08T00:00")
    after = await world.page("unit:demo.justice")
    assert after.body is not None
    assert "很快过去的事".encode() not in plain(after)
    assert after.body.changed_at == at("2024-10-08T00:00") > changed_at


async def test_what_comes_into_the_window_appears(world: World) -> None:
    await world.milestone("一年多以后的事", {"value": "2025-11-10"})
    assert "订阅成功" in await world.text("unit:demo.justice")
    world.clock.set("2024-10-05T12:00")
    assert "订阅成功" in await world.text("unit:demo.justice")
    world.clock.set("2024-10-06T00:00")
    page = await world.page("unit:demo.justice")
    assert "一年多以后的事".encode() in plain(page)
    assert page.body is not None
    assert page.body.changed_at == at("2024-10-06T00:00")


async def test_a_database_made_anew_from_the_same_plans_keeps_every_uid(
    quick_world: World, sqlite_template: Path, tmp_path: Path
) -> None:
    await _furnish(quick_world)
    uids = _uids(await quick_world.all_bytes())
    shutil.copy(sqlite_template, tmp_path / "again.db")
    database, clock = Database(f"sqlite:///{tmp_path / 'again.db'}"), Watch()
    again = await settle(database, clock, desk_on(database, clock))
    await _furnish(again)
    assert _uids(await again.all_bytes()) == uids
    await database.close()


def _uids(feeds: Mapping[str, bytes]) -> set[bytes]:
    return set(re.findall(rb"UID:(\S+)", b"".join(feeds.values())))


async def test_entries_stand_in_order_of_due_date_and_uid(world: World) -> None:
    await _furnish(world)
    entries = await world.entries("jurisdiction:demo")
    order = [(each.decoded("DTSTART"), str(each["UID"])) for each in entries]
    assert order == sorted(order)
    assert len(order) > 10


async def test_every_change_of_a_shown_field_changes_the_etag(world: World) -> None:
    milestone = await world.milestone("梳理问题清单", MONTH)
    seen = {tag(await world.page("unit:demo.justice"))}
    for changes in (
        {"title": "另一个名字"},
        {"ref": "三(二)"},
        {"kind": "evaluation"},
        {"hand_in": "书面报告"},
        {"due": {"phrase": "2024年11月底前", "value": "2024-11", "boundary": "by_end"}},
        {"due": {"phrase": "11月30日前", "value": "2024-11-30", "boundary": "before"}},
        {"due": {"value": "2024-11-30", "time": "17:00"}},
        {"status": "cancelled"},
        {"status": "active"},
    ):
        await world.edit(milestone, **changes)
        now = tag(await world.page("unit:demo.justice"))
        assert now not in seen, changes
        seen.add(now)
    await world.edit(milestone, roles={"demo.justice": "lead", "demo.water": "support"})
    now = tag(await world.page("unit:demo.justice"))
    assert now not in seen


async def test_many_changes_at_once_lose_none(world: World) -> None:
    milestones = [await world.milestone(f"第{n}件事", MONTH, roles={"demo.justice": "lead"}) for n in range(6)]
    await asyncio.gather(
        *(world.edit(each, title=f"改过的第{n}件事") for n, each in enumerate(milestones)),
        world.rename(Unit, "demo.justice", name="区法治局"),
    )
    text = (await world.text("unit:demo.justice")).replace("\r\n ", "")
    assert all(f"改过的第{n}件事" in text for n in range(6))
    assert text.count("牵头：区法治局") == 6
    assert "区司法局" not in text
    assert (
        text.encode()
        == (await world.text("unit:demo.justice", desk=world.another_desk())).replace("\r\n ", "").encode()
    )


async def test_the_last_good_bytes_go_out_while_the_database_is_away(quick_world: World) -> None:
    world = quick_world
    milestone = await _furnish(world)
    before = plain(await world.page("unit:demo.finance"))
    await world.edit(milestone, title="财政局的另一件事")
    broken = Database("sqlite:////nowhere/that/exists/milestone.db")
    whole, world.desk._database, world.desk.maker._database = world.desk._database, broken, broken
    page = await world.page("unit:demo.finance")
    assert plain(page) == before
    assert world.desk.suspect  # it knows that there is something newer
    assert await world.outcome("unit:demo.water") is AWAY  # nothing was ever made of this one
    world.desk._database, world.desk.maker._database = whole, whole
    world.desk._pause_until = page.try_again_at = 0.0
    (await world.outcome("unit:demo.finance"))
    assert "财政局的另一件事".encode() in plain(await world.page("unit:demo.finance"))
    await broken.close()


async def test_subjects_are_advanced_once_a_transaction(world: World) -> None:
    await world.milestone("按月报送", {"rrule": "FREQ=MONTHLY"}, roles={"demo.water": "lead"})
    async with world.database.read() as session:
        row = await session.get_one(FeedSubject, "unit:demo.water")
        assert row.revision == 2  # the unit was made, then it got a year and more of entries
        other = await session.get(FeedSubject, "unit:demo.justice")
        assert other is not None
        assert other.revision == 1


async def test_memory_that_is_full_gives_up_the_oldest_and_makes_it_again(quick_world: World) -> None:
    world = quick_world
    await _furnish(world)
    before = hashlib.sha256(b"".join((await world.all_bytes()).values())).digest()
    small = world.another_desk(pages_kept=10_000)
    for _ in range(2):
        assert hashlib.sha256(b"".join((await world.all_bytes(desk=small)).values())).digest() == before
    assert small._bodies.weight <= 10_000
    assert small.counts.made > len(UNITS)


async def test_a_new_layout_gives_every_entry_one_new_revision(
    quick_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = quick_world
    await _furnish(world)
    before = {str(each["UID"]): int(each["SEQUENCE"]) for each in await world.entries("jurisdiction:demo")}
    monkeypatch.setattr(facts, "LAYOUT", facts.LAYOUT + 1)
    for _ in range(2):
        async with world.change() as session:
            assert await renewing.needs_renewal(session)
            last = await renewing.renew(session, after="", zone=SHANGHAI, now=world.clock.now())
            assert await renewing.renew(session, after=last or "", zone=SHANGHAI, now=world.clock.now()) is None
    async with world.change() as session:
        await renewing.note_renewal(session, now=world.clock.now())
        assert not await renewing.needs_renewal(session)
    await world.desk._look()
    after = {str(each["UID"]): int(each["SEQUENCE"]) for each in await world.entries("jurisdiction:demo")}
    assert after == {uid: sequence + 1 for uid, sequence in before.items()}
