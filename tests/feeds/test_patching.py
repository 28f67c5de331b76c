"""After an edit a unit's feed reads what changed and nothing else, and is the same feed that would be made at once."""

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from service.feeds.polled.desk import Desk
from service.kit.database import Database
from service.units.models import Unit
from tests.feeds.world import World, plain

EDITS: tuple[tuple[int, dict[str, Any]], ...] = (
    (0, {"title": "改名"}),
    (1, {"due": {"value": "2024-12-24"}}),
    (2, {"status": "cancelled"}),
    (0, {"hand_in": "报告"}),
    (3, {"due": {"value": "2027-01-01"}}),
    (2, {"status": "active"}),
    (4, {"roles": {"demo.finance": "lead"}}),
    (3, {"due": {"value": "2024-11-13"}}),
    (1, {"title": "又改名"}),
)


async def _pages(world: World, *, desk: Desk | None = None) -> list[bytes]:
    subjects = ("unit:demo.justice", "public:demo.justice", "unit:demo.finance")
    return [plain(await world.page(subject, desk=desk)) for subject in subjects]


@contextlib.contextmanager
def _asked(database: Database) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    questions: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        questions.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield questions
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def _five(world: World) -> list[str]:
    made = [await world.milestone(f"第{n}件事", {"value": f"2024-11-{n + 10}"}) for n in range(5)]
    await _pages(world)
    return made


async def test_a_page_patched_by_many_edits_is_the_page_made_at_once(world: World) -> None:
    milestones = await _five(world)
    for which, changes in EDITS:
        world.clock.moment += timedelta(hours=7)
        await world.edit(milestones[which], **changes)
        assert await _pages(world) == await _pages(world, desk=world.another_desk()), changes
    await world.report(milestones[1], "demo.justice", "submitted")
    await world.change_plan(visibility="private")
    await world.edit(milestones[0], title="只有单位自己看得见")
    await world.rename(Unit, "demo.justice", name="区法治局")
    assert await _pages(world) == await _pages(world, desk=world.another_desk())


async def test_an_edit_that_moves_nothing_reads_the_changed_entry_alone(world: World) -> None:
    milestones = await _five(world)
    await world.edit(milestones[2], title="改过的名字")
    with _asked(world.database) as questions:
        assert "改过的名字" in await world.text("unit:demo.justice")
    entries = [each for each in questions if "feed_entry" in each]
    assert len(entries) == 1
    assert "changed_in >" in entries[0]


async def test_after_a_move_the_order_is_read_anew(world: World) -> None:
    milestones = await _five(world)
    await world.edit(milestones[0], due={"value": "2024-12-24"})
    entries = await world.entries("unit:demo.justice")
    assert [str(each["SUMMARY"])[-4:] for each in entries] == ["第1件事", "第2件事", "第3件事", "第4件事", "第0件事"]


async def test_after_a_backup_was_restored_no_bytes_of_the_lost_days_are_used(
    quick_world: World, tmp_path: Path
) -> None:
    world = quick_world
    milestone = (await _five(world))[0]
    saved = tmp_path / "saved.db"
    here, there = sqlite3.connect(str(world.database.url.database)), sqlite3.connect(saved)
    with contextlib.closing(here), contextlib.closing(there):
        here.backup(there)
    for title in ("只在丢失的几天里有过的名字", "又一个"):
        await world.edit(milestone, title=title)
        await _pages(world)
    restored = Database(f"sqlite:///{saved}")
    lost, world.database = world.database, restored
    world.desk._database = world.desk.maker._database = restored
    await world.edit(milestone, title="恢复以后的名字")  # the same revision as one that was lost, another text
    await world.desk._look()
    assert await _pages(world) == await _pages(world, desk=world.another_desk())
    assert "恢复以后的名字" in await world.text("unit:demo.justice")
    await restored.close()
    world.database = lost
