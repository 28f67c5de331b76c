"""Noticing that the host's clock was set."""

from collections.abc import Callable
from datetime import datetime

JUMP = 1.0  # seconds; a clock that is only slewed stays far below


class Jumps:
    """Compares a wall clock with one that nobody can set. `elapsed` counts seconds and never goes back."""

    def __init__(self, wall: Callable[[], datetime], elapsed: Callable[[], float]) -> None:
        self._wall, self._elapsed = wall, elapsed
        self._seen = wall(), elapsed()

    def seconds(self) -> float:
        """By how much the wall clock was set (or the machine slept) since this was last asked; 0: it was not."""
        before, self._seen = self._seen, (self._wall(), self._elapsed())
        went = (self._seen[0] - before[0]).total_seconds()
        jump = went - (self._seen[1] - before[1])
        return jump if abs(jump) >= JUMP else 0.0
