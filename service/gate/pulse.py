"""The pulse of a process that fires: how long ago its last good tick ended."""

from service.kit.stopwatch import stopwatch

# A tick is due every second; after this long without a good one, somebody should look.
FAINT_AFTER = 30.0


class Pulse:
    """Counts real seconds since the last tick that came to a good end; before the first one, since the start."""

    def __init__(self) -> None:
        self._since = stopwatch()

    def beat(self) -> None:
        """A tick has come to a good end."""
        self._since = stopwatch()

    @property
    def age(self) -> float:
        """How many seconds ago that was."""
        return self._since()

    @property
    def is_faint(self) -> bool:
        """Whether it was too long ago."""
        return self.age > FAINT_AFTER
