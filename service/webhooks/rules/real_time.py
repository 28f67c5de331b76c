"""The service's clock may be simulated; deliveries live in real time. Pure."""

from datetime import datetime


def real_instant(at: datetime | None, *, now: datetime, real: datetime, speed: float) -> datetime | None:
    """The real instant at which the service's clock will show `at`; None: never, or nothing was asked.

    `now` is what it shows at the real instant `real`; it runs `speed` times as fast (1: as the real one, 0: it stands).
    """
    return real + (at - now) / speed if at is not None and speed else None
