"""Who may change what, and what has to be in use for it."""

from collections.abc import Collection

from service.access.rules import require_scope
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Denied, unmet
from service.units import store
from service.units.models import Jurisdiction, Registered


async def require_edit(session: Session, actor: Actor, jurisdiction: str | None) -> None:
    """Raise Denied unless the actor may change things of this jurisdiction (None: things above all of them)."""
    require_scope(actor, "edit")
    if actor.jurisdiction is None:
        return
    if jurisdiction is None or actor.jurisdiction not in await store.ancestors(session, jurisdiction):
        raise Denied(f"This key may only change what belongs to '{actor.jurisdiction}'.")


async def require_jurisdiction(session: Session, code: str, *, field: str = "jurisdiction") -> None:
    """Raise Unmet unless there is such a jurisdiction in use; it stays in use until this transaction ends."""
    await require_jurisdictions(session, [code], field=field)


async def require_jurisdictions(session: Session, codes: Collection[str], *, field: str = "jurisdiction") -> None:
    """Raise Unmet unless all of them are in use, as they stay until this transaction ends."""
    found = await store.held(session, Jurisdiction, codes)
    for code in codes:
        if code not in found:
            raise unmet(field, f"there is no jurisdiction '{code}'")
        if found[code].retired_at is not None:
            raise unmet(field, f"the jurisdiction '{code}' is retired")


def jurisdiction_of(row: Registered) -> str:
    """The jurisdiction that a row belongs to (a jurisdiction belongs to itself)."""
    return row.code if isinstance(row, Jurisdiction) else row.jurisdiction  # type: ignore[attr-defined]  # units and groups have it
