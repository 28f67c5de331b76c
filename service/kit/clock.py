"""The one clock. Doors read it and hand `now` down; nothing else in the service may ask what time it is."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

MAX_SPEED = 1_000_000


class Clock(Protocol):
    """Anything that can say what time it is."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


@dataclass(frozen=True)
class RealClock:
    """The host's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class SimulatedClock:
    """A clock that stood at `start` when it was made and runs `speed` times as fast as the host's (0: it stands).

    From `until` on, where that is given, it runs at the host's pace. One whose `made` is infinite stands until `begin`.
    """

    start: datetime
    speed: float = 1.0
    made: float = field(default_factory=time.monotonic)
    until: datetime | None = None

    def now(self) -> datetime:
        # The monotonic clock: a host whose clock is set must not make simulated time jump.
        elapsed = max(time.monotonic() - self.made, 0.0) * self.speed
        at = self.start + timedelta(seconds=elapsed)
        return at if self.until is None or at <= self.until else self.until + (at - self.until) / self.speed

    def begin(self) -> None:
        """Stand at `start` now, and run from now on."""
        object.__setattr__(self, "made", time.monotonic())

    @property
    def pace(self) -> float:
        """How fast it runs now."""
        return self.speed if self.until is None or self.now() < self.until else 1.0


def asking(clock: Clock) -> Callable[[], datetime]:
    """What asks a clock; for the host's one call and nothing around it."""
    return partial(datetime.now, UTC) if isinstance(clock, RealClock) else clock.now


def counting(clock: Clock) -> Callable[[], float]:
    """What asks a clock for POSIX seconds: the polled path asks with every poll, and a number costs a third."""
    return time.time if isinstance(clock, RealClock) else lambda: clock.now().timestamp()


def speed_of(clock: Clock) -> float:
    """How many of its seconds pass in a real one: 1 for the host's clock, 0 for one that stands."""
    return clock.pace if isinstance(clock, SimulatedClock) else 1.0


def fixed(at: datetime) -> SimulatedClock:
    """A clock that always says `at` (aware)."""
    return SimulatedClock(start=at.astimezone(UTC), speed=0)


def parse_clock(text: str, *, zone: str) -> Clock:
    """Read `MILEPOST_CLOCK`: empty for the host's clock, else `2024-10-01T08:00+08:00@3600` (instant, speed).

    An instant without offset is a civil time in `zone` (IANA name); without `@` the clock runs at the host's speed.
    Raises ValueError with a sentence.
    """
    if not text.strip():
        return RealClock()
    instant, _, speed = text.strip().partition("@")
    return SimulatedClock(start=_read_instant(instant, ZoneInfo(zone)), speed=_read_speed(speed))


def _read_instant(text: str, zone: tzinfo) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is no instant; write it like 2024-10-01T08:00+08:00") from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    return at.astimezone(UTC)


def _read_speed(text: str) -> float:
    if not text:
        return 1.0
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not 0 <= speed <= MAX_SPEED:
        raise ValueError(f"'{text}' is no speed; it is a number from 0 (standing still) to {MAX_SPEED}")
    return speed
