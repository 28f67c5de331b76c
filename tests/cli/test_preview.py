"""`milepost preview`: what would go out, by day."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog

from service.cli.columns import aligned, cut, width
from service.cli.main import main
from service.kit.database import Database
from tests.conftest import SECRET
from tests.reminders.world import World

NOW = datetime(2024, 10, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def environment(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MILEPOST_DATABASE_URL", database_url)
    monkeypatch.setenv("MILEPOST_SECRET", SECRET)
    monkeypatch.setenv("MILEPOST_CLOCK", "2024-10-01T08:00+08:00@0")
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_a_year_is_printed_by_day_with_what_stays_and_why(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def live() -> None:
        database = Database(database_url)
        world = World(database, NOW)
        await world.settle()
        await world.milestone("2024-10-15", roles={"demo.justice": "lead", "demo.water": "support"})
        await world.say(await world.milestone("2024-10-16"), "accepted")
        await database.close()

    asyncio.run(live())
    assert main(["preview", "--from", "2024-10-14", "--to", "2024-10-16", "--plan", "demo-2024"]) == 0
    assert capsys.readouterr().out == (
        "2024-10-14 Mon\n"
        "  09:00  -1d  due 2024-10-15  任务  demo-2024  demo.justice, demo.water  → no endpoint\n"
        "\n"
        "2024-10-15 Tue\n"
        "  09:00  0d   due 2024-10-15  任务  demo-2024  demo.justice, demo.water  → no endpoint\n"
        "  09:00  -1d  due 2024-10-16  任务  demo-2024  demo.justice (accepted)   → no endpoint"
        "  stays: everybody who owes this has finished\n"
        "\n"
        "2024-10-16 Wed\n"
        "  09:00  +1d  due 2024-10-15  任务  demo-2024  demo.justice, demo.water  → no endpoint\n"
        "  09:00  0d   due 2024-10-16  任务  demo-2024  demo.justice (accepted)   → no endpoint"
        "  stays: everybody who owes this has finished\n"
        "\n"
        "5 notices, 3 would go out\n"
    )
    assert main(["preview", "--from", "soon", "--to", "2024-10-16"]) == 1
    assert capsys.readouterr().err == "--from: 'soon' is no day; write 2024-10-01, or 2024-10-01T08:00\n"


def test_columns_stand_below_each_other_whatever_the_script() -> None:
    lines = aligned([("报送清单", "a"), ("list", "b")])
    assert lines == ["报送清单  a", "list      b"]
    assert (width("报送"), width("e\u0301"), cut("报送清单", 5), cut("报送清单", 8)) == (4, 1, "报送…", "报送清单")
