"""Libraries and programs of others: each finds the calendar, keeps a copy, and learns of every change."""

import asyncio
import re
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.app import Milepost
from tests.caldav.conftest import Reader
from tests.caldav.programs import VDIRSYNCER, listening, run
from tests.feeds.world import World

UID = re.compile(r"^UID:(\S+)\r?$", re.MULTILINE)


async def _uids(town: World) -> set[str]:
    return {str(each["UID"]) for each in await town.entries("unit:demo.justice")}


async def _furnish(town: World) -> str:
    await town.milestone("按季报送，附件一", {"rrule": "FREQ=MONTHLY;INTERVAL=3"})
    await town.milestone("下午五点前报送", {"value": "2024-11-15", "time": "17:00"})
    return await town.milestone("梳理问题清单 👩‍👩‍👧‍👦", {"value": "2024-12-31"})


@pytest.mark.compatible("caldav (Python)", "CalDAV: finds the calendar, reads, searches, learns of edits and deletions")
async def test_the_caldav_library_finds_reads_and_syncs(
    quick_reader: Reader, quick_town: World, quick_app: Milepost
) -> None:
    caldav: Any = pytest.importorskip("caldav")
    milestone = await _furnish(quick_town)
    async with listening(quick_app) as base:

        def connect() -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what the library thinks of its own past is its affair
                client = caldav.DAVClient(url=f"{base}/dav/", username="x", password=quick_reader.token)
                (calendar,) = client.principal().calendars()
                return calendar

        def titles(found: Any) -> set[str]:
            return {str(each.icalendar_component["SUMMARY"]) for each in found}

        def search(calendar: Any) -> set[str]:
            december = {"start": datetime(2024, 12, 1, tzinfo=UTC), "end": datetime(2025, 1, 1, tzinfo=UTC)}
            return titles(calendar.search(**december, event=True))

        calendar = await asyncio.to_thread(connect)
        events = await asyncio.to_thread(calendar.events)
        assert {str(each.icalendar_component["UID"]) for each in events} == await _uids(quick_town)
        assert any("👩‍👩‍👧‍👦" in title for title in await asyncio.to_thread(search, calendar))
        one = next(iter(await _uids(quick_town)))
        assert (await asyncio.to_thread(calendar.event_by_uid, one)).icalendar_component["UID"] == one
        assert await asyncio.to_thread(calendar.todos) == []

        copy = await asyncio.to_thread(calendar.objects, load_objects=True)
        await quick_town.edit(milestone, title="改过的名字")
        updated, deleted = await asyncio.to_thread(copy.sync)
        assert [len(updated), len(deleted)] == [1, 0]
        await quick_town.edit(milestone, status="cancelled")
        quick_town.clock.set("2024-12-05T09:00")
        updated, deleted = await asyncio.to_thread(copy.sync)
        assert len(deleted) == 1
        with pytest.raises(caldav.lib.error.DAVError):
            await asyncio.to_thread(calendar.save_event, next(iter(events)).data)


CONFIG = """\
[general]
status_path = "{folder}/status/"

[pair deadlines]
a = "local"
b = "milepost"
collections = ["from b"]
conflict_resolution = "b wins"

[storage local]
type = "filesystem"
path = "{folder}/calendars/"
fileext = ".ics"

[storage milepost]
type = "caldav"
url = "{base}/"
username = "anybody"
password = "{token}"
read_only = true
"""


@pytest.mark.compatible("vdirsyncer", "CalDAV: keeps a folder in step, edits and deletions among it")
@pytest.mark.skipif(not VDIRSYNCER.exists(), reason="vdirsyncer is not installed")
async def test_vdirsyncer_keeps_a_folder_in_step(
    quick_reader: Reader, quick_town: World, quick_app: Milepost, tmp_path: Path
) -> None:
    milestone = await _furnish(quick_town)
    folder = tmp_path / "calendars" / "justice"

    async def sync() -> set[str]:
        await run(str(VDIRSYNCER), "-c", "config", "sync", folder=tmp_path)
        texts = [path.read_text(encoding="utf-8") for path in folder.glob("*.ics")]
        return {uid for text in texts for uid in UID.findall(text)}

    async with listening(quick_app) as base:
        (tmp_path / "config").write_text(CONFIG.format(folder=tmp_path, base=base, token=quick_reader.token))
        await run(str(VDIRSYNCER), "-c", "config", "discover", folder=tmp_path, answer="y\n" * 5)
        assert await sync() == await _uids(quick_town)
        await quick_town.edit(milestone, title="改过的名字")
        await sync()
        assert "改过的名字" in "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.ics"))
        await quick_town.edit(milestone, status="cancelled")
        quick_town.clock.set("2024-12-05T09:00")
        after = await sync()
        assert after == await _uids(quick_town)
        assert len(after) > 2
