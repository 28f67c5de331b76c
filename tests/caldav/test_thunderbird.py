"""Thunderbird itself (Debian's, without a window) finds the calendar and keeps a copy by differences."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from service.app import Milepost
from tests.caldav.conftest import Reader
from tests.caldav.programs import listening
from tests.feeds.world import World
from tests.fixtures.thunderbird import Thunderbird, missing, thunderbird


async def _shows(program: Thunderbird, town: World) -> dict[str, Any]:
    """What it shows once it shows what the feed does; it says nothing of when it is done."""
    wanted = sorted(str(each["SUMMARY"]) for each in await town.entries("unit:demo.justice"))
    async with asyncio.timeout(60):
        while True:
            told = await program.items()
            if sorted(told["titles"]) == wanted:
                return told
            await program.refresh()


@pytest.mark.compatible("Thunderbird", "CalDAV: finds the calendar, read-only; edits, moves, deletions; stays enabled")
@pytest.mark.slow
async def test_thunderbird_itself_keeps_a_copy(
    quick_reader: Reader, quick_town: World, quick_app: Milepost, tmp_path: Path
) -> None:
    if reason := missing():
        pytest.skip(reason)
    milestone = await quick_town.milestone("梳理问题清单 👩‍👩‍👧‍👦", {"value": "2024-12-31"})
    await quick_town.milestone("下午五点前报送", {"value": "2024-11-15", "time": "17:00"})
    async with listening(quick_app) as base, thunderbird(tmp_path) as program:
        found = await program.discover(base, user="anybody", password=quick_reader.token)
        assert found == [("区司法局", True)]
        first = await _shows(program, quick_town)
        assert len(first["uids"]) == 2
        await quick_town.edit(milestone, title="改过的名字")
        await quick_town.milestone("新的事", {"value": "2024-11-30"})
        assert len((await _shows(program, quick_town))["uids"]) == 3
        await quick_town.edit(milestone, due={"value": "2025-01-15"})
        await _shows(program, quick_town)
        await quick_town.edit(milestone, status="cancelled")
        quick_town.clock.set("2024-12-05T09:00")
        told = await _shows(program, quick_town)
        assert len(told["uids"]) == 2
        assert not told["disabled"]
        assert told["readOnly"]
