"""Standard Webhooks 1.0.0: signing and verifying.

Signed is `{webhook-id}.{webhook-timestamp}.{body}`: symmetric `v1` with HMAC-SHA256 (`whsec_`, base64 of 24 to 64
bytes), asymmetric `v1a` with Ed25519 (`whsk_` the secret key, `whpk_` the public one). `webhook-signature` is a list
joined by spaces, one signature a key, so that a receiver that knows any one of them is content while keys rotate.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SYMMETRIC, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
FEWEST_BYTES, MOST_BYTES = 24, 64  # of a symmetric secret
TOLERANCE = timedelta(minutes=5)  # what the reference libraries allow
MOST_SIGNATURES = 32  # looked at in one header: a hostile sender must not buy our time with a long list

_ID = re.compile(r"[A-Za-z0-9_:/+=~-]{1,256}\Z")  # no '.', which would let an id reach into the timestamp
_SECONDS = re.compile(r"[0-9]{1,12}\Z")


class BadKey(ValueError):
    """This is no Standard Webhooks key."""


class Unverified(ValueError):
    """These bytes do not come from whoever holds the key, or not now; the message says why."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a signature vouches for beside the body: the message's id (the same on every repeat), when it was sent."""

    id: str
    sent_at: datetime


# ── signing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def signed_headers(keys: Iterable[str], *, id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a message: `at` (aware) is when this attempt is made, `keys` are `whsec_` or `whsk_`.

    The newest key comes first; while a key rotates, the old one is given too. Raises BadKey, ValueError.
    """
    content = _content(id, _seconds(at), body)
    signatures = " ".join(_sign(key, content) for key in keys)
    if not signatures:
        raise BadKey("nothing to sign with: give at least one key")
    return {"webhook-id": id, "webhook-timestamp": _seconds(at), "webhook-signature": signatures}


def _seconds(at: datetime) -> str:
    # The reference Python package takes any zone's wall clock for UTC and so mis-signs; timestamp() does not, but would
    # take a naive instant for the host's local time.
    if at.tzinfo is None:
        raise ValueError("an instant without a time zone cannot be signed")
    return str(int(at.timestamp()))


def _content(id: str, seconds: str, body: bytes) -> bytes:
    if not _ID.match(id):
        raise ValueError(f"'{id[:80]}' cannot be a message's id: letters, digits and _ : / + = ~ - only")
    return b".".join((id.encode("ascii"), seconds.encode("ascii"), body))


def _sign(key: str, content: bytes) -> str:
    if key.startswith(PRIVATE):
        return "v1a," + base64.b64encode(read_private(key).sign(content)).decode("ascii")
    return "v1," + base64.b64encode(_mac(read_secret(key), content)).decode("ascii")


def _mac(secret: bytes, content: bytes) -> bytes:
    return hmac.digest(secret, content, hashlib.sha256)


# ── verifying ────────────────────────────────────────────────────────────────────────────────────────────────────────


def verify(
    headers: Mapping[str, str], body: bytes, keys: Iterable[str], *, now: datetime, tolerance: timedelta = TOLERANCE
) -> Verified:
    """See to it that `body`, byte for byte, was signed with one of `keys` no longer than `tolerance` ago.

    Keys are `whsec_` or `whpk_` (`whsk_` counts as its public half); names of headers in any case. Raises Unverified
    with the reason, BadKey for a key that is none.
    """
    given = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in ("webhook-id", "webhook-timestamp", "webhook-signature") if not given.get(name)]
    if missing:
        raise Unverified(f"the headers lack {', '.join(missing)}")
    id, seconds = given["webhook-id"], given["webhook-timestamp"]
    sent_at = _sent_at(seconds, now=now, tolerance=tolerance)
    if not _ID.match(id):
        raise Unverified("webhook-id is no message's id")
    content = _content(id, seconds, body)
    pairs = [each.partition(",") for each in given["webhook-signature"].split(" ", MOST_SIGNATURES)[:MOST_SIGNATURES]]
    if not any(_matches(key, content, version, signature) for key in keys for version, _, signature in pairs):
        raise Unverified("no signature matches: another key, or a body that was changed on its way")
    return Verified(id, sent_at)


def _sent_at(seconds: str, *, now: datetime, tolerance: timedelta) -> datetime:
    if not _SECONDS.match(seconds):
        raise Unverified("webhook-timestamp is no number of seconds")
    try:
        sent_at = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        raise Unverified("webhook-timestamp lies outside the calendar") from None
    if abs(now - sent_at) > tolerance:
        side = "old" if sent_at < now else "new"
        raise Unverified(f"webhook-timestamp is too {side}: {abs(now - sent_at).total_seconds():.0f} s from now")
    return sent_at


def _matches(key: str, content: bytes, version: str, signature: str) -> bool:
    """Whether one signature of the header is this key's; the comparison takes the same time wherever they differ."""
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        raw = b""
    if key.startswith((PUBLIC, PRIVATE)):
        return version == "v1a" and _holds(read_public(key), raw, content)
    return version == "v1" and hmac.compare_digest(_mac(read_secret(key), content), raw)


def _holds(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def spell_secret(raw: bytes) -> str:
    """Random bytes (24 to 64) as a symmetric secret: `whsec_…`. Raises BadKey."""
    return SYMMETRIC + base64.b64encode(_sized(raw)).decode("ascii")


def spell_private(seed: bytes) -> str:
    """32 random bytes as an Ed25519 secret key: `whsk_…`. Raises BadKey."""
    if len(seed) != 32:
        raise BadKey("an Ed25519 seed has 32 bytes")
    return PRIVATE + base64.b64encode(seed).decode("ascii")


def spell_public(key: Ed25519PublicKey) -> str:
    """An Ed25519 public key: `whpk_…`."""
    return PUBLIC + base64.b64encode(key.public_bytes_raw()).decode("ascii")


def public_half(key: str) -> str:
    """The `whpk_` that belongs to a `whsk_`. Raises BadKey."""
    return spell_public(read_private(key).public_key())


def read_secret(key: str) -> bytes:
    """The bytes of a `whsec_` secret; the prefix may be missing, as the reference libraries have it. Raises BadKey."""
    return _sized(_decoded(key.removeprefix(SYMMETRIC)))


def read_private(key: str) -> Ed25519PrivateKey:
    """The key of a `whsk_`: 32 bytes of seed, or seed and public half as libsodium writes them. Raises BadKey."""
    if not key.startswith(PRIVATE):
        raise BadKey("a secret key begins with whsk_")
    raw = _decoded(key.removeprefix(PRIVATE))
    if len(raw) not in {32, 64}:
        raise BadKey("a whsk_ key has 32 bytes, or 64 with its public half")
    private = Ed25519PrivateKey.from_private_bytes(raw[:32])
    if len(raw) == 64 and private.public_key().public_bytes_raw() != raw[32:]:
        raise BadKey("the two halves of this whsk_ key do not belong together")
    return private


def read_public(key: str) -> Ed25519PublicKey:
    """The key of a `whpk_`, or the public half of a `whsk_`. Raises BadKey."""
    if key.startswith(PRIVATE):
        return read_private(key).public_key()
    if not key.startswith(PUBLIC):
        raise BadKey("a public key begins with whpk_")
    raw = _decoded(key.removeprefix(PUBLIC))
    if len(raw) != 32:
        raise BadKey("a whpk_ key has 32 bytes")
    return Ed25519PublicKey.from_public_bytes(raw)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise BadKey("a key is base64 after its prefix") from None


def _sized(raw: bytes) -> bytes:
    if not FEWEST_BYTES <= len(raw) <= MOST_BYTES:
        raise BadKey(f"a secret has {FEWEST_BYTES} to {MOST_BYTES} bytes, not {len(raw)}")
    return raw
