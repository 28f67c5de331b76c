"""What units say of their work, as calendars show it."""

from typing import Any, cast

import pytest

from service.feeds.actions.following import follow
from service.feeds.store import subjects
from service.journal.kinds import Kind
from service.journal.models import JournalEntry
from service.kit.database import Session
from tests.feeds.world import World

MONTH = {"phrase": "2024年12月底前", "value": "2024-12", "boundary": "by_end"}
BOTH = {"demo.justice": "lead", "demo.finance": "responsible", "demo.water": "support"}


def _seen(entry: Any) -> tuple[int, str, str]:
    return int(entry["SEQUENCE"]), str(entry["SUMMARY"]), str(entry["COLOR"])


async def _ledgers(world: World) -> dict[str, int]:
    async with world.database.read() as session:
        return await subjects.ledgers(session)


async def test_a_unit_that_has_finished_sees_so_and_stays_green_after_the_date(world: World) -> None:
    milestone = await world.milestone("梳理问题清单", MONTH, roles=BOTH)
    uid = str((await world.entry("unit:demo.justice"))["UID"])
    others = await world.text("unit:demo.finance")
    await world.report(milestone, "demo.justice", "submitted")
    entry = await world.entry("unit:demo.justice")
    assert (str(entry["UID"]), *_seen(entry)) == (uid, 1, "✓ 【牵头】【12月内】梳理问题清单", "seagreen")
    assert str(entry["STATUS"]) == "CONFIRMED"
    assert await world.text("unit:demo.finance") == others
    todo = await world.entry("unit:demo.justice", component="vtodo")
    assert (str(todo["STATUS"]), todo["PERCENT-COMPLETE"]) == ("COMPLETED", 100)
    world.clock.set("2025-01-20T08:00")
    assert _seen(await world.entry("unit:demo.justice")) == (1, "✓ 【牵头】【12月内】梳理问题清单", "seagreen")
    assert _seen(await world.entry("unit:demo.finance"))[2] == "crimson"


async def test_a_plan_shows_done_once_everybody_who_owes_the_work_has_finished(world: World) -> None:
    milestone = await world.milestone("梳理问题清单", MONTH, roles=BOTH)
    await world.report(milestone, "demo.justice", "accepted")
    assert _seen(await world.entry("plan:demo-2024"))[1] == "【12月内】梳理问题清单"
    todo = await world.entry("plan:demo-2024", component="vtodo")
    assert (str(todo["STATUS"]), "PERCENT-COMPLETE" in todo) == ("IN-PROCESS", False)
    await world.report(milestone, "demo.finance", "waived")  # a unit that supports is not waited for
    assert _seen(await world.entry("plan:demo-2024"))[1] == "✓ 【12月内】梳理问题清单"
    assert _seen(await world.entry("jurisdiction:demo"))[1] == "✓ 【12月内】梳理问题清单"
    assert await world.all_bytes() == await world.all_bytes(desk=world.another_desk())


async def test_what_is_returned_is_owed_again(world: World) -> None:
    milestone = await world.milestone("梳理问题清单", MONTH)
    await world.report(milestone, "demo.justice", "submitted")
    world.clock.set("2025-01-20T08:00")
    await world.report(milestone, "demo.justice", "returned")
    assert _seen(await world.entry("unit:demo.justice")) == (2, "【牵头】【12月内】梳理问题清单", "crimson")


async def test_an_edit_of_the_task_keeps_what_was_said(world: World) -> None:
    milestone = await world.milestone("梳理问题清单", MONTH, roles=BOTH)
    await world.report(milestone, "demo.justice", "submitted")
    await world.edit(milestone, title="梳理并公布问题清单")
    assert _seen(await world.entry("unit:demo.justice"))[:2] == (2, "✓ 【牵头】【12月内】梳理并公布问题清单")
    await world.edit(milestone, roles={"demo.justice": "lead"})  # whoever had not finished owes nothing any more
    assert _seen(await world.entry("plan:demo-2024"))[1] == "✓ 【12月内】梳理并公布问题清单"
    await world.edit(milestone, status="cancelled")
    assert _seen(await world.entry("unit:demo.justice"))[1] == "【已取消】【牵头】【12月内】梳理并公布问题清单"


async def test_the_same_step_said_otherwise_changes_nothing(world: World) -> None:
    milestone = await world.milestone("梳理问题清单", MONTH)
    await world.report(milestone, "demo.justice", "submitted")
    before, ledgers = await world.all_bytes(), await _ledgers(world)
    await world.report(milestone, "demo.justice", "submitted", note="见附件")
    assert await _ledgers(world) == ledgers
    await world.report(milestone, "demo.justice", "accepted")
    assert await world.all_bytes() == before


@pytest.mark.parametrize(
    "kind", (Kind.OCCURRENCE_DUE_SOON, Kind.OCCURRENCE_DUE, Kind.OCCURRENCE_OVERDUE, Kind.REMINDERS_UPDATED)
)
async def test_a_notice_that_goes_out_asks_nothing_of_feeds(quick_world: World, kind: Kind) -> None:
    fact = JournalEntry(
        at=quick_world.clock.now(),
        kind=kind.value,
        subject_kind=kind.value.partition(".")[0],
        subject="oc_1",
        jurisdiction="demo",
        actor="clock:",
        before=None,
        after={"milestone": "ms_1"},
    )
    no_session = cast(Session, None)  # whoever would ask it anything, or lock a row, fails
    await follow(no_session, [fact], now=quick_world.clock.now())
