"""The short form: every failpoint once and some deaths at random, on both databases.

`python -m tests.crash` is the long one; docs/reliability.md keeps what it found.
"""

import asyncio
import random
from collections.abc import Mapping

import pytest

from tests.crash.play import Act, Result, Scene, at_random, perform
from tests.crash.scenes import NAMES, next_points

pytestmark = pytest.mark.slow

REPLICAS = 3
TURNS = -(-len(NAMES) // REPLICAS)
AT_RANDOM = 3
SECONDS = 20.0  # for killing; what is done then is compared


async def _all_and_some(on: Act, turn: int) -> None:
    if turn < TURNS:
        await next_points(on, turn)
    else:
        for each in on.replicas:
            if each.child is None or each.child.ended is not None:
                await each.start()
        await at_random(on)


@pytest.fixture(scope="module")
def results() -> Mapping[str, Result]:
    """Both databases at once: most of the time is waiting."""
    scene = Scene("every point, then at random", TURNS + AT_RANDOM, _all_and_some, replicas=REPLICAS)
    seed = random.randrange(1_000_000)

    async def both() -> list[Result]:
        return await asyncio.gather(
            *(
                perform(scene, kind, seed=seed + place, seconds=SECONDS, say=lambda _: None)
                for place, kind in enumerate(scene.kinds)
            )
        )

    return {each.kind: each for each in asyncio.run(both())}


@pytest.mark.parametrize("kind", ("sqlite", "postgresql"))
def test_whoever_is_killed_nothing_is_lost_made_up_or_said_too_late(results: Mapping[str, Result], kind: str) -> None:
    result = results[kind]
    assert result.faults == ()
    assert result.tally["kills"] >= REPLICAS
    assert result.tally["messages"] >= result.tally["tasks"] > 0
