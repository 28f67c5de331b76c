"""What a document says otherwise of things that it does not own. Pure."""

from collections.abc import Collection
from typing import Final

from service.kit.errors import Fault
from service.planfiles.rules.difference import KEEP, UPDATE, Difference, shown
from service.planfiles.rules.references import fault_at
from service.planfiles.rules.shapes import PlanFile

_SECTIONS: Final = {"jurisdiction": "jurisdictions", "unit": "units", "group": "groups"}


def amendments(file: PlanFile, found: Difference, *, out_of_use: Collection[str]) -> list[Fault]:
    """Each field of a jurisdiction, unit or group that the service holds and the file would change.

    `out_of_use`: codes that the service holds and the file would bring back. What is new is no amendment.
    """
    places = {
        (section, shape.code): f"{section}[{place}]"
        for section in _SECTIONS.values()
        for place, shape in enumerate(getattr(file, section))
    }
    faults = []
    for change in found.changes:
        section = _SECTIONS.get(change.subject)
        if section is None or change.action == KEEP:
            continue
        path = places[section, change.name]
        if change.name in out_of_use:
            message = f"'{change.name}' is out of use; PATCH /{section}/{change.name} brings it back"
            faults.append(fault_at(change.where, path, message))
        elif change.action == UPDATE:
            faults += [
                fault_at(
                    change.where,
                    f"{path}.{one.path}",
                    f"'{change.name}' has {shown(one.before)} here and {shown(one.after)} in the document; "
                    f"a plan does not change it: PATCH /{section}/{change.name} does",
                )
                for one in change.fields
            ]
    return faults
