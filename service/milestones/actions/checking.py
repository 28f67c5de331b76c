"""What a milestone must be before it is written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.due.faults import InvalidDue
from service.due.spec import check, parse, to_mapping
from service.kit.database import Session
from service.kit.errors import Conflict, Fault, Unmet, invalid, require
from service.kit.ids import derived_id
from service.milestones import rules, store
from service.milestones.models import Milestone
from service.plans.actions import due_faults, frame_of
from service.plans.models import Plan
from service.units import store as unit_store
from service.units.models import Registered, Unit, UnitGroup
from service.units.rules import nearest


@dataclass(frozen=True, slots=True)
class Known:
    """What milestones that are to be written refer to, read at once; `milestones` by id, those to be made join them."""

    units: Mapping[str, Unit]
    groups: Mapping[str, UnitGroup]
    milestones: dict[str, Milestone]

    def registered(self, code: str) -> Registered | None:
        """The unit or group with this code."""
        return self.units.get(code) or self.groups.get(code)


async def read_known(session: Session, *, codes: set[str], milestones: Iterable[str]) -> Known:
    """The units and groups of these codes, which stay in use until this transaction ends; these milestones, and all
    that they are a part of.
    """
    units = await unit_store.held(session, Unit, codes)
    groups = await unit_store.held(session, UnitGroup, codes)
    found: dict[str, Milestone] = {}
    wanted = set(milestones)
    while wanted:
        more = await store.milestones_by_id(session, wanted)
        found |= more
        wanted = {row.parent for row in more.values() if row.parent} - set(found) - wanted
    return Known(units, groups, found)


def check_key(plan: str, *, key: str, known: Known) -> None:
    """Raise Invalid for what is no key, Conflict for one that is taken."""
    if not rules.KEY.match(key):
        raise invalid("key", "a key is letters, digits, '.', '-' and '_', and starts with a letter or digit")
    if derived_id("ms", plan, key) in known.milestones:
        raise Conflict(f"The plan '{plan}' has a milestone '{key}' already.")


async def check_milestone(
    session: Session, row: Milestone, *, plan: Plan, assignments: Sequence[rules.Assigned], known: Known
) -> None:
    """Bring the due specification into its canonical form. Raises Invalid with all that is wrong, Unmet."""
    faults = [Fault("title", "a milestone needs a title")] if not row.title.strip() else []
    faults += _due_faults(plan, row)
    faults += _named_twice(assignments)
    require(faults)
    unmet = _parent_faults(row, known)
    unmet += await _assignment_faults(session, assignments, known)
    require(unmet, Unmet)


def _due_faults(plan: Plan, row: Milestone) -> list[Fault]:
    if row.due is None:
        return []
    try:
        spec = parse(row.due)
    except InvalidDue as wrong:
        return due_faults("due", faults=wrong.faults)
    row.due = to_mapping(spec)
    return due_faults("due", faults=check(spec, frame_of(plan)))


def _named_twice(assignments: Sequence[rules.Assigned]) -> list[Fault]:
    return [
        Fault(f"assignments.{place}", f"'{one.code}' is named twice as {one.role.value}")
        for place, one in enumerate(assignments)
        if one in assignments[:place]
    ]


def _parent_faults(row: Milestone, known: Known) -> list[Fault]:
    above, seen = row.parent, {row.id}
    while above is not None:
        if above in seen:
            return [Fault("parent", "a milestone cannot be a part of itself")]
        seen.add(above)
        parent = known.milestones.get(above)
        if parent is None or parent.plan != row.plan:
            return [Fault("parent", f"there is no milestone '{above}' in the plan '{row.plan}'")]
        above = parent.parent
    return []


async def _assignment_faults(session: Session, assignments: Sequence[rules.Assigned], known: Known) -> list[Fault]:
    faults = []
    for place, one in enumerate(assignments):
        path, row = f"assignments.{place}", known.registered(one.code)
        if row is None:
            faults.append(Fault(path, await _unknown(session, one.code)))
        elif row.retired_at is not None:
            faults.append(Fault(path, f"'{one.code}' is retired"))
    return faults


async def _unknown(session: Session, code: str) -> str:
    with session.no_autoflush:  # what is being checked must not reach the database by the way
        names = await unit_store.all_names(session)
    near = sorted({names[name] for name in nearest(code, names)})
    hint = f"; the nearest known are {', '.join(near)}" if near else ""
    return f"there is no unit or group '{code}'{hint}"
