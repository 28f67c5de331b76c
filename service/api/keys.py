"""`/keys`: who may use the API."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Path, Response
from pydantic import Field

from service.access import actions, store
from service.access.models import ApiKey
from service.access.rules import SCOPE
from service.api.fields import At, Code, Name
from service.api.shapes import ANY_LIMIT, Cursor, Limit, Page, Sent, Shape
from service.gate.guard import Admin
from service.gate.idempotency import Creating
from service.gate.jurisdictions import require_jurisdiction
from service.gate.routing import API, resource
from service.gate.transaction import Now, Reading, Writing
from service.kit.paging import cut, decode_instant_cursor

router = resource("/keys", tag="keys")

KeyId = Annotated[str, Path(max_length=64, examples=["key_4xq2…"])]
Scope = Annotated[
    str,
    Field(
        max_length=120,
        pattern=f"^({SCOPE.pattern})$",
        examples=["read", "edit", "admin", "report:chongming.justice"],
    ),
]


class KeyRequest(Sent):
    """A key that somebody asks for."""

    name: Name = Field(description="Who or what uses it.")
    scopes: list[Scope] = Field(min_length=1, max_length=50)
    jurisdiction: Code | None = Field(None, description="What it may change is bounded to this one.")
    expires_at: At | None = None


class Key(Shape):
    """A key, without the part that is secret."""

    id: str
    name: str
    prefix: str = Field(description="How the key begins, to tell it from others.")
    scopes: list[str]
    jurisdiction: str | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None


class CreatedKey(Key):
    """A new key, this once with its secret."""

    key: str = Field(description="Send it as `Authorization: Bearer …`. It is shown now and never again.")


def _order(key: ApiKey) -> tuple[str, str]:
    return key.created_at.isoformat(), key.id


@router.get("")
async def list_keys(actor: Admin, session: Reading, limit: Limit = ANY_LIMIT, cursor: Cursor = None) -> Page[Key]:
    """All keys, the oldest first, revoked ones too."""
    after = decode_instant_cursor(cursor)
    rows = await store.list_keys(session, jurisdiction=actor.jurisdiction, after=after, limit=limit + 1)
    page = cut(rows, limit, _order)
    return Page(items=[Key.model_validate(row) for row in page.items], next=page.next)


@router.post("", status_code=HTTPStatus.CREATED)
async def create_key(actor: Admin, session: Creating, now: Now, wanted: KeyRequest, response: Response) -> CreatedKey:
    """A new key. Its secret is in this answer and nowhere else."""
    await require_jurisdiction(session, wanted.jurisdiction)
    made = await actions.create_key(
        session,
        actor,
        name=wanted.name,
        scopes=wanted.scopes,
        jurisdiction=wanted.jurisdiction,
        expires_at=wanted.expires_at,
        now=now,
    )
    response.headers["Location"] = f"{API}/keys/{made.key.id}"
    return CreatedKey(**Key.model_validate(made.key).model_dump(), key=made.secret)


@router.get("/{key_id}")
async def get_key(key_id: KeyId, actor: Admin, session: Reading) -> Key:
    """One key."""
    return Key.model_validate(await store.get_key(session, key_id, jurisdiction=actor.jurisdiction))


@router.delete("/{key_id}", status_code=HTTPStatus.NO_CONTENT)
async def revoke_key(key_id: KeyId, actor: Admin, session: Writing, now: Now) -> None:
    """Make a key useless from now on. It stays in the list."""
    key = await store.get_key(session, key_id, jurisdiction=actor.jurisdiction)
    await actions.revoke_key(session, actor, key, now=now)
