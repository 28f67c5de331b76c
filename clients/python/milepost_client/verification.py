"""Is this webhook from Milepost, and from now? (Standard Webhooks 1.0.0)

Written on its own, sharing no code with the service: where both agree, neither is wrong by itself.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FIVE_MINUTES = 300
_MOST_SIGNATURES = 50


class VerificationError(Exception):
    """Do not believe this request; the message says why."""


@dataclass(frozen=True, slots=True)
class Received:
    """A genuine message. `id` is the same on every repeat: remember it and skip what you have already done."""

    id: str
    sent_at: int
    """When this attempt was made, in seconds since 1970."""
    event: dict[str, Any]
    """`{"type", "timestamp", "data"}`."""


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secret: str | Iterable[str],
    *,
    now: float | None = None,
    tolerance: float = FIVE_MINUTES,
) -> Received:
    """Verify a request and read its event.

    `body` is the raw body, before anything has parsed it. `secret` is the endpoint's `whsec_…`, a public key `whpk_…`
    (this needs the `cryptography` package), or several of them while one replaces another. `now` is in seconds since
    1970 (the host's clock if left out); an attempt that is more than `tolerance` seconds away from it is refused, since
    it may be a recording. Raises VerificationError.
    """
    message_id, timestamp, signatures = _read_headers(headers)
    sent_at = _check_time(timestamp, time.time() if now is None else now, tolerance)
    signed = f"{message_id}.{timestamp}.".encode() + body
    secrets = [secret] if isinstance(secret, str) else list(secret)
    if not any(_is_signed(signed, signatures, each) for each in secrets):
        raise VerificationError("no signature fits: another secret, or the body was changed")
    return Received(message_id, sent_at, _parse(body))


def _read_headers(headers: Mapping[str, str]) -> tuple[str, str, list[str]]:
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    try:
        message_id, timestamp = lower["webhook-id"], lower["webhook-timestamp"]
        signatures = lower["webhook-signature"].split()[:_MOST_SIGNATURES]
    except KeyError as missing:
        raise VerificationError(f"the header {missing.args[0]} is missing") from None
    if not message_id or not signatures:
        raise VerificationError("webhook-id or webhook-signature is empty")
    return message_id, timestamp, signatures


def _check_time(timestamp: str, now: float, tolerance: float) -> int:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise VerificationError("webhook-timestamp is not a number of seconds")
    sent_at = int(timestamp)
    if sent_at < now - tolerance:
        raise VerificationError("webhook-timestamp is too old")
    if sent_at > now + tolerance:
        raise VerificationError("webhook-timestamp lies in the future")
    return sent_at


def _is_signed(signed: bytes, signatures: list[str], secret: str) -> bool:
    if secret.startswith("whpk_"):
        return _is_signed_asymmetrically(signed, signatures, secret)
    key = _from_base64(secret.removeprefix("whsec_"))
    if not key:
        raise VerificationError("the secret is not a Standard Webhooks secret (whsec_ and base64)")
    expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    return any(hmac.compare_digest(expected, each.encode(errors="replace")) for each in signatures)


def _is_signed_asymmetrically(signed: bytes, signatures: list[str], public_key: str) -> bool:
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # only those who use whpk_ need it
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  # as above
            Ed25519PublicKey,
        )
    except ImportError:
        raise VerificationError("public keys need the package: pip install 'milepost-client[ed25519]'") from None
    raw = _from_base64(public_key.removeprefix("whpk_"))
    if len(raw) != 32:
        raise VerificationError("the public key is not an Ed25519 key (whpk_ and base64 of 32 bytes)")
    key = Ed25519PublicKey.from_public_bytes(raw)
    for each in signatures:
        version, _, text = each.partition(",")
        if version != "v1a":
            continue
        try:
            key.verify(_from_base64(text), signed)
        except InvalidSignature:
            continue
        return True
    return False


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""


def _parse(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise VerificationError("genuine, but the body is not JSON") from None
    if not isinstance(event, dict):
        raise VerificationError("genuine, but the body is not an event")
    return event
