"""`milepost why`: the ledger of an occurrence, for people."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog

from service.cli.main import main
from service.kit.database import Database
from tests.conftest import SECRET
from tests.reminders.world import World

NOW = datetime(2024, 10, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def environment(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MILEPOST_DATABASE_URL", database_url)
    monkeypatch.setenv("MILEPOST_SECRET", SECRET)
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def occurrence(database_url: str) -> str:
    """The id of one whose date was moved after its first reminder had gone out."""

    async def live() -> str:
        database = Database(database_url)
        world = World(database, NOW)
        await world.settle()
        task = await world.milestone("2024-11-07", roles={"demo.justice": "lead", "demo.water": "support"})
        await world.milestone({"rrule": "FREQ=YEARLY;BYMONTH=11"})
        await world.milestone({"open": True})
        await world.tick("2024-10-08T09:00")
        await world.edit(task, due="2024-12-05")
        await world.say(task, "in_progress")
        found = await world.occurrence(task)
        await database.close()
        return found

    return asyncio.run(live())


def _why(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["why", name]) == 0
    return capsys.readouterr().out


def test_every_planned_notice_stands_there_with_how_it_ended(
    occurrence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = _why(occurrence, capsys).splitlines()
    assert lines[:7] == [
        "任务",
        f"{occurrence}  demo-2024/n1@2024-12-05",
        "due        2024-12-05",
        "plan       published",
        "units      demo.justice (lead) in_progress, demo.water (support) pending",
        "reminders  -30d -7d -1d 0d +1d +7d at 09:00 (Asia/Shanghai), set for the service",
        "",
    ]
    table = [re.split(r"\s{2,}", line) for line in lines[7:]]
    assert table[0] == ["planned for", "offset", "what", "plan no.", "how it ended", "when", "why"]
    assert len(table) == 13
    assert table[1][:6] == ["2024-10-08 09:00", "-30d", "due_soon", "1", "fired", "2024-10-08 09:00"]
    assert re.fullmatch(r"its time had come, fact \d+", table[1][6])
    moved = [row for row in table if row[4] == "superseded"]
    assert {row[6] for row in moved} == {"the due date moved from 2024-11-07 to 2024-12-05"}
    assert [row[3:] for row in table if row[4] == "pending"] == [["2", "pending", "-", "it waits"]] * 6


@pytest.mark.parametrize(
    ("name", "found"),
    (
        ("demo-2024/n1", ["2024-12-05"]),
        ("demo-2024/n1@2024-12-05", ["2024-12-05"]),
        ("demo-2024/n2", ["2024-11", "2025-11", "2026-11"]),
        ("demo-2024/n2@2025-11", ["2025-11"]),
        ("demo-2024/n3", ["open"]),
    ),
)
def test_an_occurrence_is_found_by_plan_key_and_period(
    occurrence: str, name: str, found: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert re.findall(r"^oc_\S+  demo-2024/n\d@(\S+)$", _why(name, capsys), re.MULTILINE) == found


def test_where_no_notice_is_planned_it_says_why(occurrence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _why("demo-2024/n3", capsys).endswith("No notice is planned: there is no due date.\n")
    assert "it is far off" in _why("demo-2024/n2@2026-11", capsys)


@pytest.mark.parametrize("name", ("oc_none", "demo-2024/none", "none/n1", "demo-2024/n1@2023", "demo-2024/", "/"))
def test_what_is_not_there_is_told_in_one_sentence(
    occurrence: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["why", name]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"There is no occurrence '{name}'")
