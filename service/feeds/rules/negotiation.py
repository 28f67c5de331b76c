"""What a request's headers ask for: conditions (RFC 9110, section 13) and content codings (12.5.3). Pure."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

# The last three are the same codings of another form (rules/media.py).
Encoding = Literal["gzip", "br", "identity", "jcal+gzip", "jcal+br", "jcal+identity"]

# gzip first: it is spliced from kept pieces after an edit, and is what every calendar program sends anyway.
_PREFERRED: tuple[Encoding, ...] = ("gzip", "br", "identity")
_TAG = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_WEIGHT = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\Z", re.IGNORECASE)
_LONGEST = 2_000


def choose_encoding(accepted: bytes | None) -> Encoding:
    """The coding to answer in. Among equals gzip, br, identity.

    Where nothing that we have is acceptable the answer goes out as it is: a calendar program can do nothing with 406.
    """
    if accepted is None:
        return "identity"
    weights = _weights(accepted[:_LONGEST].decode("latin-1"))
    chosen = max(_PREFERRED, key=lambda coding: (_weight(weights, coding), -_PREFERRED.index(coding)))
    if _weight(weights, chosen) > 0:
        return chosen
    # "identity;q=0" alone refuses the plain form and merely fails to mention the others.
    return "gzip" if weights.get("identity") == 0 and "gzip" not in weights and "*" not in weights else "identity"


def _weight(weights: dict[str, float], coding: Encoding) -> float:
    # What is not listed is not acceptable, except the plain form, which ranks below whatever is listed.
    if coding == "identity":
        return weights.get("identity", weights.get("*", 0.0001))
    return weights.get(coding, weights.get("*", 0.0))


def _weights(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in text.split(","):
        coding, _, parameters = part.partition(";")
        name = coding.strip().lower()
        if not name:
            continue
        weight = _WEIGHT.match(parameters.strip().replace(" ", "")) if parameters.strip() else None
        # A weight that cannot be read is no weight: the coding was named, so it is wanted.
        found["gzip" if name == "x-gzip" else name] = float(weight[1]) if weight else 1.0
    return found


def is_current(
    *, tag: bytes, changed_at: datetime, if_none_match: bytes | None, if_modified_since: bytes | None
) -> bool:
    """Whether the client has what would be sent. If-None-Match wins (13.2.2); weak comparison (13.1.2)."""
    if if_none_match is not None:
        return if_none_match.strip() == b"*" or tag in _TAG.findall(if_none_match[:_LONGEST])
    if if_modified_since is None:
        return False
    since = _http_date(if_modified_since)
    return since is not None and changed_at <= since


def _http_date(raw: bytes) -> datetime | None:
    """A date in any of the three forms of 5.6.7; None (ignore it, 13.1.3) where it is none."""
    text = raw[:100].decode("latin-1").strip()
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    if "GMT" not in text.upper() and found.tzinfo is not None:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
