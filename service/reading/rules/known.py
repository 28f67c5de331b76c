"""A registry from plan files: `milepost read --registry seed_data/`."""

from collections.abc import Callable, Iterable

from service.planfiles.rules.shapes import PlanFile
from service.reading.rules.registry import Known, Place, Registry

Spelling = Callable[[str], str]


def registry_of(files: Iterable[PlanFile], spelled: Spelling) -> Registry:
    """What files declare, its names `spelled` as documents are read (in simplified characters)."""
    known: dict[str, Known] = {}
    places: dict[str, Place] = {}
    for file in files:
        for place in file.jurisdictions:
            aliases = tuple(map(spelled, place.aliases))
            places[place.code] = Place(place.code, spelled(place.name), place.parent, aliases)
        for unit in file.units:
            known[unit.code] = Known(unit.code, spelled(unit.name), tuple(map(spelled, unit.aliases)))
        for group in file.groups:
            aliases = tuple(map(spelled, group.aliases))
            known[group.code] = Known(group.code, spelled(group.name), aliases, is_group=True, vague=group.vague)
    return Registry(known.values(), places.values())
