"""What plan files refer to, and where several of them contradict each other. Pure."""

from collections.abc import Mapping, Sequence

from service.kit.errors import Fault
from service.kit.ids import derived_id
from service.planfiles.rules.faults import Where
from service.planfiles.rules.shapes import ROLES, GroupShape, JurisdictionShape, PlanFile, PlanShape, UnitShape
from service.reminders.rules.policy import of_milestone, of_plan
from service.units.rules import nearest

_Declared = JurisdictionShape | UnitShape | GroupShape | PlanShape


def fault_at(where: Where, path: str, message: str) -> Fault:
    """A fault with its place."""
    return Fault(path, message, where.file, where.line, where.column)


def contradictions(files: Sequence[PlanFile]) -> list[Fault]:
    """What two files declare differently: the last one would win, and the next `apply` would change it again."""
    said: dict[tuple[str, str], _Declared] = {}
    faults = []
    for file in files:
        for section in ("jurisdictions", "units", "groups"):
            word = "jurisdiction" if section == "jurisdictions" else "member"  # units and groups share one name space
            for place, shape in enumerate(getattr(file, section)):
                earlier = said.setdefault((word, shape.code), shape)
                if earlier != shape:
                    message = f"'{shape.code}' is declared differently{_elsewhere(earlier.where)}; keep one of the two"
                    faults.append(fault_at(shape.where, f"{section}[{place}]", message))
        if file.plan is not None:
            first = said.setdefault(("plan", file.plan.slug), file.plan)
            if first is not file.plan:
                message = f"the plan '{file.plan.slug}' stands in two files{_elsewhere(first.where)}; keep one of them"
                faults.append(fault_at(file.plan.where, "plan", message))
    return faults


def _elsewhere(where: Where) -> str:
    return f" ({where.file}:{where.line})" if where.line else ""


def unknown(code: str, names: Mapping[str, str]) -> str:
    """The sentence for a code that nobody knows. `names`: every name and code → its code."""
    near = list(dict.fromkeys(names[name] for name in nearest(code, names)))
    hint = f"; the nearest known are {', '.join(near)}" if near else "; declare it in the file, or correct the code"
    return f"nobody knows '{code}'{hint}"


def references(file: PlanFile) -> list[tuple[str, str, Where]]:
    """Every code of a jurisdiction, unit or group that a file refers to, with its path and place."""
    found: list[tuple[str, str, Where]] = []
    for place, jurisdiction in enumerate(file.jurisdictions):
        if jurisdiction.parent:
            found.append((jurisdiction.parent, f"jurisdictions[{place}].parent", jurisdiction.where))
    for place, unit in enumerate(file.units):
        found.append((unit.jurisdiction, f"units[{place}].code", unit.where))
    for place, group in enumerate(file.groups):
        found.append((group.jurisdiction, f"groups[{place}].code", group.where))
        found += [(one.member, f"groups[{place}].members[{i}]", one.where) for i, one in enumerate(group.members)]
    if file.plan:
        found.append((file.plan.jurisdiction, "plan.jurisdiction", file.plan.where))
        if file.plan.issuer:
            found.append((file.plan.issuer, "plan.issuer", file.plan.where))
    for place, milestone in enumerate(file.milestones):
        for role in ROLES:
            codes: tuple[str, ...] = getattr(milestone, role)
            found += [(code, f"milestones[{place}].{role}", milestone.where) for code in codes]
    return found


def reminder_subjects(file: PlanFile) -> list[str]:
    """Whose reminder policies a file sets, under the names by which they are kept."""
    if file.plan is None:
        return []
    slug = file.plan.slug
    own = [of_plan(slug)] if file.plan.reminders is not None else []
    keys = [shape.key for shape in file.milestones if shape.reminders is not None]
    return own + [of_milestone(derived_id("ms", slug, key)) for key in keys]
