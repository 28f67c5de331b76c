"""What the doors of one process share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import cast

from starlette.requests import HTTPConnection

from service.gate.afterwards import Afterwards
from service.gate.metrics import Metrics
from service.gate.news import News
from service.gate.outside import Outside
from service.gate.pulse import Pulse
from service.gate.throttle import Throttle
from service.journal.models import Recorded
from service.kit.clock import Clock, RealClock
from service.kit.database import Database, sqlite_path
from service.kit.seal import Seal
from service.kit.secret import kept_secret
from service.settings import Settings
from service.webhooks.actions.sealing import Seals
from service.webhooks.store.ledger import last_number

# Hears of a change once it is committed: for caches in this process. Must not fail, must not wait.
Hearer = Callable[[Sequence[Recorded]], None]


@dataclass
class Gate:
    """Settings, database and clock, and what is counted and remembered from request to request."""

    settings: Settings
    database: Database
    clock: Clock
    metrics: Metrics = field(default_factory=Metrics)
    throttle: Throttle = field(default_factory=Throttle)
    afterwards: Afterwards = field(default_factory=Afterwards)
    hearers: list[Hearer] = field(default_factory=list)
    pulse: Pulse | None = None  # of a process that fires
    host_clock: Clock = field(default_factory=RealClock)  # which deliveries follow, whatever the service's clock says
    answers_swept_at: datetime | None = None
    # How long a repeated creation waits for the first one to be done.
    patience_ms: int = 5_000

    @cached_property
    def secret(self) -> str:
        """`MILEPOST_SECRET`, or the one that is kept in a file beside the embedded database. Raises OSError."""
        if self.settings.secret is not None:
            return self.settings.secret
        path = sqlite_path(self.database.url)
        return kept_secret((path.parent if path else Path("var")) / "secret")

    @cached_property
    def answers(self) -> Seal:
        """What seals kept answers."""
        return Seal(self.secret, purpose="idempotent answers")

    @cached_property
    def seals(self) -> Seals:
        """What seals the secrets of endpoints and the service's signing keys."""
        return Seals.of(self.secret)

    @cached_property
    def outside(self) -> Outside:
        """What holds the one client for what is sent out."""
        return Outside(self.settings.allow_networks)

    @cached_property
    def news(self) -> News:
        """Those who wait for events. Whoever fans out in this process rings."""
        return News(self._last_number)

    async def _last_number(self) -> int:
        async with self.database.read() as session:
            return await last_number(session)

    async def close(self) -> None:
        """Let those go who wait, and close what leads outside."""
        await self.news.close()
        await self.outside.close()


def gate_of(connection: HTTPConnection) -> Gate:
    """The gate that a request came through."""
    return cast(Gate, connection.app.state.gate)
