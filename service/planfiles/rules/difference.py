"""What has to change so that the service holds what a file says: computed before anything is written, and shown."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from service.due.spec import DueSpec, to_full_mapping
from service.milestones.rules import MilestoneStatus
from service.planfiles.rules import fields as f
from service.planfiles.rules.emit import TABLES, item_mapping, plain
from service.planfiles.rules.faults import Where
from service.planfiles.rules.shapes import NOWHERE, PlanFile, SourceShape

CREATE, UPDATE, CANCEL, KEEP = "create", "update", "cancel", "keep"
SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after, as JSON values; None is absent."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one thing. `name` is its code, slug or key; `where` is its place in the desired file."""

    action: str
    subject: str
    name: str
    title: str = ""
    fields: tuple[FieldChange, ...] = ()
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class Difference:
    """Changes in the order in which they can be applied.

    `left` are keys of milestones that the service holds and the file does not, and that nobody asked to cancel;
    `reordered` says that milestones known to both stand in another order.
    """

    changes: tuple[Change, ...] = ()
    left: tuple[str, ...] = ()
    reordered: bool = False

    @property
    def empty(self) -> bool:
        """True when applying it would change nothing."""
        return not self.reordered and all(change.action == KEEP for change in self.changes)

    def count(self, action: str) -> int:
        """How many things are created, updated, cancelled or kept."""
        return sum(change.action == action for change in self.changes)


def difference(desired: PlanFile, current: PlanFile, *, prune: bool) -> Difference:
    """Compare a file with what the service holds of it.

    Things are matched by code, slug or key. Only milestones can be missing from a file: they are cancelled with
    `prune` and left alone without. Jurisdictions come before those below them, groups after those that they contain,
    milestones after their parents, cancellations last.
    """
    plan = [desired.plan] if desired.plan else []
    same_plan = desired.plan and current.plan and desired.plan.slug == current.plan.slug
    held = current.milestones if same_plan else ()
    changes = [
        *_changes("jurisdiction", _above_first(desired.jurisdictions, "code"), current.jurisdictions),
        *_changes("unit", desired.units, current.units),
        *_changes("group", _contained_first(desired.groups), current.groups),
        *_changes("plan", plan, [current.plan] if same_plan else []),
        *_changes("milestone", _above_first(desired.milestones, "key"), held),
    ]
    wanted = {item.key for item in desired.milestones}
    gone = [item for item in held if item.key not in wanted and item.status != MilestoneStatus.CANCELLED]
    if prune:
        status = FieldChange("status", MilestoneStatus.ACTIVE.value, MilestoneStatus.CANCELLED.value)
        changes += [Change(CANCEL, "milestone", item.key, item.title, (status,)) for item in gone]
    known = {item.key for item in held}
    before = [item.key for item in held if item.key in wanted]
    after = [item.key for item in desired.milestones if item.key in known]
    return Difference(tuple(changes), () if prune else tuple(item.key for item in gone), before != after)


_IDENTITY: Final = {"jurisdiction": "code", "unit": "code", "group": "code", "plan": "slug", "milestone": "key"}
_TABLE: Final = {
    "jurisdiction": TABLES["jurisdictions"],
    "unit": TABLES["units"],
    "group": TABLES["groups"],
    "plan": f.PLAN_FIELDS,
    "milestone": TABLES["milestones"],
}


def _changes(subject: str, desired: Iterable[Any], current: Iterable[Any]) -> list[Change]:
    identity = _IDENTITY[subject]
    held = {getattr(item, identity): item for item in current}
    found = []
    for item in desired:
        name = getattr(item, identity)
        title = item.title if subject in ("plan", "milestone") else item.name
        before = held.get(name)
        if before is None:
            given = item_mapping(item, _TABLE[subject])
            fields = tuple(FieldChange(path, None, value) for path, value in given.items())
            found.append(Change(CREATE, subject, name, title, fields, item.where))
        else:
            fields = tuple(_field_changes(before, item, _TABLE[subject]))
            found.append(Change(UPDATE if fields else KEEP, subject, name, title, fields, item.where))
    return found


def _field_changes(before: object, after: object, table: Iterable[f.Field]) -> Iterable[FieldChange]:
    for row in table:
        old, new = getattr(before, row.name), getattr(after, row.name)
        if old == new:
            continue
        older, newer = _parts(row.name, old), _parts(row.name, new)
        for path in dict.fromkeys((*older, *newer)):
            if older.get(path) != newer.get(path):
                yield FieldChange(path, older.get(path), newer.get(path))


def _parts(path: str, value: object) -> dict[str, Any]:
    """What a field holds, by path; a due specification and a source are taken apart, lists stay whole."""
    if isinstance(value, DueSpec):
        full = to_full_mapping(value)
        del full["precision"]  # follows from the value
        return {f"{path}.{name}": inner for name, inner in full.items() if inner not in (None, "")}
    if isinstance(value, SourceShape):
        return {f"{path}.{name}": inner for name, inner in plain(value).items()}
    return {} if value is None else {path: plain(value)}


def _above_first(items: Sequence[Any], identity: str) -> list[Any]:
    return _sorted(items, lambda item: getattr(item, identity), lambda item: [item.parent] if item.parent else [])


def _contained_first(groups: Sequence[Any]) -> list[Any]:
    return _sorted(groups, lambda group: group.code, lambda group: [member.member for member in group.members])


def _sorted(items: Sequence[Any], name: Callable[[Any], str], needs: Callable[[Any], Iterable[str]]) -> list[Any]:
    """In the file's order, but nothing before what it needs. Walks with a stack of its own; a circle ends it."""
    by_name = {name(item): item for item in items}
    placed: dict[str, Any] = {}
    begun: set[str] = set()
    for first in by_name:
        ahead = [first]
        while ahead:
            code = ahead[-1]
            missing = [need for need in needs(by_name[code]) if need in by_name and need not in begun]
            begun.add(code)
            if code not in placed and missing:
                ahead += reversed(missing)
            else:
                placed.setdefault(code, by_name[code])
                ahead.pop()
    return list(placed.values())


def render_difference(found: Difference) -> str:
    """As plain text: a line for each thing (`+` add, `~` change, `-` cancel), changed fields below it, a count last."""
    lines = []
    for change in found.changes:
        if change.action == KEEP:
            continue
        sign = {CREATE: "+", UPDATE: "~", CANCEL: "-"}[change.action]
        end = "  (cancelled)" if change.action == CANCEL else ""
        lines.append(f"{sign} {change.subject} {change.name} {_one_line(change.title)}{end}")
        if change.action == UPDATE:
            lines += [f"    {one.path}: {shown(one.before)} → {shown(one.after)}" for one in change.fields]
    if found.reordered:
        lines.append("~ milestones stand in a new order")
    if found.left:
        some = ", ".join(found.left[:5]) + (", …" if len(found.left) > 5 else "")
        lines.append(f"{len(found.left)} not in the file and left as they are: {some}")
    counts = Counter(change.action for change in found.changes)
    lines.append(f"{counts[CREATE]} to add, {counts[UPDATE]} to change, {counts[CANCEL]} to cancel")
    return "\n".join(lines) + "\n"


def shown(value: Any) -> str:
    """A value as a person reads it, on one line, long ones cut."""
    match value:
        case None | [] | "":
            return "(none)"
        case bool():
            return "true" if value else "false"
        case list():
            return _one_line(f"[{', '.join(shown(entry) for entry in value)}]")
        case dict():
            return _one_line(f"{{{', '.join(f'{name}: {shown(entry)}' for name, entry in value.items())}}}")
        case _:
            return _one_line(str(value))


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


def to_mapping(found: Difference) -> dict[str, Any]:
    """The difference as JSON values, for the API; what stays as it is is only counted."""
    return {
        "changes": [_change_mapping(change) for change in found.changes if change.action != KEEP],
        "left": list(found.left),
        "reordered": found.reordered,
        "counts": {action: found.count(action) for action in (CREATE, UPDATE, CANCEL, KEEP)},
    }


def _change_mapping(change: Change) -> dict[str, Any]:
    return {
        "action": change.action,
        "subject": change.subject,
        "name": change.name,
        "title": change.title,
        "fields": [{"path": one.path, "before": one.before, "after": one.after} for one in change.fields],
        "line": change.where.line or None,
    }
