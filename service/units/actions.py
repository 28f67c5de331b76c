"""What can be done to jurisdictions, units and groups. Every change is recorded; nothing is deleted."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from service.access.rules import require_scope
from service.journal.actions import record
from service.journal.kinds import Kind
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Conflict, Denied, InUse, invalid, unmet
from service.kit.search import searchable
from service.units import rules, store
from service.units.models import Jurisdiction, Membership, Registered, Unit, UnitGroup

_KINDS: dict[type[Registered], tuple[Kind, Kind, Kind]] = {
    Jurisdiction: (Kind.JURISDICTION_CREATED, Kind.JURISDICTION_UPDATED, Kind.JURISDICTION_RETIRED),
    Unit: (Kind.UNIT_CREATED, Kind.UNIT_UPDATED, Kind.UNIT_RETIRED),
    UnitGroup: (Kind.GROUP_CREATED, Kind.GROUP_UPDATED, Kind.GROUP_RETIRED),
}


async def require_edit(session: Session, actor: Actor, jurisdiction: str | None) -> None:
    """Raise Denied unless the actor may change things of this jurisdiction (None: things above all of them)."""
    require_scope(actor, "edit")
    if actor.jurisdiction is None:
        return
    if jurisdiction is None or actor.jurisdiction not in await store.ancestors(session, jurisdiction):
        raise Denied(f"This key may only change what belongs to '{actor.jurisdiction}'.")


async def require_jurisdiction(session: Session, code: str, *, field: str = "jurisdiction") -> None:
    """Raise Unmet unless there is such a jurisdiction in use; it stays in use until this transaction ends."""
    row = (await store.held(session, Jurisdiction, [code])).get(code)
    if row is None:
        raise unmet(field, f"there is no jurisdiction '{code}'")
    if row.retired_at is not None:
        raise unmet(field, f"the jurisdiction '{code}' is retired")


async def create_jurisdiction(
    session: Session, actor: Actor, *, code: str, values: Mapping[str, Any], now: datetime
) -> Jurisdiction:
    """A new jurisdiction. `values`: name, aliases, parent. Raises Invalid, Conflict, Denied."""
    await require_edit(session, actor, values.get("parent"))
    if not rules.JURISDICTION_CODE.match(code):
        raise invalid("code", "a jurisdiction's code is lower-case words joined by '-', such as 'chongming'")
    if await session.get(Jurisdiction, code):
        raise Conflict(f"There is a jurisdiction '{code}' already.")
    await _check_parent(session, code, values.get("parent"))
    row = Jurisdiction(code=code, created_at=now, updated_at=now, **values)
    return await _add(session, actor, row, now=now)


async def create_unit(
    session: Session, actor: Actor, *, code: str, jurisdiction: str, values: Mapping[str, Any], now: datetime
) -> Unit:
    """A new unit. `values`: name, aliases, kind, note. Raises Invalid, Conflict, NotFound, Denied."""
    await _check_new_member(session, actor, code, jurisdiction)
    row = Unit(code=code, jurisdiction=jurisdiction, created_at=now, updated_at=now, **values)
    return await _add(session, actor, row, now=now)


async def create_group(
    session: Session,
    actor: Actor,
    *,
    code: str,
    jurisdiction: str,
    values: Mapping[str, Any],
    members: Sequence[rules.Member],
    now: datetime,
) -> UnitGroup:
    """A new group with its members. `values`: name, aliases, vague, note. Raises Invalid, Conflict, Denied."""
    await _check_new_member(session, actor, code, jurisdiction)
    row = UnitGroup(code=code, jurisdiction=jurisdiction, created_at=now, updated_at=now, **values)
    row.search_text = searchable([row.code, row.name, *row.aliases])
    session.add(row)
    await session.flush()
    await _replace_members(session, row, members, now=now)
    await _record(session, actor, row, kind=Kind.GROUP_CREATED, before=None, now=now)
    return row


async def update(session: Session, actor: Actor, row: Registered, *, changes: Mapping[str, Any], now: datetime) -> None:
    """Change some fields of a jurisdiction, unit or group; for a group `members` replaces all of them.

    A change that changes nothing is no change: no revision, no record. A retired one comes back to life.
    """
    await require_edit(session, actor, jurisdiction_of(row))
    fields = dict(changes)
    members: Sequence[rules.Member] | None = fields.pop("members", None)
    before = await snapshot(session, row)
    returns = row.retired_at is not None
    if isinstance(row, Jurisdiction) and fields.get("parent", row.parent) != row.parent:
        await require_edit(session, actor, fields["parent"])  # whoever stands above may change what lies below
        await _check_parent(session, row.code, fields["parent"])
    elif returns:
        await _check_home(session, row)
    for name, value in fields.items():
        setattr(row, name, value)
    if isinstance(row, UnitGroup):
        if members is not None:
            await _replace_members(session, row, members, now=now)
        elif returns:
            await _check_members(session, (await store.memberships_of(session, [row.code]))[row.code], now=now)
    row.retired_at = None
    row.search_text = searchable([row.code, row.name, *row.aliases])
    if await snapshot(session, row) == before:
        return
    row.revision += 1
    row.updated_at = now
    await _record(session, actor, row, kind=_KINDS[type(row)][1], before=before, now=now)


async def retire(session: Session, actor: Actor, row: Registered, *, now: datetime) -> None:
    """Take a row out of use; it stays for history. Raises InUse while others of this room depend on it."""
    await require_edit(session, actor, jurisdiction_of(row))
    if row.retired_at is not None:
        return
    await _check_unused(session, row, now=now)
    before = await snapshot(session, row)
    row.retired_at = now
    row.revision += 1
    row.updated_at = now
    await _record(session, actor, row, kind=_KINDS[type(row)][2], before=before, now=now)


def jurisdiction_of(row: Registered) -> str:
    """The jurisdiction that a row belongs to (a jurisdiction belongs to itself)."""
    return row.code if isinstance(row, Jurisdiction) else row.jurisdiction  # type: ignore[attr-defined]  # units and groups have it


async def snapshot(session: Session, row: Registered) -> dict[str, Any]:
    """A row as the journal keeps it (JSON values)."""
    told: dict[str, Any] = {"code": row.code, "name": row.name, "aliases": list(row.aliases)}
    told["retired_at"] = row.retired_at.isoformat() if row.retired_at else None
    if isinstance(row, Jurisdiction):
        return told | {"parent": row.parent}
    if isinstance(row, Unit):
        return told | {"jurisdiction": row.jurisdiction, "kind": row.kind, "note": row.note}
    if isinstance(row, UnitGroup):
        members = (await store.memberships_of(session, [row.code]))[row.code]
        told |= {"jurisdiction": row.jurisdiction, "vague": row.vague, "note": row.note}
        return told | {"members": [_member_mapping(member) for member in members]}
    raise TypeError(type(row).__name__)


def _member_mapping(member: rules.Member) -> dict[str, str | None]:
    return {
        "member": member.code,
        "from": member.from_on.isoformat() if member.from_on else None,
        "until": member.until_on.isoformat() if member.until_on else None,
    }


async def _add(session: Session, actor: Actor, row: store.Row, *, now: datetime) -> store.Row:
    row.search_text = searchable([row.code, row.name, *row.aliases])
    session.add(row)
    await session.flush()
    await _record(session, actor, row, kind=_KINDS[type(row)][0], before=None, now=now)
    return row


async def _record(
    session: Session, actor: Actor, row: Registered, *, kind: Kind, before: dict[str, Any] | None, now: datetime
) -> None:
    record(
        session,
        actor,
        kind=kind,
        subject=row.code,
        jurisdiction=jurisdiction_of(row),
        before=before,
        after=await snapshot(session, row),
        now=now,
    )


async def _check_new_member(session: Session, actor: Actor, code: str, jurisdiction: str) -> None:
    await require_edit(session, actor, jurisdiction)
    await require_jurisdiction(session, jurisdiction)
    if not rules.MEMBER_CODE.match(code) or code.partition(".")[0] != jurisdiction:
        raise unmet("code", f"the code is '{jurisdiction}.' and a lower-case word, such as '{jurisdiction}.justice'")
    # Units and groups share one name space: an assignment names either by its code alone.
    if await store.find_member(session, code) is not None:
        raise Conflict(f"There is a unit or group '{code}' already.")


async def _check_parent(session: Session, code: str, parent: str | None) -> None:
    if parent is None:
        return
    await require_jurisdiction(session, parent, field="parent")
    if code in await store.ancestors(session, parent):
        raise invalid("parent", f"'{parent}' lies below '{code}': a jurisdiction cannot stand above itself")


async def _check_home(session: Session, row: Registered) -> None:
    """What comes back into use needs what it stands in to be in use."""
    above = row.parent if isinstance(row, Jurisdiction) else jurisdiction_of(row)
    if above is not None:
        await require_jurisdiction(session, above, field="parent" if isinstance(row, Jurisdiction) else "jurisdiction")


async def _check_members(session: Session, members: Sequence[rules.Member], *, now: datetime) -> set[str]:
    """Raise Unmet for unknown members, and for retired ones from today on. Answers which of them are units."""
    codes = {member.code for member in members}
    units, groups = await store.held(session, Unit, codes), await store.held(session, UnitGroup, codes)
    known: dict[str, Registered] = {**units, **groups}
    for position, member in enumerate(members):
        if member.code not in known:
            raise unmet(f"members.{position}", f"there is no unit or group '{member.code}'")
        if known[member.code].retired_at is not None and (member.until_on is None or member.until_on >= now.date()):
            raise unmet(f"members.{position}", f"'{member.code}' is retired")
    return set(units)


async def _replace_members(
    session: Session, group: UnitGroup, members: Sequence[rules.Member], *, now: datetime
) -> None:
    """Make these the group's members. Raises Invalid and Unmet, for unknown and retired ones and for circles."""
    units = await _check_members(session, members, now=now)
    for position, member in enumerate(members):
        if member.from_on and member.until_on and member.from_on > member.until_on:
            raise invalid(f"members.{position}", f"'{member.code}' leaves before it joins")
    twice = rules.member_twice(members)
    if twice is not None:
        raise invalid(f"members.{twice}", f"'{members[twice].code}' is a member twice at the same time")
    await _refuse_circle(session, group.code, members)
    for row in await store.member_rows(session, group.code):
        await session.delete(row)
    await session.flush()
    for position, member in enumerate(members):
        unit = member.code if member.code in units else None
        session.add(
            Membership(
                jurisdiction=group.jurisdiction,
                group_code=group.code,
                position=position,
                unit_code=unit,
                member_group=None if unit else member.code,
                from_on=member.from_on,
                until_on=member.until_on,
            )
        )
    await session.flush()


async def _refuse_circle(session: Session, group: str, members: Sequence[rules.Member]) -> None:
    below: dict[str, Sequence[rules.Member]] = {}
    below.update(await store.membership_below(session, [m.code for m in members if m.code != group]))
    below = {code: found for code, found in below.items() if found or code == group}
    below[group] = members
    chain = rules.circle(below)
    if chain:
        raise invalid("members", f"a group cannot contain itself: {' → '.join(chain)}")


async def _check_unused(session: Session, row: Registered, *, now: datetime) -> None:
    if isinstance(row, Jurisdiction):
        units = await store.list_rows(
            session, Unit, where=store.RegistryFilter(jurisdiction=row.code), after=None, limit=1
        )
        groups = await store.list_rows(
            session, UnitGroup, where=store.RegistryFilter(jurisdiction=row.code), after=None, limit=1
        )
        below = await store.list_rows(
            session, Jurisdiction, where=store.RegistryFilter(parent=row.code), after=None, limit=1
        )
        for used in (*units, *groups, *below):
            raise InUse(f"'{row.code}' still has '{used.code}': retire that first.")
        return
    for group in sorted(await store.groups_containing(session, [row.code])):
        holder = await session.get(UnitGroup, group)
        if holder is not None and holder.retired_at is None and await _is_member(session, group, row.code, now):
            raise InUse(f"'{row.code}' is still a member of '{group}': end its membership first.")


async def _is_member(session: Session, group: str, code: str, now: datetime) -> bool:
    members = (await store.memberships_of(session, [group]))[group]
    return any(m.code == code and (m.until_on is None or m.until_on >= now.date()) for m in members)
