"""How a firing ends whose time has come."""

import datetime as dt
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from service.progress.rules import Standing, all_finished
from service.reminders.rules.offsets import NoticeKind, parse_offset
from service.reminders.rules.planning import (
    ALL_FINISHED,
    GRACE,
    NO_LONGER_OWED,
    NOT_PUBLISHED,
    Cause,
    End,
    FiringStatus,
)


class CatchUp(StrEnum):
    """What becomes of several notices about one due date that are due at once, after a time of rest say."""

    LATEST = "latest"  # only the latest goes out
    ALL = "all"  # each goes out
    DIGEST = "digest"  # the latest goes out, and tells of the others
    SKIP = "skip"  # what is older than the grace period stays unsent, with a record; of the rest the latest goes out


# A due notice says that something became due, which others may count on, however late; of reminders before and after
# only the latest is of any use.
CATCH_UP: Mapping[NoticeKind, CatchUp] = {
    NoticeKind.DUE_SOON: CatchUp.LATEST,
    NoticeKind.DUE: CatchUp.ALL,
    NoticeKind.OVERDUE: CatchUp.LATEST,
}

FIRE = End(FiringStatus.FIRED, Cause.TIME, "its time had come")


class Notice(NamedTuple):
    """A firing whose time has come, or came. `cause`: empty while it is pending.

    A tuple, as `Owed` is, because they are made by the ten thousand.
    """

    id: str
    occurrence: str
    offset: str
    kind: NoticeKind
    due_on: dt.date
    fire_at: dt.datetime
    status: FiringStatus
    cause: str = ""

    @property
    def place(self) -> tuple[dt.datetime, int, str]:
        """Which of two that are due says the later thing: by time, and at one time by the distance to the due date."""
        offset = parse_offset(self.offset)
        return self.fire_at, offset.count, self.offset


class Owed(NamedTuple):
    """What an occurrence is when one of its notices is due: is it still owed, of a published plan, and until when?"""

    active: bool
    published: bool
    due_on: dt.date | None


def ending(notice: Notice, owed: Owed, standings: Iterable[Standing], *, today: dt.date) -> End:
    """Whether a notice still goes out: `FIRE`, or what it ends as. `today` is the civil date where it is due.

    Whoever moves, cancels or finishes something ends its notices at that moment; here it is asked once more, for what
    nobody was told of: another member in a group, a change beside the API.
    """
    if not owed.active:
        return NO_LONGER_OWED
    if not owed.published:
        return NOT_PUBLISHED
    if owed.due_on != notice.due_on:
        return End(FiringStatus.SUPERSEDED, Cause.MOVED, f"the due date is no longer {notice.due_on}")
    if all_finished(standings):
        return ALL_FINISHED
    if notice.kind is NoticeKind.DUE_SOON and notice.due_on < today:
        return End(
            FiringStatus.SKIPPED, Cause.PASSED, f"the due date {notice.due_on} had passed before it could go out"
        )
    return FIRE


def catch_up(
    notice: Notice,
    beside: Iterable[Notice],
    *,
    now: dt.datetime,
    policy: Mapping[NoticeKind, CatchUp] = CATCH_UP,
    grace: dt.timedelta = GRACE,
) -> End:
    """Whether a notice that would go out is left to a later one. `beside`: the others of its due date that are due.

    A reminder before the due date is overtaken by anything later, other notices by a later one of their own kind: of
    those that wait and of those that went out, whoever sent them. The answer does not depend on who asks first.
    """
    choice = policy[notice.kind]
    if choice is CatchUp.SKIP and notice.fire_at < now - grace:
        return End(FiringStatus.SKIPPED, Cause.GRACE, "older than the grace period when the service was back")
    if choice is CatchUp.ALL or not any(_overtakes(other, notice) for other in beside):
        return FIRE
    if choice is CatchUp.DIGEST:
        return End(FiringStatus.SUPERSEDED, Cause.DIGEST, "a later reminder tells of it")
    return End(FiringStatus.SUPERSEDED, Cause.OVERTAKEN, "a later reminder overtook it")


def _overtakes(other: Notice, notice: Notice) -> bool:
    if other.occurrence != notice.occurrence or other.due_on != notice.due_on or other.place <= notice.place:
        return False
    if other.status not in (FiringStatus.PENDING, FiringStatus.FIRED):
        return False
    return notice.kind in (NoticeKind.DUE_SOON, other.kind)


def told_with(
    notice: Notice, beside: Iterable[Notice], *, policy: Mapping[NoticeKind, CatchUp] = CATCH_UP
) -> tuple[Notice, ...]:
    """The notices that a digest tells of, in order: those left to it since the last of its kind that went out.

    None where its kind is not sent as a digest.
    """
    if policy[notice.kind] is not CatchUp.DIGEST:
        return ()
    told: list[Notice] = []
    for other in sorted(beside, key=lambda each: each.place):
        alike = (other.occurrence, other.due_on, other.kind) == (notice.occurrence, notice.due_on, notice.kind)
        if not alike or other.place >= notice.place:
            continue
        if other.status is FiringStatus.FIRED:
            told.clear()
        elif other.status is FiringStatus.PENDING or other.cause == Cause.DIGEST:
            told.append(other)
    return tuple(told)
