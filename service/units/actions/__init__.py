"""What can be done to jurisdictions, units and groups. Every change is recorded; nothing is deleted."""

from service.units.actions.editing import (
    Edit,
    create_group,
    create_jurisdiction,
    create_unit,
    update,
    write,
)
from service.units.actions.retiring import retire
from service.units.actions.rights import jurisdiction_of, require_edit, require_jurisdiction
from service.units.actions.telling import snapshot

__all__ = [
    "Edit",
    "create_group",
    "create_jurisdiction",
    "create_unit",
    "jurisdiction_of",
    "require_edit",
    "require_jurisdiction",
    "retire",
    "snapshot",
    "update",
    "write",
]
