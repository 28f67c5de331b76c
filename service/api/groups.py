"""`/groups`: named sets of units, with dated membership."""

from datetime import date
from http import HTTPStatus
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query, Request, Response
from pydantic import Field, StrictBool

from service.api.fields import Aliases, Code, CodeQuery, Day, MemberCode, Name, Note, PathCode, Search
from service.api.registry import Registered, changes_of, list_registry
from service.api.shapes import ANY_LIMIT, Cursor, Limit, Page, Sent, Shape
from service.gate.conditional import Guarded, Seen, etag
from service.gate.guard import Editor, Reader
from service.gate.idempotency import Creating
from service.gate.routing import API, resource
from service.gate.state import gate_of
from service.gate.transaction import Now, Reading, Writing
from service.kit.database import Session
from service.milestones.actions import editing
from service.units import actions, store
from service.units.models import UnitGroup
from service.units.rules import Member, units_of

router = resource("/groups", tag="groups")


class MemberShape(Sent):
    """A unit's or group's place in a group; both days inclusive, null: no bound."""

    member: MemberCode
    from_on: Day | None = None
    until_on: Day | None = None


Members = Annotated[list[MemberShape], Field(max_length=2000)]


class GroupChanges(Sent):
    """What may be changed; what is left out stays. `members` replaces all of them."""

    name: Name | None = None
    aliases: Aliases | None = None
    note: Note | None = None
    vague: StrictBool | None = None
    members: Members | None = None


class NewGroup(Sent):
    """A group to be made; its code is its jurisdiction's, a dot and a word."""

    code: MemberCode
    jurisdiction: Code | None = None
    name: Name
    aliases: Aliases = []
    note: Note = ""
    vague: StrictBool = False
    members: Members = []


class GroupShape(Registered):
    """A named set of units."""

    jurisdiction: str
    vague: bool = Field(description="The document does not say exactly who belongs to it.")
    note: str
    members: list[MemberShape]


class GroupUnits(Shape):
    """Who belongs to a group on a day."""

    on: date
    units: list[str]


async def _shape(session: Session, row: UnitGroup) -> GroupShape:
    members = (await store.memberships_of(session, [row.code]))[row.code]
    return _told(row, members)


def _told(row: UnitGroup, members: list[Member]) -> GroupShape:
    return GroupShape(
        **Registered.told(row),
        jurisdiction=row.jurisdiction,
        vague=row.vague,
        note=row.note,
        members=[MemberShape(member=one.code, from_on=one.from_on, until_on=one.until_on) for one in members],
    )


def _members(sent: list[MemberShape]) -> list[Member]:
    return [Member(one.member, one.from_on, one.until_on) for one in sent]


@router.get("")
async def list_groups(
    _actor: Reader,
    session: Reading,
    q: Search = None,
    jurisdiction: CodeQuery = None,
    retired: Annotated[bool, Query(description="Those out of use too.")] = False,
    limit: Limit = ANY_LIMIT,
    cursor: Cursor = None,
) -> Page[GroupShape]:
    """Groups by code."""
    where = store.RegistryFilter(q=q, jurisdiction=jurisdiction, retired=retired)
    page = await list_registry(session, UnitGroup, where=where, cursor=cursor, limit=limit)
    members = await store.memberships_of(session, [row.code for row in page.items])
    return Page(items=[_told(row, members[row.code]) for row in page.items], next=page.next)


@router.post("", status_code=HTTPStatus.CREATED)
async def create_group(actor: Editor, session: Creating, now: Now, wanted: NewGroup, response: Response) -> GroupShape:
    """A new group with its members."""
    row = await actions.create_group(
        session,
        actor,
        code=wanted.code,
        jurisdiction=wanted.jurisdiction or wanted.code.partition(".")[0],
        values=wanted.model_dump(exclude={"code", "jurisdiction", "members"}),
        members=_members(wanted.members),
        now=now,
    )
    response.headers["Location"] = f"{API}/groups/{row.code}"
    response.headers["ETag"] = etag(row.revision)
    return await _shape(session, row)


@router.get("/{code}")
async def get_group(code: PathCode, _actor: Reader, session: Reading, seen: Seen) -> GroupShape:
    """One group."""
    row = await store.get(session, UnitGroup, code)
    seen.shows(row.revision)
    return await _shape(session, row)


@router.get("/{code}/units")
async def get_group_units(
    request: Request,
    code: PathCode,
    _actor: Reader,
    session: Reading,
    now: Now,
    on: Annotated[Day | None, Query(description="The day; today where it is left out.")] = None,
) -> GroupUnits:
    """Who belongs to a group on a day, groups within it followed."""
    await store.get(session, UnitGroup, code)
    day = on or now.astimezone(ZoneInfo(gate_of(request).settings.timezone)).date()
    return GroupUnits(on=day, units=list(units_of(code, await store.membership_below(session, [code]), on=day)))


@router.patch("/{code}")
async def change_group(
    code: PathCode, actor: Editor, session: Writing, now: Now, version: Guarded, changes: GroupChanges
) -> GroupShape:
    """Change a group; tasks follow its members as of the day on which they fall due."""
    row = await store.get_locked(session, UnitGroup, code)
    version.expects(row.revision)
    sent = changes_of(changes)
    if changes.members is not None:
        sent["members"] = _members(changes.members)
    await actions.update(session, actor, row, changes=sent, now=now)
    version.shows(row.revision)
    return await _shape(session, row)


@router.delete("/{code}", status_code=HTTPStatus.NO_CONTENT)
async def retire_group(code: PathCode, actor: Editor, session: Writing, now: Now, version: Guarded) -> None:
    """Take a group out of use; refused while it answers for something open."""
    row = await store.get_locked(session, UnitGroup, code)
    version.expects(row.revision)
    await editing.retire(session, actor, row, now=now)
