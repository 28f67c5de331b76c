"""Ways to die, and to stand still, and to be cut off."""

import asyncio
import signal
from collections.abc import Sequence

from tests.crash.play import Act, Replica

REACHED_WITHIN_S = 90.0


async def at_points(on: Act, names: Sequence[str]) -> None:
    """Kill each replica where it passes a point of its own."""
    await asyncio.gather(*(_at_point(on, *pair) for pair in zip(on.replicas, names, strict=True)))


async def _at_point(on: Act, victim: Replica, name: str) -> None:
    child = await victim.start(f"{name}=kill@{on.chance.choice((1, 1, 2))}")
    if not await child.until(ended=True, within=REACHED_WITHIN_S):
        on.faults.append(f"the point {name} was never reached")
    elif child.ended != -signal.SIGKILL:
        on.faults.append(f"a replica ended by itself with {child.ended} before it reached {name}")
    on.tally["kills"] += 1


async def at_random(on: Act, victim: Replica) -> None:
    """Kill a replica at any instant, mostly when it had begun to work, and start it again."""
    if on.chance.random() < 0.75:
        await victim.listens(within=REACHED_WITHIN_S)
        await on.editor.until_answered(within=REACHED_WITHIN_S)
    await asyncio.sleep(on.chance.uniform(0.0, 0.7))
    # Whoever is started in an outage and has nothing to send says so and ends: it is started again.
    if victim.child is not None and victim.child.ended not in ((None, 1) if on.tally["outages"] else (None,)):
        on.faults.append(f"a replica ended by itself with {victim.child.ended}")
    await victim.start()
    on.tally["kills"] += 1


async def stopped_past_its_lease(on: Act, victim: Replica, name: str, *, lease_s: float) -> None:
    """Stop a replica at this point, let its lease pass while another one works, and let it go on."""
    child = await victim.start(f"{name}=stop")
    if not await child.until(stopped=True, within=REACHED_WITHIN_S):
        on.faults.append(f"the point {name} was never reached")
        return
    await asyncio.sleep(lease_s + 1)
    child.send(signal.SIGCONT)
    await asyncio.sleep(1)
    on.tally["stops"] += 1


async def without_database(on: Act) -> None:
    """Stop PostgreSQL, as a crash or in order, and start it again a moment later."""
    await on.stage.stop(at_once=on.chance.random() < 0.5)
    await asyncio.sleep(on.chance.uniform(0.0, 1.5))
    await on.stage.start()
    await asyncio.sleep(on.chance.uniform(0.5, 3.0))
    on.tally["outages"] += 1


async def cut_off(on: Act) -> None:
    """Cut every connection to PostgreSQL at any instant."""
    if on.chance.random() < 0.5:
        await on.editor.until_answered(within=REACHED_WITHIN_S)
    await asyncio.sleep(on.chance.uniform(0.0, 0.7))
    on.tally["connections cut"] += await on.stage.cut()
