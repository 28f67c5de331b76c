"""Who may see and make which endpoints, and whether what they ask for exists within their bounds."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Fault, require
from service.plans import store as plan_store
from service.units import store as unit_store
from service.webhooks.rules.filters import check_types


async def within(session: Session, actor: Actor) -> frozenset[str] | None:
    """The jurisdictions whose endpoints an actor sees: its own and all below; None: all."""
    return frozenset(await unit_store.subtree(session, actor.jurisdiction)) if actor.jurisdiction else None


async def check_reach(session: Session, *, values: Mapping[str, Any], home: str | None) -> None:
    """See to it that everything a filter names is there, and within `home`, the endpoint's own jurisdiction.

    Raises Invalid with a fault for each that is not.
    """
    reach = await unit_store.subtree(session, home) if home is not None else None
    jurisdictions: Sequence[str] = values.get("jurisdictions") or ()
    known = await unit_store.jurisdictions_by_code(session, jurisdictions)
    homes: dict[str, dict[str, str]] = {"jurisdictions": {code: code for code in known}}
    units = await unit_store.units_by_code(session, values.get("units") or ())
    homes["units"] = {code: row.jurisdiction for code, row in units.items()}
    plans = await plan_store.by_slug(session, values.get("plans") or ())
    homes["plans"] = {slug: row.jurisdiction for slug, row in plans.items()}
    faults = list(check_types(values.get("types") or ()))
    for name, found in homes.items():
        faults += _faults(name, values.get(name) or (), found, home=home, reach=reach)
    require(faults)


def _faults(
    name: str, wanted: Sequence[str], found: Mapping[str, str], *, home: str | None, reach: set[str] | None
) -> Iterator[Fault]:
    for place, code in enumerate(wanted):
        if code not in found:
            yield Fault(f"{name}.{place}", f"there is no {name[:-1]} '{code}'")
        elif reach is not None and found[code] not in reach:
            yield Fault(f"{name}.{place}", f"'{code}' does not belong to '{home}', and so not to this endpoint")
