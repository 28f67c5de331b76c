"""Jurisdictions, units and groups as the journal keeps them."""

from collections.abc import Sequence
from typing import Any

from service.journal.kinds import Kind
from service.kit.database import Session
from service.units import rules, store
from service.units.models import Jurisdiction, Registered, Unit, UnitGroup

CREATED: dict[type[Registered], Kind] = {
    Jurisdiction: Kind.JURISDICTION_CREATED,
    Unit: Kind.UNIT_CREATED,
    UnitGroup: Kind.GROUP_CREATED,
}
UPDATED: dict[type[Registered], Kind] = {
    Jurisdiction: Kind.JURISDICTION_UPDATED,
    Unit: Kind.UNIT_UPDATED,
    UnitGroup: Kind.GROUP_UPDATED,
}
RETIRED: dict[type[Registered], Kind] = {
    Jurisdiction: Kind.JURISDICTION_RETIRED,
    Unit: Kind.UNIT_RETIRED,
    UnitGroup: Kind.GROUP_RETIRED,
}


async def snapshot(session: Session, row: Registered) -> dict[str, Any]:
    """A row as the journal keeps it (JSON values), with the members that a group has now."""
    return told(row, members=(await store.memberships_of(session, [row.code]))[row.code])


def told(row: Registered, *, members: Sequence[rules.Member] = ()) -> dict[str, Any]:
    """A row as the journal keeps it (JSON values); of a group with these members."""
    said: dict[str, Any] = {"code": row.code, "name": row.name, "aliases": list(row.aliases)}
    said["retired_at"] = row.retired_at.isoformat() if row.retired_at else None
    if isinstance(row, Jurisdiction):
        return said | {"parent": row.parent}
    if isinstance(row, Unit):
        return said | {"jurisdiction": row.jurisdiction, "kind": row.kind, "note": row.note}
    if isinstance(row, UnitGroup):
        said |= {"jurisdiction": row.jurisdiction, "vague": row.vague, "note": row.note}
        return said | {"members": [_member_mapping(member) for member in members]}
    raise TypeError(type(row).__name__)


def _member_mapping(member: rules.Member) -> dict[str, str | None]:
    return {
        "member": member.code,
        "from": member.from_on.isoformat() if member.from_on else None,
        "until": member.until_on.isoformat() if member.until_on else None,
    }
