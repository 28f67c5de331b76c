"""`/units`: bodies that can answer for a task."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Response

from service.api.bulk import Bulk, BulkAnswer, DryRun, Each, run_bulk
from service.api.fields import Aliases, Code, CodeQuery, MemberCode, Name, Note, PathCode, Search
from service.api.registry import Registered, changes_of, list_registry
from service.api.shapes import ANY_LIMIT, Cursor, Limit, Page, Sent
from service.gate.conditional import Guarded, Seen, etag, expect
from service.gate.guard import Editor, Reader
from service.gate.idempotency import Creating
from service.gate.routing import API, resource
from service.gate.transaction import Now, Reading, Writing
from service.milestones.actions import editing
from service.units import actions, store
from service.units.models import Unit
from service.units.rules import UnitKind

router = resource("/units", tag="units")


class UnitChanges(Sent):
    """What may be changed; what is left out stays."""

    name: Name | None = None
    aliases: Aliases | None = None
    kind: UnitKind | None = None
    note: Note | None = None


class NewUnit(Sent):
    """A unit to be made; its code is its jurisdiction's, a dot and a word."""

    code: MemberCode
    jurisdiction: Code | None = None
    name: Name
    aliases: Aliases = []
    kind: UnitKind = UnitKind.DEPARTMENT
    note: Note = ""


class UnitShape(Registered):
    """A body that can answer for a task."""

    jurisdiction: str
    kind: UnitKind
    note: str


def _shape(row: Unit) -> UnitShape:
    return UnitShape(**Registered.told(row), jurisdiction=row.jurisdiction, kind=UnitKind(row.kind), note=row.note)


@router.get("")
async def list_units(
    _actor: Reader,
    session: Reading,
    q: Search = None,
    jurisdiction: CodeQuery = None,
    kind: Annotated[UnitKind | None, Query()] = None,
    retired: Annotated[bool, Query(description="Those out of use too.")] = False,
    limit: Limit = ANY_LIMIT,
    cursor: Cursor = None,
) -> Page[UnitShape]:
    """Units by code."""
    where = store.RegistryFilter(q=q, jurisdiction=jurisdiction, kind=kind, retired=retired)
    page = await list_registry(session, Unit, where=where, cursor=cursor, limit=limit)
    return Page(items=[_shape(row) for row in page.items], next=page.next)


@router.post("", status_code=HTTPStatus.CREATED)
async def create_unit(actor: Editor, session: Creating, now: Now, wanted: NewUnit, response: Response) -> UnitShape:
    """A new unit."""
    row = await _create(Each(session, actor, now), wanted)
    response.headers["Location"] = f"{API}/units/{row.code}"
    response.headers["ETag"] = etag(row.revision)
    return _shape(row)


async def _create(each: Each, wanted: NewUnit) -> Unit:
    home = wanted.jurisdiction or wanted.code.partition(".")[0]
    values = wanted.model_dump(exclude={"code", "jurisdiction"}, mode="json")
    return await actions.create_unit(
        each.session, each.actor, code=wanted.code, jurisdiction=home, values=values, now=each.now
    )


@router.get("/{code}")
async def get_unit(code: PathCode, _actor: Reader, session: Reading, seen: Seen) -> UnitShape:
    """One unit."""
    row = await store.get(session, Unit, code)
    seen.shows(row.revision)
    return _shape(row)


@router.patch("/{code}")
async def change_unit(
    code: PathCode, actor: Editor, session: Writing, now: Now, version: Guarded, changes: UnitChanges
) -> UnitShape:
    """Change a unit; one out of use comes back to life."""
    row = await store.get_locked(session, Unit, code)
    version.expects(row.revision)
    await actions.update(session, actor, row, changes=changes_of(changes), now=now)
    version.shows(row.revision)
    return _shape(row)


@router.delete("/{code}", status_code=HTTPStatus.NO_CONTENT)
async def retire_unit(code: PathCode, actor: Editor, session: Writing, now: Now, version: Guarded) -> None:
    """Take a unit out of use; refused while it answers for something open."""
    row = await store.get_locked(session, Unit, code)
    version.expects(row.revision)
    await editing.retire(session, actor, row, now=now)


@router.post(":bulk")
async def change_units(
    actor: Editor, session: Creating, now: Now, wanted: Bulk[NewUnit, UnitChanges], dry_run: DryRun = False
) -> BulkAnswer[UnitShape]:
    """Make, change and retire many units at once, with a result for each."""
    each = Each(session, actor, now)

    async def change(name: str, if_match: str | None, changes: UnitChanges) -> UnitShape:
        row = await store.get_locked(session, Unit, name)
        expect(if_match, row.revision)
        await actions.update(session, actor, row, changes=changes_of(changes), now=now)
        return _shape(row)

    async def retire(name: str, if_match: str | None) -> UnitShape:
        row = await store.get_locked(session, Unit, name)
        expect(if_match, row.revision)
        await editing.retire(session, actor, row, now=now)
        return _shape(row)

    async def create(new: NewUnit) -> UnitShape:
        return _shape(await _create(each, new))

    return await run_bulk(each, wanted, create=create, change=change, end=retire, dry_run=dry_run)
