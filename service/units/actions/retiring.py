"""Taking jurisdictions, units and groups out of use."""

from datetime import datetime

from service.journal.actions import record_all
from service.journal.rules import Fact
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import InUse
from service.units import store
from service.units.actions.rights import jurisdiction_of, require_edit
from service.units.actions.telling import RETIRED, snapshot
from service.units.models import Jurisdiction, Registered, Unit, UnitGroup


async def retire(session: Session, actor: Actor, row: Registered, *, now: datetime) -> None:
    """Take a row out of use; it stays for history. Raises InUse while others of this room depend on it."""
    home = jurisdiction_of(row)
    await require_edit(session, actor, home)
    if row.retired_at is not None:
        return
    await _check_unused(session, row, now=now)
    before = await snapshot(session, row)
    row.retired_at = now
    row.revision += 1
    row.updated_at = now
    fact = Fact(RETIRED[type(row)], row.code, home, before, await snapshot(session, row))
    await record_all(session, actor, [fact], now=now)


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
