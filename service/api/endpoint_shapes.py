"""What is sent and answered at `/endpoints`."""

from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StrictBool

from service.api.fields import WHOLE, Code, MemberCode, ShortText, Slug, formed
from service.api.shapes import Sent, Shape
from service.gate.conditional import etag
from service.milestones.rules import MilestoneKind, Role
from service.webhooks.actions.sealing import Seals
from service.webhooks.actions.showing import header_names, shown_url
from service.webhooks.models import Endpoint, EndpointStanding
from service.webhooks.rules.asking import MOST_HEADERS, Asked
from service.webhooks.rules.formats.request import FormatName
from service.webhooks.rules.health import State
from service.webhooks.rules.words import Rhythm, Signing

_clock, _CLOCK = formed(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", "this must be a time of day, such as 08:30")
_header, _HEADER = formed(r"^[\x09\x20-\x7e]*$", "a header's value must be plain ASCII")

Url = Annotated[str, Field(min_length=1, max_length=2048, examples=["https://oa.example.gov.cn/milepost"])]
Pattern = Annotated[str, Field(min_length=1, max_length=64, examples=["occurrence.*", "plan.published"])]
Types = Annotated[list[Pattern], Field(max_length=30, description="Types of event, `occurrence.*` or `*`; none: all.")]
HeaderName = Annotated[str, Field(min_length=1, max_length=128)]
HeaderValue = Annotated[str, Field(max_length=4096, json_schema_extra=_HEADER), _header]
Headers = Annotated[
    dict[HeaderName, HeaderValue],
    Field(max_length=MOST_HEADERS, description="Added to every message. Kept sealed, and never shown again."),
]
Secret = Annotated[str, Field(min_length=1, max_length=120, examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])]
RobotSecret = Annotated[
    str, Field(min_length=1, max_length=200, description="What the robot's page shows under 加签 or 签名校验.")
]
ClockTime = Annotated[
    str, Field(json_schema_extra=_CLOCK, description="Local time of digests and checkpoints."), _clock
]
Weekday = Annotated[int, WHOLE, Field(ge=0, le=6, description="Day of weekly digests; 0 is Monday.")]
PerMinute = Annotated[int, WHOLE, Field(ge=1, le=100_000, description="Messages a minute at most.")]
Concurrency = Annotated[int, WHOLE, Field(ge=1, le=64, description="Messages on their way at once, at most.")]
Codes = Annotated[list[Code], Field(max_length=200, description="With everything below them; none: all.")]
Plans = Annotated[list[Slug], Field(max_length=200)]
Units = Annotated[list[MemberCode], Field(max_length=500)]
Roles = Annotated[list[Role], Field(max_length=len(Role))]
Kinds = Annotated[list[MilestoneKind], Field(max_length=len(MilestoneKind))]


def _columns(sent: dict[str, Any]) -> dict[str, Any]:
    """Fields as columns take them: words as text, a time of day as one."""
    columns = {name: _plain(value) for name, value in sent.items()}
    if "digest_at" in columns:
        columns["digest_at"] = time.fromisoformat(columns["digest_at"])
    return columns


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.value if isinstance(value, StrEnum) else value


class NewEndpointRequest(Sent):
    """An endpoint to be made. What a filter leaves open it gets."""

    url: Url
    label: ShortText = ""
    format: FormatName = FormatName.STANDARD
    types: Types = []
    jurisdictions: Codes = []
    plans: Plans = []
    units: Units = []
    roles: Roles = []
    kinds: Kinds = []
    headers: Headers = {}
    signing: Signing = Field(Signing.SYMMETRIC, description="`v1`: a shared secret; `v1a`: the service's key pair.")
    secret: Secret | None = Field(None, description="One that the receiver has already; left out: a new one is made.")
    robot_secret: RobotSecret | None = None
    rhythm: Rhythm = Rhythm.IMMEDIATE
    digest_at: ClockTime = "08:30"
    digest_weekday: Weekday = 0
    numbered: Annotated[StrictBool, Field(description="Whether messages are numbered, so that a gap shows.")] = False
    checkpoint: Annotated[StrictBool, Field(description="Whether a sign of life comes daily.")] = False
    per_minute: PerMinute | None = None
    concurrency: Concurrency = 4
    handshake: Annotated[StrictBool, Field(description="Whether the address is asked first (`cloudevents`).")] = False

    def asked(self) -> Asked:
        """How it is to be spoken to."""
        return Asked(
            format=self.format,
            signing=self.signing,
            secret=self.secret,
            robot_secret=self.robot_secret,
            handshake=self.handshake,
        )

    def columns(self) -> dict[str, Any]:
        """The columns that are kept as they were sent."""
        apart = {"url", "format", "signing", "secret", "robot_secret", "headers", "handshake"}
        return _columns({name: getattr(self, name) for name in type(self).model_fields if name not in apart})


class EndpointChanges(Sent):
    """What may be changed; what is left out stays. `headers` replaces all of them. Format and signing stay for ever."""

    url: Url | None = None
    label: ShortText | None = None
    types: Types | None = None
    jurisdictions: Codes | None = None
    plans: Plans | None = None
    units: Units | None = None
    roles: Roles | None = None
    kinds: Kinds | None = None
    headers: Headers | None = None
    robot_secret: RobotSecret | None = Field(None, description="null: the robot asks for none any more.")
    rhythm: Rhythm | None = None
    digest_at: ClockTime | None = None
    digest_weekday: Weekday | None = None
    numbered: StrictBool | None = None
    checkpoint: StrictBool | None = None
    per_minute: PerMinute | None = Field(None, description="null: any number.")
    concurrency: Concurrency | None = None
    paused: StrictBool | None = Field(
        None, description="Whether nothing is sent for the time being; what comes is kept."
    )


class Rotation(Sent):
    """A secret of the receiver's own; left out: a new one is made."""

    secret: Secret | None = None


class StandingShape(Shape):
    """How an endpoint fares. `delivered_at`: the last success; `last_sequence`: the last number that it was sent."""

    state: State
    failures: int = Field(description="In a row.")
    reason: str = Field(description="Of the last failure, or why it is disabled.")
    failing_since: datetime | None
    held_since: datetime | None
    throttled_until: datetime | None
    delivered_at: datetime | None
    last_sequence: int
    digest_at: datetime | None = Field(description="When the next digest is due.")
    checkpoint_at: datetime | None


class EndpointShape(Shape):
    """An endpoint, without anything that is secret.

    `url` is without its query, of a robot's address the host alone; null: it was sealed with another secret of the
    service, and has to be sent again. `former_until`: so long messages are signed with the former secret too.
    """

    id: str
    label: str
    jurisdiction: str | None
    url: str | None
    host: str
    format: FormatName
    types: list[str]
    jurisdictions: list[str]
    plans: list[str]
    units: list[str]
    roles: list[Role]
    kinds: list[MilestoneKind]
    headers: list[str] = Field(description="Names of the headers that are added.")
    signing: Signing
    robot_secret: bool = Field(description="Whether there is one.")
    former_until: datetime | None
    rhythm: Rhythm
    digest_at: str
    digest_weekday: int
    numbered: bool
    checkpoint: bool
    per_minute: int | None
    concurrency: int
    paused: bool
    standing: StandingShape
    created_at: datetime
    created_by: str
    updated_at: datetime
    retired_at: datetime | None
    etag: str


class NewEndpointShape(EndpointShape):
    """An endpoint, this once with its secret; null: nothing is shared (`v1a`, robots)."""

    secret: str | None = Field(description="It is shown now and never again.")


class SentShape(Shape):
    """A message on its way."""

    delivery: str
    event: str


_MADE = {"url", "headers", "robot_secret", "digest_at", "standing", "etag"}


def shape(row: Endpoint, standing: EndpointStanding, *, seals: Seals) -> EndpointShape:
    """An endpoint as it is answered."""
    kept = {name: getattr(row, name) for name in EndpointShape.model_fields if name not in _MADE}
    return EndpointShape(
        **kept,
        url=shown_url(row, seals=seals),
        headers=header_names(row, seals=seals),
        robot_secret=row.robot_secret is not None,
        digest_at=f"{row.digest_at:%H:%M}",
        standing=StandingShape.model_validate(standing),
        etag=etag(row.revision),
    )
