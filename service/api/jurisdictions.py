"""`/jurisdictions`: governments whose plans and units live together."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from service.api.fields import Aliases, Code, CodeQuery, Name, PathCode, Search
from service.api.registry import Registered, changes_of, list_registry
from service.api.shapes import ANY_LIMIT, Cursor, Limit, Page, Sent
from service.gate.conditional import Guarded, Seen, etag
from service.gate.guard import Editor, Reader
from service.gate.idempotency import Creating
from service.gate.routing import API, resource
from service.gate.transaction import Now, Reading, Writing
from service.milestones.actions import editing
from service.units import actions, store
from service.units.models import Jurisdiction

router = resource("/jurisdictions", tag="jurisdictions")


class JurisdictionChanges(Sent):
    """What may be changed; what is left out stays."""

    name: Name | None = None
    aliases: Aliases | None = None
    parent: Code | None = Field(None, description="The jurisdiction above; null: none.")


class NewJurisdiction(Sent):
    """A jurisdiction to be made."""

    code: Code
    name: Name
    aliases: Aliases = []
    parent: Code | None = None


class JurisdictionShape(Registered):
    """A government whose plans and units live together."""

    parent: str | None


def _shape(row: Jurisdiction) -> JurisdictionShape:
    return JurisdictionShape(**Registered.told(row), parent=row.parent)


@router.get("")
async def list_jurisdictions(
    _actor: Reader,
    session: Reading,
    q: Search = None,
    parent: CodeQuery = None,
    retired: Annotated[bool, Query(description="Those out of use too.")] = False,
    limit: Limit = ANY_LIMIT,
    cursor: Cursor = None,
) -> Page[JurisdictionShape]:
    """Jurisdictions by code."""
    where = store.RegistryFilter(q=q, parent=parent, retired=retired)
    page = await list_registry(session, Jurisdiction, where=where, cursor=cursor, limit=limit)
    return Page(items=[_shape(row) for row in page.items], next=page.next)


@router.post("", status_code=HTTPStatus.CREATED)
async def create_jurisdiction(
    actor: Editor, session: Creating, now: Now, wanted: NewJurisdiction, response: Response
) -> JurisdictionShape:
    """A new jurisdiction."""
    values = wanted.model_dump(exclude={"code"})
    row = await actions.create_jurisdiction(session, actor, code=wanted.code, values=values, now=now)
    response.headers["Location"] = f"{API}/jurisdictions/{row.code}"
    response.headers["ETag"] = etag(row.revision)
    return _shape(row)


@router.get("/{code}")
async def get_jurisdiction(code: PathCode, _actor: Reader, session: Reading, seen: Seen) -> JurisdictionShape:
    """One jurisdiction."""
    row = await store.get(session, Jurisdiction, code)
    seen.shows(row.revision)
    return _shape(row)


@router.patch("/{code}")
async def change_jurisdiction(
    code: PathCode, actor: Editor, session: Writing, now: Now, version: Guarded, changes: JurisdictionChanges
) -> JurisdictionShape:
    """Change a jurisdiction; one out of use comes back to life."""
    row = await store.get_locked(session, Jurisdiction, code)
    version.expects(row.revision)
    await actions.update(session, actor, row, changes=changes_of(changes, nullable={"parent"}), now=now)
    version.shows(row.revision)
    return _shape(row)


@router.delete("/{code}", status_code=HTTPStatus.NO_CONTENT)
async def retire_jurisdiction(code: PathCode, actor: Editor, session: Writing, now: Now, version: Guarded) -> None:
    """Take a jurisdiction out of use; refused while it has units or plans in use."""
    row = await store.get_locked(session, Jurisdiction, code)
    version.expects(row.revision)
    await editing.retire(session, actor, row, now=now)
