"""The short form: every failpoint once and some deaths at random, on both databases.

`python -m tests.crash` is the long one; docs/reliability.md keeps what it found.
"""

import asyncio
import random
from collections.abc import Mapping

import pytest

from tests.crash.database import scratch
from tests.crash.nursery import nursery
from tests.crash.play import Act, Result, Scene, perform
from tests.crash.scenes import NAMES, next_points, stopped_while_others_die

pytestmark = pytest.mark.slow

REPLICAS = 3
TURNS = -(-len(NAMES) // REPLICAS)
PLENTY = 300.0  # seconds; the turns bound it


async def _all_and_some(on: Act, turn: int) -> None:
    await (next_points if turn < TURNS else stopped_while_others_die)(on, turn)


@pytest.fixture(scope="module")
def results() -> Mapping[str, Result]:
    """Both databases at once: most of the time is waiting."""
    scene = Scene("every point, then past the lease and at random", TURNS + 1, _all_and_some, replicas=REPLICAS)
    seed = random.randrange(1_000_000)

    async def both() -> list[Result]:
        async with scratch() as folder, nursery(folder, *scene.pace) as where:
            acts = (
                perform(scene, kind, where, seed=seed + place, seconds=PLENTY, say=lambda _: None)
                for place, kind in enumerate(scene.kinds)
            )
            return await asyncio.gather(*acts)

    return {each.kind: each for each in asyncio.run(both())}


@pytest.mark.parametrize("kind", ("sqlite", "postgresql"))
def test_whoever_is_killed_nothing_is_lost_made_up_or_said_too_late(results: Mapping[str, Result], kind: str) -> None:
    result = results[kind]
    assert result.faults == ()
    assert result.tally["kills"] >= len(NAMES)
    assert result.tally["late settles refused"] > 0
    assert result.tally["messages"] >= result.tally["tasks"] > 0
