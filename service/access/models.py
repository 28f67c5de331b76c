"""What is kept of keys, and of answers that may be asked for again."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from service.kit.database import Instant, Json


class ApiKey(SQLModel, table=True):
    """A key that somebody holds: its digest, never itself. Revoked keys stay, for the audit log."""

    __tablename__ = "api_key"

    id: str = Field(primary_key=True, max_length=64)
    name: str = Field(max_length=100)
    prefix: str = Field(max_length=16)
    digest: str = Field(max_length=64, unique=True)
    scopes: list[str] = Field(sa_type=Json)
    jurisdiction: str | None = Field(default=None, foreign_key="jurisdiction.code", index=True)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    last_used_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class IdempotentAnswer(SQLModel, table=True):
    """The answer to a creation that carried an Idempotency-Key, for whoever asks again with the same key.

    `fingerprint` tells the request by method, path and body. `sealed` is the encrypted answer (it may show a secret
    that is shown only once); None while the request that came first is still at work.
    """

    __tablename__ = "idempotent_answer"

    actor: str = Field(primary_key=True, max_length=200)
    key: str = Field(primary_key=True, max_length=255)
    fingerprint: str = Field(max_length=64)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Instant, index=True)
