"""The document at `/.well-known/webhook-keys`: with which public keys our `v1a` signatures can be checked.

A JWK Set (RFC 7517), because verifiers in every language read one: key type OKP and curve Ed25519 (RFC 8037), `kid` the
key's thumbprint (RFC 7638), `nbf` and `exp` as OpenID Federation uses them, and the key once more as Standard Webhooks
spells it (`whpk_…`); RFC 7517, section 4, lets readers ignore members that they do not know. There is no `alg`: that
names algorithms of JWS, and a webhook's signature is none.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.webhooks.rules.signature import PUBLIC, BadKey, read_public, spell_public

PATH = "/.well-known/webhook-keys"


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A public key (`whpk_…`), from when it signs, and until when its signatures are good (None: until further notice).

    A key is published before it signs, so that receivers that cache the document know it in time.
    """

    key: str
    from_at: datetime
    until_at: datetime | None = None


def key_document(keys: Iterable[PublishedKey], *, now: datetime) -> dict[str, Any]:
    """The JWK Set: keys that sign, sign soon, or signed a while ago, the newest first. Raises BadKey."""
    valid = [key for key in keys if key.until_at is None or key.until_at > now]
    return {"keys": [_jwk(key) for key in sorted(valid, key=lambda each: (each.from_at, each.key), reverse=True)]}


def _jwk(published: PublishedKey) -> dict[str, Any]:
    if not published.key.startswith(PUBLIC):
        raise BadKey("only public keys (whpk_) are published")
    public = read_public(published.key)
    x = _base64url(public.public_bytes_raw())
    jwk = {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": x,
        "use": "sig",
        "kid": thumbprint(x),
        "whpk": spell_public(public),
        "nbf": int(published.from_at.timestamp()),
    }
    return jwk | ({"exp": int(published.until_at.timestamp())} if published.until_at else {})


def thumbprint(x: str) -> str:
    """A key's thumbprint: SHA-256 over its required members in order, without white space (RFC 7638, section 3)."""
    members = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
    return _base64url(hashlib.sha256(members.encode("ascii")).digest())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")
