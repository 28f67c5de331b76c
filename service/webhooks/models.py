"""What is kept of webhooks: endpoints and how they fare, events, deliveries and attempts, wishes of receivers."""

from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.kit.database import Instant, Json, JsonText, partial_index
from service.webhooks.rules.acknowledgement import Ack
from service.webhooks.rules.events import EventType
from service.webhooks.rules.formats.request import FormatName
from service.webhooks.rules.health import State
from service.webhooks.rules.words import DeliveryStatus, Outcome, Rhythm, Signing


def _words(choice: type[StrEnum]) -> str:
    return ", ".join(f"'{each}'" for each in choice)


class Endpoint(SQLModel, table=True):
    """Where webhooks go, and which. What only people change; how it fares stands in `EndpointStanding`.

    Sealed (see `kit.seal`) are the address, since a robot's is a secret, the added headers, and the secrets. `host` is
    what may be shown of the address. Empty lists ask for everything. `jurisdiction` is that of the key that made it
    (None: the whole service). `digest_at` and `digest_weekday` (0: Monday) belong to digests.
    """

    __tablename__ = "endpoint"
    __table_args__ = (
        CheckConstraint(f"format IN ({_words(FormatName)})", name="format"),
        CheckConstraint(f"rhythm IN ({_words(Rhythm)})", name="rhythm"),
        CheckConstraint(f"signing IN ({_words(Signing)})", name="signing"),
        CheckConstraint("concurrency >= 1", name="concurrency"),
    )

    id: str = Field(primary_key=True, max_length=40)
    label: str = Field(default="", max_length=200)
    jurisdiction: str | None = Field(default=None, max_length=64, index=True)
    url: bytes = Field(sa_type=LargeBinary)
    host: str = Field(max_length=260)
    format: str = Field(default=FormatName.STANDARD.value, max_length=16)
    types: list[str] = Field(default_factory=list, sa_type=Json)
    jurisdictions: list[str] = Field(default_factory=list, sa_type=Json)
    plans: list[str] = Field(default_factory=list, sa_type=Json)
    units: list[str] = Field(default_factory=list, sa_type=Json)
    roles: list[str] = Field(default_factory=list, sa_type=Json)
    kinds: list[str] = Field(default_factory=list, sa_type=Json)
    headers: bytes | None = Field(default=None, sa_type=LargeBinary)
    signing: str = Field(default=Signing.SYMMETRIC.value, max_length=4)
    secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    former_secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    former_until: datetime | None = Field(default=None, sa_type=Instant)
    robot_secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    rhythm: str = Field(default=Rhythm.IMMEDIATE.value, max_length=16)
    digest_at: time = time(8, 30)
    digest_weekday: int = 0
    numbered: bool = False
    checkpoint: bool = False
    per_minute: int | None = None
    concurrency: int = 4
    paused: bool = False
    revision: int = 1
    created_at: datetime = Field(sa_type=Instant)
    created_by: str = Field(max_length=200)
    updated_at: datetime = Field(sa_type=Instant)
    retired_at: datetime | None = Field(default=None, sa_type=Instant)


class EndpointStanding(SQLModel, table=True):
    """How an endpoint fares; written by workers. Whoever claims deliveries of an endpoint holds this row meanwhile.

    The fields from `state` to `reason` are those of `rules.health.Health`. `served_at`: when something was last claimed
    for it (whoever waits longest comes first); `allowed_at`: when its rate lets the next one go; `last_sequence`: the
    last number that it was sent. `digest_at`, `checkpoint_at`: when the next ones are due.
    """

    __tablename__ = "endpoint_standing"
    __table_args__ = (
        CheckConstraint(f"state IN ({_words(State)})", name="state"),
        Index("ix_endpoint_standing_served_at", "served_at", "endpoint"),
    )

    endpoint: str = Field(primary_key=True, foreign_key="endpoint.id", max_length=40)
    jurisdiction: str | None = Field(default=None, max_length=64)
    state: str = Field(default=State.HEALTHY.value, max_length=16)
    failures: int = 0
    failing_since: datetime | None = Field(default=None, sa_type=Instant)
    held_since: datetime | None = Field(default=None, sa_type=Instant)
    probes: int = 0
    probe_at: datetime | None = Field(default=None, sa_type=Instant)
    throttles: int = 0
    throttled_until: datetime | None = Field(default=None, sa_type=Instant)
    reason: str = Field(default="", sa_type=Text)
    served_at: datetime = Field(sa_type=Instant)
    allowed_at: datetime = Field(sa_type=Instant)
    last_sequence: int = Field(default=0, sa_type=BigInteger)
    delivered_at: datetime | None = Field(default=None, sa_type=Instant)
    digest_at: datetime | None = Field(default=None, sa_type=Instant)
    checkpoint_at: datetime | None = Field(default=None, sa_type=Instant)


class WebhookEvent(SQLModel, table=True):
    """A fact that others may hear of. Written in the transaction of its fact, numbered when it is fanned out.

    Numbers rise in commit order without gaps: who has read up to one has missed nothing. One that is meant for a single
    endpoint (`endpoint`: a ping, a checkpoint, a digest) has none. `message` is what is signed and sent in the standard
    format, `units` are pairs of code and role; `not_after`: when a later notice says it better.
    """

    __tablename__ = "webhook_event"
    __table_args__ = (
        CheckConstraint(f"type IN ({_words(EventType)})", name="type"),
        UniqueConstraint("number"),
        UniqueConstraint("fact"),
        partial_index("ix_webhook_event_waiting", "fact", where="fanned_out_at IS NULL"),
        Index("ix_webhook_event_jurisdiction_number", "jurisdiction", "number"),
    )

    id: str = Field(primary_key=True, max_length=40)
    number: int | None = Field(default=None, sa_type=BigInteger)
    type: str = Field(max_length=32)
    at: datetime = Field(sa_type=Instant)
    scheduled_for: datetime | None = Field(default=None, sa_type=Instant)
    not_after: datetime | None = Field(default=None, sa_type=Instant)
    fact: int | None = Field(default=None, sa_type=BigInteger)
    firing: str | None = Field(default=None, max_length=40)
    endpoint: str | None = Field(default=None, max_length=40)
    jurisdiction: str | None = Field(default=None, max_length=64)
    plan: str | None = Field(default=None, max_length=64)
    milestone: str | None = Field(default=None, max_length=40)
    occurrence: str | None = Field(default=None, max_length=40)
    kind: str | None = Field(default=None, max_length=16)
    units: list[list[str]] = Field(default_factory=list, sa_type=JsonText)
    message: str = Field(sa_type=Text)
    overtaken: str = Field(default="", sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)
    fanned_out_at: datetime | None = Field(default=None, sa_type=Instant)


class EventCounter(SQLModel, table=True):
    """The number of the last event (one row, `name` "event"). Locked by whoever fans out, until that commits."""

    __tablename__ = "event_counter"

    name: str = Field(primary_key=True, max_length=16)
    last: int = Field(default=0, sa_type=BigInteger)


class Delivery(SQLModel, table=True):
    """An event on its way to an endpoint. Neither of the two is ever deleted, and no foreign key says so: a delivery is
    written before its event, in the same transaction, and to look both up takes as long as to write the delivery.

    `next_at`: when it is tried next; while somebody tries it, when that lease ends, so that abandoned work comes up
    again by itself. `lease` is the token of whoever tries it now: without it nobody can settle it. `overtaken`: what
    it announces is no longer true, so it is not tried again. `sequence` is given with the first try.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint(f"status IN ({_words(DeliveryStatus)})", name="status"),
        CheckConstraint("(status = 'pending') = (next_at IS NOT NULL)", name="next_at"),
        CheckConstraint("status = 'pending' OR lease IS NULL", name="lease"),
        UniqueConstraint("event", "endpoint"),
        # Most deliveries have no number.
        partial_index(
            "ix_delivery_endpoint_sequence", "endpoint", "sequence", where="sequence IS NOT NULL", unique=True
        ),
        partial_index("ix_delivery_endpoint_next_at", "endpoint", "next_at", "id", where="status = 'pending'"),
        partial_index("ix_delivery_kept", "endpoint", "status", "id", where="status IN ('held', 'waiting')"),
        partial_index(
            "ix_delivery_occurrence", "occurrence", where="status IN ('pending', 'held', 'waiting') AND is_notice"
        ),
        # What is under way: few rows, counted with every claim.
        partial_index("ix_delivery_leased", "endpoint", "next_at", where="lease IS NOT NULL"),
        Index("ix_delivery_created_at", "created_at", "id"),
        Index("ix_delivery_endpoint_created_at", "endpoint", "created_at", "id"),
    )

    id: str = Field(primary_key=True, max_length=40)
    event: str = Field(max_length=40)
    endpoint: str = Field(max_length=40)
    jurisdiction: str | None = Field(default=None, max_length=64)
    type: str = Field(max_length=32)
    is_notice: bool = False
    milestone: str | None = Field(default=None, max_length=40)
    occurrence: str | None = Field(default=None, max_length=40)
    status: str = Field(default=DeliveryStatus.PENDING.value, max_length=16)
    reason: str = Field(default="", sa_type=Text)
    tries: int = 0
    sequence: int | None = Field(default=None, sa_type=BigInteger)
    next_at: datetime | None = Field(default=None, sa_type=Instant)
    not_after: datetime | None = Field(default=None, sa_type=Instant)
    lease: str | None = Field(default=None, max_length=40)
    overtaken: str = Field(default="", sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class Attempt(SQLModel, table=True):
    """One try. Written when it is claimed, with the lease that allows it; its end is filled in when it is settled.

    `response_headers` and `response_body` (at most 16 KiB; `truncated`: there was more) are a stranger's words.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        CheckConstraint(f"outcome IS NULL OR outcome IN ({_words(Outcome)})", name="outcome"),
        UniqueConstraint("delivery", "number"),
    )

    id: str = Field(primary_key=True, max_length=40)
    delivery: str = Field(foreign_key="delivery.id", max_length=40)
    jurisdiction: str | None = Field(default=None, max_length=64)
    number: int
    lease: str = Field(max_length=40)
    started_at: datetime = Field(sa_type=Instant)
    lease_until: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    outcome: str | None = Field(default=None, max_length=16)
    reason: str = Field(default="", sa_type=Text)
    status: int | None = None
    duration_ms: int | None = None
    response_headers: dict[str, str] | None = Field(default=None, sa_type=Json)
    response_body: bytes | None = Field(default=None, sa_type=LargeBinary)
    truncated: bool = False


class ReceiverWish(SQLModel, table=True):
    """What a receiver answered to a notice: no more of this occurrence, of this milestone, or not before a day.

    `subject` is `occurrence:id` or `milestone:id`; the newest wish of an endpoint about a subject counts.
    """

    __tablename__ = "receiver_wish"
    __table_args__ = (
        CheckConstraint(f"ack IN ({_words(Ack)})", name="ack"),
        Index("ix_receiver_wish_subject", "subject"),
    )

    endpoint: str = Field(primary_key=True, foreign_key="endpoint.id", max_length=40)
    subject: str = Field(primary_key=True, max_length=60)
    jurisdiction: str | None = Field(default=None, max_length=64)
    ack: str = Field(max_length=16)
    until_on: date | None = None
    delivery: str = Field(max_length=40)
    at: datetime = Field(sa_type=Instant)


class SigningKey(SQLModel, table=True):
    """An Ed25519 key of ours: published before it signs (`from_at`), good until `until_at`; `secret` is sealed."""

    __tablename__ = "signing_key"

    public: str = Field(primary_key=True, max_length=64)
    secret: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Instant)
    from_at: datetime = Field(sa_type=Instant)
    until_at: datetime | None = Field(default=None, sa_type=Instant)
