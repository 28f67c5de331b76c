"""What Thunderbird, subscribed to a unit's feed, shows after each step of the feed's life: said once, for the test that
tries it and for docs/compatibility.md."""

from collections.abc import Iterable
from typing import NamedTuple

ENABLED = "enabled"
UNREACHED = "enabled, marked as not readable"
LATER = "disabled until Thunderbird is started again"
CLOSED = "disabled for good"


class Step(NamedTuple):
    """What was done, how many entries Thunderbird shows then, and how its calendar stands.

    `new`, `changed`, `gone`: entries that it did not show before, shows otherwise, shows no more.
    """

    done: str
    shown: int
    new: int
    changed: int
    gone: int
    calendar: str


STEPS = (
    Step("it subscribes to a feed with nothing in it, which says so", 1, 1, 0, 0, ENABLED),
    Step("five tasks are added", 5, 5, 0, 1, ENABLED),
    Step("a title is edited", 5, 0, 1, 0, ENABLED),
    Step("a due date is moved", 5, 0, 1, 0, ENABLED),
    Step("a task is cancelled", 5, 0, 1, 0, ENABLED),
    Step("a task is deleted", 5, 0, 1, 0, ENABLED),
    Step("a task leaves its plan (`apply --prune`)", 5, 0, 1, 0, ENABLED),
    Step("somebody puts an entry of their own into it", 5, 0, 0, 0, ENABLED),
    Step("the link is rotated: its old address", 6, 1, 0, 0, ENABLED),
    Step("the link is rotated: its new address", 5, 5, 0, 0, ENABLED),
    Step("the service is killed", 5, 0, 0, 0, UNREACHED),
    Step("a proxy in its place breaks the connection", 5, 0, 0, 0, UNREACHED),
    Step("the service is started again", 5, 0, 0, 0, ENABLED),
    Step("the file of the database is gone", 5, 0, 0, 0, ENABLED),
    Step("the service is killed, and started without its database", 5, 0, 0, 0, ENABLED),
    Step("the database is back, two months later, and a task is added", 3, 1, 1, 3, ENABLED),
    Step("the old address has come to its end", 6, 0, 0, 0, CLOSED),
    Step("the link is revoked", 3, 0, 0, 0, CLOSED),
)


def told() -> list[str]:
    """The steps as a table."""
    names = ("what happens", "entries", "new", "changed", "gone", "the calendar is")
    return [_row(names), _row(["---"] * len(names)), *map(_row, STEPS)]


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
