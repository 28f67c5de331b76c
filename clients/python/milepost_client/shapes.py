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


class Standing(TypedDict):
    """How an endpoint fares: `healthy`, `failing`, `held`, `probing` or `disabled`, and why."""

    state: str
    failures: int
    reason: str
    delivered_at: str | None
    last_sequence: int


class Endpoint(TypedDict):
    """Where webhooks go. `url` is without what is secret in it.

    `secret` is there once, in the answer to its creation or rotation; None: nothing is shared.
    """

    id: str
    label: str
    url: str | None
    host: str
    format: str
    types: list[str]
    jurisdictions: list[str]
    plans: list[str]
    units: list[str]
    rhythm: str
    paused: bool
    standing: Standing
    retired_at: str | None
    etag: str
    secret: NotRequired[str | None]


class Event(TypedDict):
    """An event: `message` is what webhooks say, `id` their `webhook-id`. `number` None: it was for one endpoint."""

    number: int | None
    id: str
    type: str
    message: dict[str, Any]


class Attempt(TypedDict):
    """One try of a delivery."""

    number: int
    started_at: str
    ended_at: str | None
    outcome: str | None
    reason: str
    status: int | None


class Delivery(TypedDict):
    """An event on its way to an endpoint. `attempts` are there when it is asked for by its id."""

    id: str
    endpoint: str
    event: str
    type: str
    status: str
    reason: str
    tries: int
    next_at: str | None
    attempts: NotRequired[list[Attempt]]
