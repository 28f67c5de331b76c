"""The words that columns of this room hold, beside those of events, formats and health."""

from enum import StrEnum


class Rhythm(StrEnum):
    """When an endpoint is sent what happens."""

    IMMEDIATE = "immediate"
    DAILY = "daily"  # in one message a day
    WEEKLY = "weekly"  # in one message a week


class Signing(StrEnum):
    """How an endpoint's messages are signed, in the words of Standard Webhooks."""

    SYMMETRIC = "v1"  # HMAC-SHA256 with a secret that it shares with us
    ASYMMETRIC = "v1a"  # Ed25519 with the service's key, whose public half is published


class DeliveryStatus(StrEnum):
    """How far a delivery is. `pending` is tried when its time comes; all but the first three are ends."""

    PENDING = "pending"
    WAITING = "waiting"  # for the endpoint's next digest
    HELD = "held"  # every try is made; sent when the endpoint has recovered
    DELIVERED = "delivered"
    DIGESTED = "digested"  # told in a digest, or dropped from it because it was no longer true
    SUPERSEDED = "superseded"  # what it announces moved, is finished or cancelled
    EXPIRED = "expired"  # a later notice says it better
    CANCELLED = "cancelled"  # its endpoint is gone


class Outcome(StrEnum):
    """How an attempt ended."""

    DELIVERED = "delivered"
    FAILED = "failed"  # an answer that is no success
    REFUSED = "refused"  # its address is closed: nobody was connected to
    UNREACHABLE = "unreachable"
    TOO_SLOW = "too_slow"
    BAD_ANSWER = "bad_answer"
    ABANDONED = "abandoned"  # its worker was gone before it said how it ended; it may have arrived
