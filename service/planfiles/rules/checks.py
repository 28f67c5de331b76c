"""What only shows when the whole file is seen: names that stand twice, missing parents, circles, rules without end."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, Final

from service.due.spec import DueSpec, Fault, Form, check
from service.planfiles.rules.due_nodes import refuse_inside
from service.planfiles.rules.faults import Where
from service.planfiles.rules.shapes import GroupShape, JurisdictionShape, MemberShape, MilestoneShape, PlanShape
from service.planfiles.rules.values import Reading, shown
from service.plans.rules import frame

MOST_CIRCLES: Final = 100
MOST_RULES: Final = 200  # different ones; a plan has a dozen, and each costs a walk over all its dates

Placed = list[tuple[str, Any]]
"""Items with their paths: `("units[3]", UnitShape(...))`."""


def check_file(lists: dict[str, Placed], plan: PlanShape | None, reading: Reading) -> None:
    """Note every fault between the items of one file."""
    _check_names(lists["jurisdictions"], "code", "jurisdiction", reading)
    _check_names(lists["units"] + lists["groups"], "code", "unit or group", reading)
    _check_names(lists["milestones"], "key", "milestone", reading)
    _check_parents(lists["milestones"], reading)
    _check_jurisdictions(lists["jurisdictions"], reading)
    for path, group in lists["groups"]:
        _check_members(path, group, reading)
    _check_groups(lists["groups"], reading)
    _check_plan(plan, lists["milestones"], reading)
    _check_due(plan, lists["milestones"], reading)


def _check_names(items: Placed, name: str, called: str, reading: Reading) -> None:
    first: dict[str, Any] = {}
    for path, item in items:
        code = getattr(item, name)
        if code in first:
            line = first[code].where.line
            since = f", first on line {line}" if line else ""
            message = f"The {called} '{shown(code)}' stands twice in this file{since}; keep one, or rename it."
            reading.refuse_at(f"{path}.{name}", message, otherwise=item.where)
        elif code:
            first[code] = item


def _check_parents(milestones: Placed, reading: Reading) -> None:
    by_key: dict[str, MilestoneShape] = {item.key: item for _, item in milestones}
    for path, item in milestones:
        if item.parent and item.parent not in by_key:
            message = f"No milestone of this file has the key '{shown(item.parent)}'; correct it, or add it."
            reading.refuse_at(f"{path}.parent", message, otherwise=item.where)
    above = {key: [item.parent] if item.parent else [] for key, item in by_key.items()}
    _refuse_circles(milestones, "key", above, "parent", "The milestone '{}' is its own parent: {}.", reading)


def _check_jurisdictions(jurisdictions: Placed, reading: Reading) -> None:
    by_code: dict[str, JurisdictionShape] = {item.code: item for _, item in jurisdictions}
    above = {code: [item.parent] if item.parent else [] for code, item in by_code.items()}
    _refuse_circles(jurisdictions, "code", above, "parent", "The jurisdiction '{}' lies above itself: {}.", reading)


def _check_groups(groups: Placed, reading: Reading) -> None:
    """Dates do not excuse a circle: a group never contains itself, on no day."""
    by_code: dict[str, GroupShape] = {item.code: item for _, item in groups}
    inside = {code: [member.member for member in item.members] for code, item in by_code.items()}
    _refuse_circles(groups, "code", inside, "members", "The group '{}' contains itself: {}.", reading)


def _refuse_circles(
    items: Placed, name: str, edges: dict[str, list[str]], at: str, message: str, reading: Reading
) -> None:
    """Note each circle once, at the item of it that stands first."""
    order = [getattr(item, name) for _, item in items]
    circles = {circle[0]: circle for circle in circles_in(edges, order)}
    for path, item in items:
        circle = circles.pop(getattr(item, name), None)
        if circle:
            way = " → ".join(shown(code) for code in (*circle[:6], *(("…",) if len(circle) > 6 else ()), circle[0]))
            reading.refuse_at(f"{path}.{at}", message.format(shown(circle[0]), way), otherwise=item.where)


def circles_in(edges: dict[str, list[str]], order: Iterable[str]) -> list[tuple[str, ...]]:
    """Circles of a directed graph, at most `MOST_CIRCLES`, found without recursion.

    Not every circle through a knot is listed, but a graph that has one never comes back empty.
    """
    found: list[tuple[str, ...]] = []
    done: set[str] = set()
    for start in order:
        way: dict[str, int] = {}
        ahead: list[tuple[str, Iterator[str]]] = []
        code: str | None = start
        while code is not None or ahead:
            if code is not None and code in way:
                if len(found) < MOST_CIRCLES:
                    found.append(tuple(way)[way[code] :])
            elif code is not None and code not in done:
                way[code] = len(way)
                ahead.append((code, iter(edges.get(code, ()))))
            code = next(ahead[-1][1], None) if ahead else None
            if code is None and ahead:
                finished, _ = ahead.pop()
                way.pop(finished)
                done.add(finished)
    return found


def _check_members(path: str, group: GroupShape, reading: Reading) -> None:
    """The same member twice is a slip, unless it left before it came back."""
    before: dict[str, list[MemberShape]] = {}
    for index, member in enumerate(group.members):
        earlier = before.setdefault(member.member, [])
        if member.member and any(_overlap(member, other) for other in earlier):
            message = f"'{shown(member.member)}' is a member twice at the same time; keep one, or separate their dates."
            reading.refuse_at(f"{path}.members[{index}]", message, otherwise=member.where)
        if len(earlier) < 20:
            earlier.append(member)


def _overlap(one: MemberShape, other: MemberShape) -> bool:
    begins = max(one.from_on or date.min, other.from_on or date.min)
    return begins <= min(one.until_on or date.max, other.until_on or date.max)


def _check_plan(plan: PlanShape | None, milestones: Placed, reading: Reading) -> None:
    if plan is None:
        if milestones:
            message = "Milestones belong to a plan, but this file has none; add a 'plan' section."
            reading.refuse_at("milestones", message, otherwise=milestones[0][1].where)
        return
    if plan.superior and plan.superior == plan.slug:
        message = "A plan cannot implement itself; name the plan above, or remove 'superior'."
        reading.refuse_at("plan.superior", message, otherwise=plan.where)
    for path, item in milestones:
        if item.implements and item.implements.partition("/")[0] == plan.slug:
            message = "A milestone cannot implement one of its own plan; name a milestone of the superior plan."
            reading.refuse_at(f"{path}.implements", message, otherwise=item.where)


def _check_due(plan: PlanShape | None, milestones: Placed, reading: Reading) -> None:
    """What due specifications lack in this plan: an end, a period."""
    if plan is None:
        return
    specs = [(f"{path}.due", item.due, item.where) for path, item in milestones if item.due]
    if plan.default_due and plan.default_due.form is Form.RECURRING:
        message = "A plan's default due date cannot recur; give each duty its own 'due'."
        reading.refuse_at("plan.default_due", message, otherwise=plan.where)
    elif plan.default_due:
        specs.append(("plan.default_due", plan.default_due, plan.where))
    period_is_faulty = plan.period is None and "plan.period" in reading.nodes
    if not period_is_faulty:
        _check_in_frame(plan, specs, reading)


def _check_in_frame(plan: PlanShape, specs: Iterable[tuple[str, DueSpec, Where]], reading: Reading) -> None:
    """A rule is checked once: that walks all its dates, and duties repeat it."""
    start, end = plan.period or (None, None)
    around = frame(start=start, end=end, published_on=plan.published_on, before_month=plan.before_month)
    known: dict[DueSpec, tuple[Fault, ...]] = {}
    for path, spec, where in specs:
        bare = replace(spec, phrase="", quota=None)
        found = known.get(bare)
        if found is None and len(known) >= MOST_RULES:
            message = f"A plan has at most {MOST_RULES} different recurrence rules; split it, or let duties share one."
            reading.refuse_at(path, message, otherwise=where)
            return
        if found is None:
            found = check(bare, around)
        if spec.form is Form.RECURRING:
            known[bare] = found
        refuse_inside(found, path, reading.nodes.get(path), where, reading.faults)
