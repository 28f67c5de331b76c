"""Which notices of an occurrence are kept, which end, and which are planned anew."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.reminders.rules.timing import Planned

HORIZON = dt.timedelta(days=400)  # how far ahead notices are planned
GRACE = dt.timedelta(hours=24)  # what should have gone out longer ago than this is no news when it is first planned


class FiringStatus(StrEnum):
    """How a firing stands, or how it ended."""

    PENDING = "pending"
    FIRED = "fired"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class Cause(StrEnum):
    """Why a firing ended, in one word for programs; the sentence beside it is for people."""

    TIME = "time"  # it was due
    MOVED = "moved"  # the due date is another one
    POLICY = "policy"  # the reminder policy asks for something else
    ZONE = "zone"  # the plan's time zone is another one
    WORKDAYS = "workdays"  # the days that are worked, or the rule about them
    OVERTAKEN = "overtaken"  # a later notice says it better
    DIGEST = "digest"  # a later notice tells of it
    CANCELLED = "cancelled"  # the date is no longer owed
    FINISHED = "finished"  # everybody who owes it has finished
    DRAFT = "draft"  # the plan is not published
    PASSED = "passed"  # the due date that it was to announce has passed
    GRACE = "grace"  # it should have gone out too long ago


# These ended because of what was planned then, not because of what went out: the same notice may be planned again.
UNDONE = frozenset(
    {Cause.MOVED, Cause.POLICY, Cause.ZONE, Cause.WORKDAYS, Cause.CANCELLED, Cause.FINISHED, Cause.DRAFT}
)


@dataclass(frozen=True, slots=True)
class End:
    """How a firing ends."""

    status: FiringStatus
    cause: Cause
    reason: str


NO_LONGER_OWED = End(FiringStatus.CANCELLED, Cause.CANCELLED, "this date is no longer owed")
ALL_FINISHED = End(FiringStatus.CANCELLED, Cause.FINISHED, "everybody who owes this has finished")
NOT_PUBLISHED = End(FiringStatus.CANCELLED, Cause.DRAFT, "the plan is not published")
TOO_OLD = End(FiringStatus.SKIPPED, Cause.GRACE, "older than the grace period")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A firing as it stands in the ledger. `cause`: empty while it is pending."""

    id: str
    offset: str
    due_version: int
    due_on: dt.date
    civil_on: dt.date
    civil_at: dt.time
    time_zone: str
    fire_at: dt.datetime
    status: FiringStatus
    cause: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A firing to be written: pending, or ended from the start."""

    planned: Planned
    due_version: int
    end: End | None


@dataclass(frozen=True, slots=True)
class Replanning:
    """What has to be written so that the ledger of an occurrence says what is wanted now.

    `due_version` counts how often its notices had to be planned again. `extend_at`: when the next notice comes within
    the horizon; None: none is beyond it.
    """

    ends: tuple[tuple[str, End], ...]
    opens: tuple[Opened, ...]
    due_version: int
    extend_at: dt.datetime | None


def replan(
    wanted: Sequence[Planned],
    held: Sequence[Held],
    *,
    due_on: dt.date | None,
    due_version: int,
    stopped: End | None,
    now: dt.datetime,
    horizon: dt.timedelta = HORIZON,
    grace: dt.timedelta = GRACE,
) -> Replanning:
    """Bring the firings of an occurrence up to what is wanted of it now.

    `wanted`: what the policy asks for; `held`: all its firings so far; `stopped`: why nothing is wanted at all.
    1. What is pending and still wanted stays. 2. What is pending and no longer wanted ends, with the reason. 3. What is
    wanted within the horizon and is neither pending nor has been said already is opened, as skipped where it is older
    than the grace period. Doing it twice changes nothing the second time.
    """
    asked = () if stopped or due_on is None else wanted
    near = [each for each in asked if each.fire_at <= now + horizon]
    beyond = [each.fire_at - horizon for each in asked if each.fire_at > now + horizon]
    done = {_sense(each.offset, each.due_on, each.fire_at) for each in held if _settled(each, now=now, grace=grace)}
    missing = [each for each in near if _sense(str(each.offset), due_on, each.fire_at) not in done]
    kept = {_sense(str(each.offset), due_on, each.fire_at) for each in asked}
    ends = tuple(
        (each.id, stopped or _why_not(each, asked, due_on=due_on))
        for each in held
        if each.status is FiringStatus.PENDING and _sense(each.offset, each.due_on, each.fire_at) not in kept
    )
    version = _version(due_version, held, missing, ended=bool(ends))
    opens = tuple(Opened(each, version, TOO_OLD if each.fire_at < now - grace else None) for each in missing)
    return Replanning(ends, opens, version, min(beyond, default=None))


def _sense(offset: str, due_on: dt.date | None, fire_at: dt.datetime) -> tuple[str, dt.date | None, dt.datetime]:
    """What makes two firings say the same thing at the same time."""
    return offset, due_on, fire_at


def _settled(firing: Held, *, now: dt.datetime, grace: dt.timedelta) -> bool:
    """Whether a firing need not be planned again: it waits, or what it had to say was said or came too late.

    What was too old at a moment that turns out to lie in the future (somebody set the clock back) was not.
    """
    if firing.cause == Cause.GRACE:
        return firing.fire_at < now - grace
    return firing.cause not in UNDONE


def _version(current: int, held: Iterable[Held], missing: Sequence[Planned], *, ended: bool) -> int:
    if not missing:
        return current
    taken = {each.offset for each in held if each.due_version == current}
    if current and not ended and not taken & {str(each.offset) for each in missing}:
        return current  # more of the same: another day came within the horizon, another offset into the policy
    return current + 1


def _why_not(firing: Held, wanted: Sequence[Planned], *, due_on: dt.date | None) -> End:
    """Why a pending firing is no longer wanted, while others are."""
    if firing.due_on != due_on:
        went = f"moved from {firing.due_on} to {due_on}" if due_on else f"of {firing.due_on} was taken away"
        return _superseded(Cause.MOVED, f"the due date {went}")
    instead = next((each for each in wanted if str(each.offset) == firing.offset), None)
    if instead is None or instead.at != firing.civil_at:
        return _superseded(Cause.POLICY, "the reminder policy changed")
    if instead.zone != firing.time_zone:
        return _superseded(Cause.ZONE, f"the time zone changed from {firing.time_zone} to {instead.zone}")
    return _superseded(Cause.WORKDAYS, f"it goes out on {instead.on}: workdays or the rule about them changed")


def _superseded(cause: Cause, reason: str) -> End:
    return End(FiringStatus.SUPERSEDED, cause, reason)
