"""What an event says: its type, when it happened, what it is about, why it was sent.

These values are the contract: field by field they become the `data` of a payload (`payload.py`), its JSON Schema
(`schemas.py`), and the cards that group robots show (`formats/cards.py`). The text beside a field is its description in
the schema. Fields are only ever added.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from service.progress.rules import ProgressStatus
from service.webhooks.rules.parts import (
    Cause,
    CauseKind,
    Change,
    DaysLeft,
    DueOn,
    Jurisdiction,
    MilestonePart,
    OccurrencePart,
    PlanPart,
    UnitPart,
    Url,
)


class EventType(StrEnum):
    """Everything that others may hear of."""

    MILESTONE_CREATED = "milestone.created"
    MILESTONE_UPDATED = "milestone.updated"
    MILESTONE_CANCELLED = "milestone.cancelled"
    OCCURRENCE_DUE_SOON = "occurrence.due_soon"
    OCCURRENCE_DUE = "occurrence.due"
    OCCURRENCE_OVERDUE = "occurrence.overdue"
    OCCURRENCE_RESCHEDULED = "occurrence.rescheduled"
    PROGRESS_UPDATED = "progress.updated"
    PLAN_PUBLISHED = "plan.published"
    FEED_STALE = "feed.stale"
    ENDPOINT_FAILING = "endpoint.failing"
    ENDPOINT_DISABLED = "endpoint.disabled"
    ENDPOINT_PING = "endpoint.ping"
    ENDPOINT_CHECKPOINT = "endpoint.checkpoint"
    ENDPOINT_DIGEST = "endpoint.digest"


class Cadence(StrEnum):
    """How often a digest comes."""

    DAILY = "daily"
    WEEKLY = "weekly"


EndpointId = Annotated[str, "Id of the endpoint that this is about."]
Host = Annotated[str, "Host of its address; the rest of the address may be secret."]


# ── what an event is about ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneNews:
    """A milestone was added, changed or cancelled. `due_on` is its next one; units are those that answer then."""

    milestone: MilestonePart
    plan: PlanPart
    due_on: DueOn = None
    days_left: DaysLeft = None
    units: tuple[UnitPart, ...] = ()
    changes: tuple[Change, ...] = ()
    url: Url = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceNotice:
    """A planned notice: something falls due, is due today, or is overdue."""

    occurrence: OccurrencePart
    milestone: MilestonePart
    plan: PlanPart
    due_on: DueOn
    days_left: DaysLeft
    units: tuple[UnitPart, ...] = ()
    offset: Annotated[str | None, "Which notice of its policy: `-7d`, `-1wd`, `0d`, `+7d`."] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescheduled:
    """The same occurrence has another due date; reminders that were sent before no longer hold."""

    occurrence: OccurrencePart
    milestone: MilestonePart
    plan: PlanPart
    due_on: DueOn
    previous_due_on: Annotated[date | None, "The due date until now."]
    days_left: DaysLeft
    units: tuple[UnitPart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressNews:
    """A unit said how it stands, or somebody judged what it said."""

    occurrence: OccurrencePart
    milestone: MilestonePart
    plan: PlanPart
    due_on: DueOn
    days_left: DaysLeft
    units: tuple[UnitPart, ...] = ()
    unit: Annotated[UnitPart, "The unit whose progress this is, as it stands now."]
    previous_status: ProgressStatus
    note: str = ""
    evidence: Annotated[str, "Address of a document that shows it."] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPublished:
    """A plan became valid: its milestones count from now on."""

    plan: PlanPart
    milestones: Annotated[int, "How many it has."]
    first_due_on: date | None = None
    last_due_on: date | None = None
    url: Url = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStale:
    """A due date moved, and a subscription was not fetched since: the unit may not know. Perhaps its calendar program
    gave up."""

    feed: Annotated[str, "Id of the subscription."]
    subject: Annotated[str, "What it shows: `unit:chongming.justice`, `plan:…`."]
    jurisdiction: Jurisdiction
    label: str = ""
    last_fetched_at: datetime | None
    idle_days: int
    unit: Annotated[str | None, "Code of the unit that may not know; null where the subscription is no unit's."] = None
    program: Annotated[str | None, "The program that fetched it last: `google`, `thunderbird` and so on."] = None
    moved_at: Annotated[datetime | None, "When the first of those due dates moved."] = None
    moved: Annotated[int, "How many moved since it was fetched."] = 0
    occurrences: Annotated[tuple[str, ...], "Ids of the first of them."] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointFailing:
    """An endpoint fails again and again. Its deliveries will be held, and none is dropped."""

    endpoint: EndpointId
    host: Host
    jurisdiction: Annotated[str | None, "Code of the jurisdiction that it belongs to."] = None
    failures: Annotated[int, "In a row."]
    since: Annotated[datetime, "The first of them."]
    reason: Annotated[str, "What the last attempt met."]
    holds_at: Annotated[datetime, "When its deliveries will be held, should nothing change."]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDisabled:
    """An endpoint is sent nothing any more, until somebody enables it."""

    endpoint: EndpointId
    host: Host
    jurisdiction: Annotated[str | None, "Code of the jurisdiction that it belongs to."] = None
    reason: str
    held: Annotated[int, "Deliveries that are kept for it."] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """A test message: somebody asked whether this endpoint hears us."""

    endpoint: EndpointId
    message: str = "这是一条测试消息。This is a test message."


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A sign of life, on request once a day: what the receiver should have by now, and what comes next."""

    endpoint: EndpointId
    as_of: datetime
    last_sequence: Annotated[int | None, "The last number that this endpoint was sent; null: none yet."]
    last_sent_at: datetime | None
    waiting: Annotated[int, "Deliveries that are on their way or held."] = 0
    due_today: Annotated[int, "Occurrences within this endpoint's filters that are due today and not finished."] = 0
    next_at: Annotated[datetime | None, "The next planned notice for it; null: none within the horizon."] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestEntry:
    """One event of a digest, in short."""

    id: Annotated[str, "Id of the event; the full one is in the event list."]
    type: EventType
    timestamp: datetime
    occurrence: Annotated[str | None, "Id of the occurrence."] = None
    period: str | None = None
    milestone: MilestonePart | None = None
    plan: PlanPart
    due_on: DueOn = None
    days_left: Annotated[int | None, "Civil days from the day of the digest to the due date; negative when overdue."]
    units: tuple[UnitPart, ...] = ()
    url: Url = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What happened and falls due within a day or a week, in one message. A long one comes in several parts."""

    endpoint: EndpointId
    cadence: Cadence
    from_on: Annotated[date, "First day that it covers."]
    to_on: Annotated[date, "Last day that it covers."]
    part: Annotated[int, "Which one of the parts, from 1."] = 1
    parts: int = 1
    total: Annotated[int, "Entries of all parts."]
    entries: tuple[DigestEntry, ...]


About = (
    MilestoneNews
    | OccurrenceNotice
    | Rescheduled
    | ProgressNews
    | PlanPublished
    | FeedStale
    | EndpointFailing
    | EndpointDisabled
    | Ping
    | Checkpoint
    | Digest
)

ABOUT: dict[EventType, type[About]] = {
    EventType.MILESTONE_CREATED: MilestoneNews,
    EventType.MILESTONE_UPDATED: MilestoneNews,
    EventType.MILESTONE_CANCELLED: MilestoneNews,
    EventType.OCCURRENCE_DUE_SOON: OccurrenceNotice,
    EventType.OCCURRENCE_DUE: OccurrenceNotice,
    EventType.OCCURRENCE_OVERDUE: OccurrenceNotice,
    EventType.OCCURRENCE_RESCHEDULED: Rescheduled,
    EventType.PROGRESS_UPDATED: ProgressNews,
    EventType.PLAN_PUBLISHED: PlanPublished,
    EventType.FEED_STALE: FeedStale,
    EventType.ENDPOINT_FAILING: EndpointFailing,
    EventType.ENDPOINT_DISABLED: EndpointDisabled,
    EventType.ENDPOINT_PING: Ping,
    EventType.ENDPOINT_CHECKPOINT: Checkpoint,
    EventType.ENDPOINT_DIGEST: Digest,
}
"""What an event of each type is about."""


# ── the whole ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event. Its `id` is the `webhook-id` of every delivery and every repeat.

    `timestamp` is when it happened, `scheduled_for` when it was meant to (a firing alone has that), `fired_at` when it
    became an event. Instants are aware.
    """

    id: str
    type: EventType
    timestamp: datetime
    about: About
    cause: Cause
    fired_at: datetime
    scheduled_for: datetime | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.about, ABOUT[self.type]):
            raise TypeError(f"an event {self.type} is about {ABOUT[self.type].__name__}")
        for at in (self.timestamp, self.fired_at, self.scheduled_for):
            if at is not None and at.tzinfo is None:
                raise ValueError("an event's instants have a time zone")

    @property
    def is_rehearsal(self) -> bool:
        """Whether nothing of it is real: every format says so."""
        return self.cause.kind is CauseKind.REHEARSAL

    @property
    def lateness_s(self) -> int:
        """Whole seconds from when it was meant to be sent to when it became an event; 0 where nothing was planned."""
        if self.scheduled_for is None:
            return 0
        return max(int((self.fired_at - self.scheduled_for).total_seconds()), 0)


@dataclass(frozen=True, slots=True)
class Position:
    """An event's number in the row of those sent to one endpoint, and the number before it (None: the first).

    A receiver whose last number is not `previous` has missed something.
    """

    number: int
    previous: int | None
