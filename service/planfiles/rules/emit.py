"""Values to text: the one canonical form, so that the same plan is the same bytes."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from service.due.spec import DueSpec
from service.due.spec import to_mapping as due_mapping
from service.planfiles.rules import fields as f
from service.planfiles.rules.layout import layout
from service.planfiles.rules.shapes import MemberShape, PlanFile, SourceShape
from service.reminders.rules.policy import Policy, print_text

HEAD: Final = "# yaml-language-server: $schema=../docs/plan.schema.json\n"
TABLES: Final = {
    "jurisdictions": f.JURISDICTION_FIELDS,
    "units": f.UNIT_FIELDS,
    "groups": f.GROUP_FIELDS,
    "milestones": f.MILESTONE_FIELDS,
}


def emit_plan_file(file: PlanFile) -> str:
    """The file in canonical form; `parse_plan_file` reads the same values back."""
    sections = to_mapping(file)
    return HEAD + "\n".join(layout(name, section) for name, section in sections.items())


def to_mapping(file: PlanFile) -> dict[str, Any]:
    """The same as JSON values (text, numbers, booleans, lists, mappings), defaults and what is absent left out."""
    found: dict[str, Any] = {"milepost": 1}
    for name in f.SECTIONS:
        if name == "plan":
            if file.plan is not None:
                found[name] = item_mapping(file.plan, f.PLAN_FIELDS)
        elif items := getattr(file, name):
            found[name] = [item_mapping(item, TABLES[name]) for item in items]
    return found


def item_mapping(item: object, table: Iterable[f.Field]) -> dict[str, Any]:
    """One item's fields in the order of its table."""
    given = ((row, getattr(item, row.name)) for row in table)
    return {row.name: plain(value) for row, value in given if value not in (row.default, None, "", ())}


def plain(value: object) -> Any:
    """A field's value as JSON has it."""
    match value:
        case DueSpec():
            return due_mapping(value)
        case Policy():
            return print_text(value)
        case SourceShape():
            return item_mapping(value, f.SOURCE_FIELDS)
        case MemberShape():
            return _member(value)
        case date():
            return value.isoformat()
        case (date() as first, date() as last):
            return f"{first}/{last}"
        case tuple():
            return [plain(entry) for entry in value]
        case str():
            return str(value)
        case _:
            return value


def _member(member: MemberShape) -> Any:
    """A bare code where the membership has no dates."""
    days = {"from": member.from_on, "until": member.until_on}
    dated = {name: day.isoformat() for name, day in days.items() if day}
    return {"member": member.member, **dated} if dated else member.member
