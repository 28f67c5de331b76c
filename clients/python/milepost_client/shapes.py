"""What the API answers with, as types. Every item is a plain dict; fields are added in time, so look only at yours.

`etag` is the version that you hold: give it back with a change, and nobody is overwritten.
"""

from typing import Any, Literal, NotRequired, TypedDict

Role = Literal["lead", "responsible", "support"]
Kind = Literal["task", "duty", "evaluation", "window", "meeting"]
Status = Literal["pending", "in_progress", "submitted", "accepted", "returned", "waived"]
Light = Literal["grey", "green", "yellow", "red"]


class Jurisdiction(TypedDict):
    """A government whose plans and units belong together."""

    code: str
    name: str
    aliases: list[str]
    parent: str | None
    retired_at: str | None
    etag: str


class Unit(TypedDict):
    """A body that can answer for a task."""

    code: str
    name: str
    aliases: list[str]
    jurisdiction: str
    kind: str
    note: str
    retired_at: str | None
    etag: str


class Member(TypedDict):
    """A place in a group; both days are included, None is no bound."""

    member: str
    from_on: str | None
    until_on: str | None


class Group(TypedDict):
    """A named set of units."""

    code: str
    name: str
    aliases: list[str]
    jurisdiction: str
    members: list[Member]
    vague: bool
    note: str
    retired_at: str | None
    etag: str


class Plan(TypedDict):
    """One document that obliges."""

    slug: str
    title: str
    jurisdiction: str
    issuer: str | None
    number: str
    status: str
    visibility: str
    published_on: str | None
    period: dict[str, str] | None
    time_zone: str | None
    default_due: dict[str, Any] | None
    superior: str | None
    note: str
    etag: str


class Assignment(TypedDict):
    """A unit or a group in a role."""

    unit: NotRequired[str | None]
    group: NotRequired[str | None]
    role: Role


class Milestone(TypedDict):
    """One task of a plan."""

    id: str
    plan: str
    jurisdiction: str
    key: str
    ref: str
    title: str
    kind: Kind
    status: str
    due: dict[str, Any] | None
    due_sentence: str | None
    due_sentence_en: str | None
    assignments: list[Assignment]
    note: str
    etag: str


class Answering(TypedDict):
    """A unit that answers for an occurrence."""

    code: str
    role: Role
    via: str | None
    status: Status
    light: Light


class Occurrence(TypedDict):
    """One due date of a milestone. Dates are civil dates in `time_zone`."""

    id: str
    milestone: str
    title: str
    kind: Kind
    plan: str
    jurisdiction: str
    period: str
    window_start: str | None
    nominal_due_on: str | None
    due_on: str | None
    time_zone: str
    days_left: int | None
    provisional: bool
    status: str
    units: list[Answering]
    etag: str


class Progress(TypedDict):
    """How an occurrence stands with a unit."""

    unit: str
    role: Role | None
    status: Status
    finished: bool
    note: str
    evidence: str
    said_by: str | None
    said_at: str | None
    etag: str


class Feed(TypedDict):
    """A calendar subscription. Whoever has `url` can read it."""

    id: str
    url: str
    webcal_url: str
    label: str
    component: str
    lang: str
    created_at: str
    revoked_at: str | None
    etag: NotRequired[str]


class Firing(TypedDict):
    """One planned notice, and how it ended."""

    id: str
    occurrence: str
    milestone: str
    plan: str
    kind: str
    offset: str
    due_on: str
    fire_at: str
    status: str
    cause: str | None
    reason: str | None


class Endpoint(TypedDict):
    """Where webhooks go. `secret` is there once: in the answer to its creation or rotation."""

    id: str
    url: str
    types: list[str]
    format: str
    etag: NotRequired[str]
    secret: NotRequired[str]


class Event(TypedDict):
    """What a webhook says, in the list of events."""

    id: str
    type: str
    timestamp: str
    data: dict[str, Any]


class Delivery(TypedDict):
    """An event on its way to an endpoint."""

    id: str
    endpoint: str
    event: str
    status: str
