"""What every format takes and gives: a message in, an HTTP request out; an answer in, a judgement out."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from service.kit.errors import Fault
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

MOST_HEADERS = 20
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}\Z")  # RFC 9110, section 5.6.2
_VALUE = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e]{0,998}[\x21-\x7e])?)?\Z")
_OURS = frozenset(
    "host content-length content-type content-encoding transfer-encoding connection keep-alive te trailer upgrade "
    "expect proxy-authorization proxy-connection origin".split()
)


def check_headers(headers: Mapping[str, str]) -> tuple[Fault, ...]:
    """Faults of the headers that an operator wants beside ours: malformed, ours to say, or too many."""
    return tuple(_header_faults(headers))


def _header_faults(headers: Mapping[str, str]) -> Iterator[Fault]:
    if len(headers) > MOST_HEADERS:
        yield Fault("headers", f"at most {MOST_HEADERS} headers can be added")
    for name, value in headers.items():
        lower = name.lower()
        if not _TOKEN.match(name):
            yield Fault(f"headers.{name[:100]!r}", "this is no name of a header")
        elif lower in _OURS or lower.startswith("webhook-"):
            yield Fault(f"headers.{name}", "this header is set by Milepost itself")
        elif not _VALUE.match(value):
            yield Fault(f"headers.{name}", "a value is up to 1,000 printable ASCII characters, without spaces around")


def with_headers(request: Request, extra: Iterable[tuple[str, str]]) -> Request:
    """The request with an operator's headers beside ours; ours win."""
    ours = {name.lower() for name in request.headers}
    added = {name: value for name, value in extra if name.lower() not in ours}
    return Request(request.method, request.url, {**added, **request.headers}, request.body)
