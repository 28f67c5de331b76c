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
from service.gate.throttle import Throttle
from service.journal.models import JournalEntry
from service.kit.clock import Clock
from service.kit.database import Database, sqlite_path
from service.kit.seal import Seal
from service.kit.secret import kept_secret
from service.settings import Settings

# Hears of a change once it is committed: for caches in this process. Must not fail, must not wait.
Hearer = Callable[[Sequence[JournalEntry]], None]


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


def gate_of(connection: HTTPConnection) -> Gate:
    """The gate that a request came through."""
    return cast(Gate, connection.app.state.gate)
