"""What somebody may ask of an endpoint. Pure: what is asked in, faults out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from service.kit.errors import Fault
from service.webhooks.rules.formats.known import FORMATS
from service.webhooks.rules.formats.request import FormatName, is_ours
from service.webhooks.rules.signature import SYMMETRIC, BadKey, read_secret
from service.webhooks.rules.words import Signing

HIDDEN = "…"  # stands for what is not shown of an address; no address has it
MOST_HEADERS = 20

# The robots' pages that can show a secret for signing; WeCom's robots have none, their address is the secret.
_WITH_ROBOT_SECRET = frozenset({FormatName.DINGTALK, FormatName.FEISHU})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a new endpoint is to be spoken to. `secret`: one that the receiver has already; None: a new one is made."""

    format: FormatName = FormatName.STANDARD
    signing: Signing = Signing.SYMMETRIC
    secret: str | None = field(default=None, repr=False)
    robot_secret: str | None = field(default=None, repr=False)
    handshake: bool = False


def check_asked(asked: Asked) -> tuple[Fault, ...]:
    """Everything about format and signing that does not go together."""
    return tuple(_asked_faults(asked))


def _asked_faults(asked: Asked) -> Iterator[Fault]:
    robot = is_robot(asked.format)
    if robot and asked.signing is Signing.ASYMMETRIC:
        yield Fault("signing", f"a robot checks no signature of ours; {asked.format} is not signed with 'v1a'")
    if asked.secret is not None:
        if robot:
            yield Fault("secret", f"{asked.format} has no such secret; what its page shows belongs into 'robot_secret'")
        elif asked.signing is Signing.ASYMMETRIC:
            yield Fault("secret", "with 'v1a' nothing is shared: messages are signed with the service's own key")
        else:
            yield from check_secret(asked.secret)
    if asked.robot_secret is not None:
        yield from check_robot_secret(asked.robot_secret, form=asked.format)
    if asked.handshake and asked.format is not FormatName.CLOUDEVENTS:
        yield Fault("handshake", "only 'cloudevents' knows a handshake; ':test' tries any other")


def is_robot(form: FormatName) -> bool:
    """Whether messages go to a group's robot, which checks no signature and whose address is a secret."""
    return not FORMATS[form].signed


def check_secret(secret: str) -> tuple[Fault, ...]:
    """What is wrong with a secret that a receiver brings along; no fault repeats it."""
    if not secret.startswith(SYMMETRIC):
        return (Fault("secret", "a secret begins with 'whsec_'"),)
    try:
        read_secret(secret)
    except BadKey as error:
        return (Fault("secret", str(error)),)
    return ()


def check_robot_secret(secret: str, *, form: FormatName) -> tuple[Fault, ...]:
    """What is wrong with what a robot's page shows under 加签 or 签名校验."""
    if form not in _WITH_ROBOT_SECRET:
        return (Fault("robot_secret", f"{form} has no such secret; 'dingtalk' and 'feishu' have"),)
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        return (Fault("robot_secret", "this is no secret of a robot: letters, digits and signs without spaces"),)
    return ()


def check_headers(headers: Mapping[str, str]) -> tuple[Fault, ...]:
    """Headers that are ours to set, and names that are there twice. `kit.outbound` has more to say about each."""
    faults = [
        Fault(f"headers.{name}", "this header is set by the format or the signature and cannot be chosen")
        for name in headers
        if is_ours(name)
    ]
    lower = [name.lower() for name in headers]
    faults += [Fault(f"headers.{name}", "this header is there twice") for name in headers if _is_again(name, lower)]
    return tuple(faults)


def _is_again(name: str, lower: Sequence[str]) -> bool:
    return lower.count(name.lower()) > 1


def shown_address(url: str, *, form: FormatName) -> str:
    """An address as it may be shown: without its query, and of a robot's, which is a secret, the host alone."""
    parts = urlsplit(url)
    start = f"{parts.scheme}://{parts.netloc}"
    if is_robot(form):
        return f"{start}/{HIDDEN}"
    return f"{start}{parts.path}" + (f"?{HIDDEN}" if parts.query else "")
