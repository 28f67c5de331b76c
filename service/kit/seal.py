"""Sealing: what the service has to read again and nobody else should, encrypted before it reaches the database."""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class Unreadable(Exception):
    """Sealed with another secret, for another purpose, or damaged."""


class Seal:
    """AES-256-GCM under a key that follows from the service's secret and the purpose."""

    def __init__(self, secret: str, *, purpose: str) -> None:
        self._cipher = AESGCM(hmac.digest(secret.encode(), purpose.encode(), hashlib.sha256))
        self._purpose = purpose.encode()

    def close(self, plain: bytes) -> bytes:
        """Encrypt; equal inputs give different outputs."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, self._purpose)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt. Raises Unreadable."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], self._purpose)
        except (InvalidTag, ValueError):
            raise Unreadable from None
