"""Several processes of the service on one database: each firing goes out once."""

import json
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ADMIN_KEY, SECRET
from tests.fixtures.programs import free_port, running, until
from tests.reminders.world import World

pytestmark = pytest.mark.slow

WORKERS = 2
FIRINGS = 30


def _fired(lines: Iterator[str], count: int) -> list[int]:
    """The sizes of the batches that a program tells of, until they are so many firings in all."""
    sizes: list[int] = []
    for line in lines:
        said = json.loads(line) if line.startswith("{") else {}
        if said.get("event") == "fired":
            sizes.append(said["count"])
            if sum(sizes) >= count:
                return sizes
    raise AssertionError(f"it ended after {sizes}")


async def test_the_workers_of_a_service_share_one_database_and_fire_everything_once(
    world: World, database_url: str, tmp_path: Path
) -> None:
    await world.policy("0d")
    environ = {
        "MILEPOST_DATABASE_URL": database_url,
        "MILEPOST_SECRET": SECRET,
        "MILEPOST_ADMIN_KEY": ADMIN_KEY,
    }
    words = ("serve", "--port", str(free_port()), "--workers", f"{WORKERS}")
    with running(*words, folder=tmp_path, environ=environ) as program:
        assert program.stderr is not None
        for _ in range(WORKERS):
            until(program.stderr, '"started"')
        for _ in range(FIRINGS):
            await world.milestone("2024-11-07")  # by the real clock it is due at once, for each of them
        sizes = _fired(program.stderr, FIRINGS)
        program.send_signal(signal.SIGTERM)
        rest = program.communicate(timeout=60)[1]
    assert program.returncode == 0
    assert '"fired"' not in rest
    assert sum(sizes) == FIRINGS
    told = Counter(fact.after["notice"]["firing"] for fact in await world.notices() if fact.after)
    assert len(told) == FIRINGS
    assert set(told.values()) == {1}
    assert await world.pending() == []
