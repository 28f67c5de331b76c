"""A plan file to its values, or to everything that is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from service.planfiles.rules import fields as f
from service.planfiles.rules.checks import Placed, check_file
from service.planfiles.rules.decoded import nodes_of
from service.planfiles.rules.faults import Faults
from service.planfiles.rules.nodes import Broken, Mapping, Node, Scalar, Sequence, read_nodes
from service.planfiles.rules.shapes import (
    GroupShape,
    JurisdictionShape,
    MilestoneShape,
    PlanFile,
    PlanShape,
    UnitShape,
)
from service.planfiles.rules.values import Reading, read_item, refuse_unknown, shown

VERSION: Final = "1"
MOST_MILESTONES: Final = 5_000


@dataclass(frozen=True, slots=True)
class _Section:
    """How the items of one section are read; `called` is what a message calls one of them."""

    called: str
    table: tuple[f.Field, ...]
    shape: Callable[..., Any]


_LISTS: Final = {
    "jurisdictions": _Section("a jurisdiction", f.JURISDICTION_FIELDS, JurisdictionShape),
    "units": _Section("a unit", f.UNIT_FIELDS, UnitShape),
    "groups": _Section("a group", f.GROUP_FIELDS, GroupShape),
    "milestones": _Section("a milestone", f.MILESTONE_FIELDS, MilestoneShape),
}
_PLAN: Final = _Section("a plan", f.PLAN_FIELDS, PlanShape)


def parse_plan_file(text: bytes | str, *, file: str, limit: int) -> PlanFile:
    """The plan file in `text` (YAML or JSON, at most `limit` bytes of UTF-8); `file` is what faults call it.

    Raises PlanFileFaults with every fault of the file, sorted by position; PlanFileTooLarge beyond the limit.
    """
    faults = Faults(file)
    return _plan_file(read_nodes(text, faults, limit=limit), faults)


def parse_plan_mapping(decoded: object, *, file: str = "") -> PlanFile:
    """The same from JSON values that somebody else has decoded: faults have paths, but no positions."""
    faults = Faults(file)
    return _plan_file(nodes_of(decoded, faults), faults)


def _plan_file(root: Node, faults: Faults) -> PlanFile:
    reading = Reading(faults)
    sections = _sections(root, reading)
    lists = {name: _items(sections.get(name), name, reading) for name in _LISTS}
    plan = _plan(sections.get("plan"), reading)
    check_file(lists, plan, reading)
    faults.raise_if_any()
    read = {name: tuple(item for _, item in items) for name, items in lists.items()}
    return PlanFile(plan=plan, **read)


def _sections(root: Node, reading: Reading) -> dict[str, Node]:
    """The file's outermost fields."""
    if not isinstance(root, Mapping):
        if not isinstance(root, Broken):
            reading.refuse(root, "", "A plan file begins with 'milepost: 1', followed by its sections.")
        return {}
    known = ("milepost", *f.SECTIONS)
    found: dict[str, Node] = {}
    for name, value in root.entries:
        if name.text in known:
            found[name.text] = reading.nodes[name.text] = value
        else:
            refuse_unknown(name, "", "a plan file", known, reading)
    version = found.pop("milepost", None)
    if version is None:
        reading.faults.add(root.where, "milepost", "The version of the format is missing; begin with 'milepost: 1'.")
    elif not isinstance(version, Broken) and not (isinstance(version, Scalar) and version.text == VERSION):
        written = f"'{shown(version.text)}'" if isinstance(version, Scalar) else "this"
        reading.refuse(version, "milepost", f"No version {written} of the format is known; write 'milepost: 1'.")
    return found


def _absent(node: Node | None) -> bool:
    return node is None or isinstance(node, Broken) or (isinstance(node, Scalar) and node.empty)


def _items(node: Node | None, name: str, reading: Reading) -> Placed:
    """The items of a list section, each with its path; what is no item has been noted and is left out."""
    if node is None or _absent(node):
        return []
    if not isinstance(node, Sequence):
        reading.refuse(node, name, f"A list belongs under '{name}'; begin each entry with '- '.")
        return []
    section = _LISTS[name]
    if name == "milestones" and len(node.items) > MOST_MILESTONES:
        reading.refuse(
            node, name, f"A plan has at most {MOST_MILESTONES:,} milestones, not {len(node.items):,}; split it."
        )
        return []
    found: Placed = []
    for index, item in enumerate(node.items):
        path = f"{name}[{index}]"
        if (fields := read_item(item, section.table, path, section.called, reading)) is not None:
            found.append((path, section.shape(**fields, where=item.where)))
    return found


def _plan(node: Node | None, reading: Reading) -> PlanShape | None:
    if node is None or _absent(node):
        return None
    fields = read_item(node, _PLAN.table, "plan", _PLAN.called, reading)
    return None if fields is None else PlanShape(**fields, where=node.where)
