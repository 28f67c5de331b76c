"""How much of what is due may be on its way to one endpoint at once, and how fast. Pure."""

from datetime import datetime, timedelta

SUSPECT_AFTER = 3  # failures in a row
_BURST = timedelta(seconds=1)


def at_once(concurrency: int, *, failures: int) -> int:
    """How many attempts at an endpoint may be under way: its cap, and one where it only fails.

    So that any number of endpoints that hang cannot fill all of a process's attempts.
    """
    return 1 if failures >= SUSPECT_AFTER else concurrency


def allowance(per_minute: int | None, *, allowed_at: datetime, now: datetime) -> int | None:
    """How many messages its rate lets go now; None: any number.

    They are spread evenly. Where that means several a second, a second's share goes at once, since whoever asks comes
    no more often than that.
    """
    if per_minute is None:
        return None
    if allowed_at > now:
        return 0
    return 1 + int(_BURST / (timedelta(minutes=1) / per_minute))


def next_allowed(per_minute: int | None, sent: int, *, allowed_at: datetime, now: datetime) -> datetime:
    """When the next one may go after `sent` of them were let go now."""
    if per_minute is None or not sent:
        return allowed_at
    return max(allowed_at, now) + sent * (timedelta(minutes=1) / per_minute)
