"""Keys belong to a stage before jurisdictions; whether one exists is asked at the door."""

from service.kit.database import Session
from service.kit.errors import unmet
from service.units.store import jurisdictions_by_code


async def require_jurisdiction(session: Session, code: str | None) -> None:
    """Raise Unmet unless there is such a jurisdiction (None: no bound, always there)."""
    if code is not None and code not in await jurisdictions_by_code(session, [code]):
        raise unmet("jurisdiction", f"there is no jurisdiction '{code}'")
