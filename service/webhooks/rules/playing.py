"""When the notices of a rehearsal go out: a year in minutes, and never faster than an endpoint bears. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

MOST_NOTICES = 1_000
LONGEST = timedelta(hours=24)  # that one rehearsal plays, in real time
WORTH = timedelta(minutes=10)  # what has not arrived by then is left out: a rehearsal is no backlog
FASTEST_PER_MINUTE = 600


def timetable(
    instants: Sequence[datetime], *, start: datetime, speed: float, per_minute: int | None, real_now: datetime
) -> list[datetime]:
    """The real instant at which each of these is played; `instants` are in order, and none is before `start`.

    `speed`: how many times as fast as it will be. They stand apart by what half of the endpoint's rate allows (None: no
    rate of its own), so that what is real keeps its place beside them.
    """
    return list(_spaced(instants, start=start, speed=speed, per_minute=per_minute, real_now=real_now))


def _spaced(
    instants: Sequence[datetime], *, start: datetime, speed: float, per_minute: int | None, real_now: datetime
) -> Iterator[datetime]:
    apart = timedelta(minutes=1) / (min(per_minute or FASTEST_PER_MINUTE, FASTEST_PER_MINUTE) / 2)
    free_at = real_now
    for at in instants:
        plays_at = max(real_now + (at - start) / speed, free_at)
        yield plays_at
        free_at = plays_at + apart
