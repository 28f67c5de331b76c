"""Milepost for Python programs: an API client (sync and async) and the verification of webhooks."""

from milepost_client.client import AsyncClient, Client
from milepost_client.errors import (
    ApiError,
    Conflict,
    Denied,
    FieldError,
    Invalid,
    NotFound,
    Stale,
    Throttled,
    Unavailable,
    Unguarded,
    Unknown,
)
from milepost_client.verification import Received, VerificationError, verify

__version__ = "0.1.0"

__all__ = [
    "ApiError",
    "AsyncClient",
    "Client",
    "Conflict",
    "Denied",
    "FieldError",
    "Invalid",
    "NotFound",
    "Received",
    "Stale",
    "Throttled",
    "Unavailable",
    "Unguarded",
    "Unknown",
    "VerificationError",
    "verify",
]
