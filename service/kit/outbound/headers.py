"""Which headers somebody else may add to what is sent. Pure."""

import re

from service.kit.outbound.errors import Refused

MAX_NAME = 128
MAX_VALUE = 4096

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # a token (RFC 9110, section 5.6.2)
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?|")  # RFC 9110, section 5.5, without obs-text

# What frames a message, belongs to one connection, or says who sends it: ours alone.
OURS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    }
)


def check_header(name: str, value: str) -> None:
    """Whether this header may be sent. Raises Refused, with a sentence that never repeats the value."""
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise Refused("A header's name has letters, digits and hyphens only.")
    if name.lower() in OURS:
        raise Refused(f"The header {name} is set by the sender and cannot be chosen.")
    if len(value) > MAX_VALUE:
        raise Refused(f"The header {name} is longer than {MAX_VALUE} characters.")
    if not _VALUE.fullmatch(value):
        raise Refused(f"The header {name} has characters that are not plain ASCII, or spaces around it.")
