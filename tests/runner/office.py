"""A world of webhooks with the loop of one process that delivers them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.gate.state import Gate
from service.kit.outbound.client import Outbound
from service.runner.attempting import Attempting
from service.runner.sending import AT_ONCE, Sender
from service.runner.supervising import Signals
from service.webhooks.models import Attempt, Delivery
from tests.kit.outbound.receivers import Receiver
from tests.webhooks.world import Post

PLENTY = 30.0  # seconds; nothing here takes a tenth of it


class Watched(Sender):
    """A sender that tells of each of its transactions."""

    settled: asyncio.Event

    async def _transact(self) -> None:
        await super()._transact()
        self.settled.set()


@dataclass
class Office:
    """A world, and the loop of one process that delivers its webhooks. What the loop settles stirs `settled`."""

    post: Post
    gate: Gate
    signals: Signals
    outbound: Outbound
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    deadline_s: float = 15.0
    grace: float = 5.0
    at_once: int = AT_ONCE

    async def endpoint(self, receiver: Receiver, **values: Any) -> str:
        return await self.post.endpoint(receiver.url("/hook"), **({"types": ["milestone.created"]} | values))

    async def tasks(self, count: int = 1) -> None:
        """As many events, fanned out now."""
        for _ in range(count):
            await self.post.milestone("2024-11-07")
        self.post.real = self.gate.host_clock.now()
        await self.post.fan()
        self.signals.deliveries.set()

    @contextlib.asynccontextmanager
    async def delivering(self) -> AsyncIterator[None]:
        """Deliver while the block lasts."""
        attempting = Attempting(self.gate, self.outbound, deadline_s=self.deadline_s)
        sender = Watched(self.gate, self.signals, attempting, at_once=self.at_once, grace=self.grace)
        sender.settled = self.settled
        loop = asyncio.create_task(sender.run())
        try:
            yield
            assert not loop.done() or loop.exception() is None
        finally:
            self.signals.stopping.set()
            await loop

    async def until(self, holds: Callable[[Sequence[Delivery]], bool]) -> Sequence[Delivery]:
        """Wait until this can be said of the deliveries; asked after each commit."""
        async with asyncio.timeout(PLENTY):
            while True:
                self.settled.clear()
                rows = await self.post.deliveries()
                if holds(rows):
                    return rows
                await self.settled.wait()

    async def attempt(self, endpoint: str) -> Attempt:
        """The first attempt at an endpoint, when it has ended."""
        async with asyncio.timeout(PLENTY):
            while True:
                self.settled.clear()
                mine = {row.id for row in await self.post.deliveries() if row.endpoint == endpoint}
                ended = [row for row in await self.post.attempts() if row.delivery in mine and row.outcome]
                if ended:
                    return min(ended, key=lambda row: row.started_at)
                await self.settled.wait()
