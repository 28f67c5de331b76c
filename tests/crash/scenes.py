"""What is done to the service."""

import asyncio
from collections.abc import Sequence

from service.webhooks.actions.claiming import LEASE
from tests.crash.deaths import at_points, at_random, cut_off, stopped_past_its_lease, without_database
from tests.crash.nursery import QUICK_LEASE
from tests.crash.play import Act, Scene, points

# Where a worker that stands still holds a lease.
HOLDING = ("deliver.claimed", "deliver.connected", "deliver.sent")
NAMES = points()


async def next_points(on: Act, turn: int) -> None:
    """Each replica dies at another point; the next turn goes on where this one ended."""
    count = len(on.replicas)
    await at_points(on, [NAMES[(turn * count + place) % len(NAMES)] for place in range(count)])


async def _random(on: Act, _turn: int) -> None:
    await on.revive()
    await at_random(on, on.anybody())


async def _stopped(on: Act, turn: int) -> None:
    await on.revive()
    lease_s = QUICK_LEASE.total_seconds()
    await stopped_past_its_lease(on, on.anybody(), HOLDING[turn % len(HOLDING)], lease_s=lease_s)


async def _stopped_in_earnest(on: Act, turn: int) -> None:
    await on.revive()
    lease_s = LEASE.total_seconds()
    await stopped_past_its_lease(on, on.anybody(), HOLDING[2 - turn % len(HOLDING)], lease_s=lease_s)


async def stopped_while_others_die(on: Act, _turn: int) -> None:
    """One stands still past its lease, the others are killed at random meanwhile."""
    first, *others = on.replicas

    async def die() -> None:
        await on.revive(others)
        for each in others:
            await at_random(on, each)

    lease_s = QUICK_LEASE.total_seconds()
    await asyncio.gather(stopped_past_its_lease(on, first, "deliver.sent", lease_s=lease_s), die())


async def _without_database(on: Act, _turn: int) -> None:
    await on.revive()
    await without_database(on)


async def _cut_off(on: Act, _turn: int) -> None:
    await on.revive()
    await cut_off(on)


async def _anything(on: Act, turn: int) -> None:
    ways = (next_points, _random, _random, stopped_while_others_die, _without_database, _cut_off)
    await on.chance.choice(ways)(on, turn)


def scenes(rounds: int) -> Sequence[Scene]:
    """Every act, of so many rounds."""
    return (
        Scene("SIGKILL at each point", rounds, next_points),
        Scene("SIGKILL at random", rounds, _random),
        Scene("SIGSTOP past the lease", max(rounds // 10, 1), _stopped, replicas=2),
        Scene("SIGSTOP past the real lease", max(rounds // 100, 1), _stopped_in_earnest, replicas=2, pace=()),
        Scene("PostgreSQL stopped and started", rounds, _without_database, kinds=("postgresql",)),
        Scene("connections cut", rounds, _cut_off, kinds=("postgresql",)),
        Scene("SIGKILL at each point", rounds, next_points, replicas=3, kinds=("postgresql",)),
        Scene("SIGKILL at random", rounds, _random, replicas=3, kinds=("postgresql",)),
        Scene("any of these", rounds, _anything, replicas=3, kinds=("postgresql",)),
    )
