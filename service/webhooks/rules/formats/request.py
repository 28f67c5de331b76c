"""What every format takes and gives: a message in, an HTTP request out; an answer in, a judgement out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from service.webhooks.rules.events import Event, Position
from service.webhooks.rules.outcome import Answer, Judgement

JSON = "application/json; charset=utf-8"


class FormatName(StrEnum):
    """The formats that an endpoint can ask for."""

    STANDARD = "standard"
    CLOUDEVENTS = "cloudevents"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One attempt to tell an endpoint of an event.

    `sent_at` is this attempt's instant by the host's real clock, also where firing follows a simulated one: receivers
    compare it with theirs. `keys` (`whsec_`, `whsk_`; the newest first) sign what is standard; `robot_secret` is what
    a group robot's page shows under 加签 or 签名校验, if that is switched on. `source` is the service's public address,
    `zone` where the readers of cards live.
    """

    event: Event
    url: str
    sent_at: datetime
    keys: tuple[str, ...] = field(default=(), repr=False)
    robot_secret: str | None = field(default=None, repr=False)
    position: Position | None = None
    source: str = ""
    zone: str = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, ready to be sent as it is; the address of a robot is a secret too."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a vendor lets through: messages a minute and a second, bytes of a message; None: no known limit."""

    per_minute: int | None = None
    per_second: int | None = None
    most_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format: how it writes, how it reads answers, what its receivers bear. `signed`: with Standard Webhooks."""

    name: FormatName
    limits: Limits
    signed: bool
    write: Callable[[Message], Request]
    judge: Callable[[Answer, datetime], Judgement]


# ── headers that an operator adds ────────────────────────────────────────────────────────────────────────────────────

_OURS = frozenset({"content-type", "content-encoding", "origin"})


def is_ours(header: str) -> bool:
    """Whether a format or the signature sets this header, so that no operator can; `kit.outbound` has its own list."""
    lower = header.lower()
    return lower in _OURS or lower.startswith("webhook-")


def with_headers(request: Request, extra: Mapping[str, str]) -> Request:
    """The request with an operator's headers beside ours."""
    added = {name: value for name, value in extra.items() if not is_ours(name)}
    return Request(request.method, request.url, {**added, **request.headers}, request.body)
