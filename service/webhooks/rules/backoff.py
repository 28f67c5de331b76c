"""When a delivery is tried again.

The schedule is the one that Standard Webhooks recommends. What is particular here is the deadline: a reminder of one
day is worthless after the due notice, so its tries move together towards that instant instead of waiting ten hours.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

SCHEDULE = (
    timedelta(),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""What passes before each try, the first at once; the tenth comes three days after the first."""

MOST_TRIES = len(SCHEDULE)
JITTER = 0.1  # of a delay, to either side
SHORTEST_GAP = timedelta(seconds=5)  # between two tries, however near the deadline


@dataclass(frozen=True, slots=True)
class Again:
    """Try again at this instant. `pulled`: earlier than planned, because of the deadline."""

    at: datetime
    pulled: bool = False


@dataclass(frozen=True, slots=True)
class Expired:
    """Never try again: whatever it says is overtaken at its deadline, and no try fits in before."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Exhausted:
    """Every try of the schedule is made. The delivery is kept, to be sent when its endpoint has recovered."""


Next = Again | Expired | Exhausted


def first_try(*, queued_at: datetime, not_after: datetime | None) -> Again | Expired:
    """A new delivery is tried at once, unless its deadline has passed before it was even queued."""
    if not_after is not None and queued_at >= not_after:
        return Expired(not_after)
    return Again(queued_at)


def next_try(
    *,
    delivery: str,
    tries: int,
    failed_at: datetime,
    not_after: datetime | None = None,
    retry_after: timedelta | None = None,
) -> Next:
    """What follows when try number `tries` (1 is the first) of a delivery has failed at `failed_at`.

    1. The schedule's delay, with jitter that follows from the delivery's id and the number: every replica computes the
       same instant.
    2. Never more than half of the time left to `not_after`, so that several tries lie before it.
    3. At least what the receiver asked for with `Retry-After` (bounded to a day by `parse_retry_after`), but with a
       deadline still one try before it: the receiver is asked once more rather than never told.
    4. Expired when less than `SHORTEST_GAP` is left.
    """
    if not_after is not None and not_after - failed_at < SHORTEST_GAP:
        return Expired(not_after)
    if tries >= MOST_TRIES:
        return Exhausted()
    planned = SCHEDULE[max(tries, 1)] * jitter(delivery, tries)
    wait = planned
    if not_after is not None:
        wait = min(planned, (not_after - failed_at) / 2)
    wait = max(wait, SHORTEST_GAP * (1 - JITTER), retry_after or timedelta())
    if not_after is not None:
        wait = min(wait, _last_moment(not_after - failed_at))
    return Again(failed_at + wait, pulled=wait < planned)


def _last_moment(left: timedelta) -> timedelta:
    """The latest try that still has a little time to arrive before the deadline."""
    return left - min(SHORTEST_GAP, left / 2)


def jitter(delivery: str, tries: int) -> float:
    """A factor from 1 - JITTER to 1 + JITTER, evenly spread over deliveries and tries, always the same for one."""
    digest = hashlib.sha256(f"{delivery}\x1f{tries}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    return 1 - JITTER + 2 * JITTER * share
