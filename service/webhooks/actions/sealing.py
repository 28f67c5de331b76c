"""What of an endpoint is sealed before it is stored: each column for a purpose of its own, so that none passes for
another."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from service.kit.seal import Seal


@dataclass(frozen=True, slots=True)
class Seals:
    """The seals of this room, made once for a process: they follow from the service's secret."""

    address: Seal
    headers: Seal
    secret: Seal
    robot_secret: Seal
    signing_key: Seal

    @classmethod
    def of(cls, secret: str) -> Self:
        """The seals that follow from the service's secret."""
        return cls(
            address=Seal(secret, purpose="endpoint address"),
            headers=Seal(secret, purpose="endpoint headers"),
            secret=Seal(secret, purpose="endpoint secret"),
            robot_secret=Seal(secret, purpose="endpoint robot secret"),
            signing_key=Seal(secret, purpose="webhook signing key"),
        )


def close(text: str | None, *, by: Seal) -> bytes | None:
    """Text sealed; None stays None."""
    return by.close(text.encode()) if text is not None else None


def read(sealed: bytes | None, *, by: Seal) -> str | None:
    """What was sealed; None stays None. Raises Unreadable."""
    return by.open(sealed).decode() if sealed is not None else None


def close_headers(headers: Mapping[str, str], *, by: Seal) -> bytes | None:
    """Headers sealed; None: there are none."""
    return by.close(json.dumps(dict(headers)).encode()) if headers else None


def read_headers(sealed: bytes | None, *, by: Seal) -> dict[str, str]:
    """The headers that were sealed. Raises Unreadable."""
    found: dict[str, str] = json.loads(by.open(sealed)) if sealed is not None else {}
    return found
