"""The format as a JSON Schema (draft 2020-12), for editors: completion, descriptions, and a red line under mistakes.

`python -m service.planfiles.rules.schema > docs/plan.schema.json` writes the published copy.
"""

import json
import re
import sys
from collections.abc import Iterable
from typing import Any, Final

from service.due.spec import Bound, Boundary, Roll
from service.planfiles.rules import fields as f
from service.reminders.rules.policy import MOST_OFFSETS

Schema = dict[str, Any]

_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_PERIOD: Final = "[0-9]{4}(?:-(?:H[12]|Q[1-4]|W[0-9]{2}|[0-9]{2}(?:-[0-9]{2})?))?"
_LINE: Final = "^[^\\n\\r]*$"


def plan_schema() -> Schema:
    """The whole schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Milepost plan file",
        "description": "Units, groups and a plan with its milestones. Every section is optional.",
        "type": "object",
        "additionalProperties": False,
        "required": ["milepost"],
        "dependentRequired": {"milestones": ["plan"]},
        "properties": {
            "milepost": {"description": "Version of the format.", "const": 1},
            "jurisdictions": _section("Governments whose plans and units live together.", "jurisdiction"),
            "units": _section("Bodies that can answer for a task.", "unit"),
            "groups": _section("Named sets of units.", "group"),
            "plan": {"$ref": "#/$defs/plan"},
            "milestones": _section("The plan's tasks.", "milestone"),
        },
        "$defs": {
            "jurisdiction": _item(f.JURISDICTION_FIELDS),
            "unit": _item(f.UNIT_FIELDS),
            "group": _item(f.GROUP_FIELDS),
            "plan": _item(f.PLAN_FIELDS),
            "milestone": _item(f.MILESTONE_FIELDS),
            "member": _item(f.MEMBER_FIELDS),
            "source": {**_item(f.SOURCE_FIELDS), "minProperties": 1},
            "due": _due(),
            "quota": _quota(),
            "reminders": _reminders(),
        },
    }


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(plan_schema(), ensure_ascii=False, indent=2) + "\n"


def _section(says: str, item: str) -> Schema:
    return {"description": says, "type": "array", "items": {"$ref": f"#/$defs/{item}"}}


def _object(properties: Schema, required: Iterable[str] = ()) -> Schema:
    """An object of these properties and no others."""
    needed = list(required)
    shape: Schema = {"type": "object", "additionalProperties": False}
    return shape | ({"required": needed} if needed else {}) | {"properties": properties}


def _item(table: Iterable[f.Field]) -> Schema:
    rows = tuple(table)
    properties = {}
    for row in rows:
        properties[row.name] = {"description": row.says, **_kind(row.kind)}
        if row.default not in (None, ()):
            properties[row.name]["default"] = row.default
    return _object(properties, [row.name for row in rows if row.required])


def _kind(kind: f.Kind) -> Schema:
    match kind:
        case f.Text(longest=longest, several_lines=several_lines):
            line = {} if several_lines else {"pattern": _LINE}
            return {"type": "string", "minLength": 1, "maxLength": longest, **line}
        case f.Coded(pattern=pattern, longest=longest):
            return {"type": "string", "maxLength": longest, "pattern": _anchored(pattern), "examples": [kind.like]}
        case f.Choice(values=values):
            return {"enum": list(values)}
        case f.Flag():
            return {"type": "boolean"}
        case f.Several(of=of, at_most=at_most):
            most = {} if at_most is None else {"maxItems": at_most}
            return {"type": "array", "uniqueItems": True, **most, "items": _kind(of)}
        case f.Lines():
            return {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": f.LAST_LINE}}
        case f.Members():
            return {"type": "array", "items": {"anyOf": [_kind(f.MEMBER), {"$ref": "#/$defs/member"}]}}
        case _:
            return _written(kind)


def _written(kind: f.Kind) -> Schema:
    match kind:
        case f.Day():
            return _text(f"^{_DAY}$", "2024-02-23")
        case f.Days():
            return _text(f"^{_DAY}/{_DAY}$", "2023-01-01/2025-12-31")
        case f.Zone():
            return _text("^[A-Za-z]", "Asia/Shanghai")
        case f.Source():
            return {"$ref": "#/$defs/source"}
        case f.Due():
            return {"$ref": "#/$defs/due"}
        case f.Reminders():
            return {"$ref": "#/$defs/reminders"}
        case _:
            raise TypeError(f"no schema for {kind}")


def _anchored(pattern: re.Pattern[str]) -> str:
    r"""ECMA's regular expressions search and know no `\Z`."""
    return "^" + pattern.pattern.removesuffix(r"\Z") + "$"


def _text(pattern: str, *examples: str) -> Schema:
    return {"type": "string", "pattern": pattern, "examples": list(examples)}


def _words(says: str, longest: int) -> Schema:
    return {"description": says, "type": "string", "minLength": 1, "maxLength": longest, "pattern": _LINE}


def _due() -> Schema:
    """A due specification; exactly one field decides its form."""
    periods = _text(f"^{_PERIOD}(?:/{_PERIOD})?$", "2025", "2025-H1", "2025-Q3", "2025-10", "2024-06-30")
    years = _object(
        {"years": {"type": "integer", "minimum": 1, "maximum": 99}, "from": _text(f"^{_DAY}$", "2023-01-01")},
        ["years", "from"],
    )
    properties = {
        "phrase": _words("The source's own words.", 500),
        "value": {"description": "A date, a period, or a span of two.", **periods, "type": ["string", "integer"]},
        "rrule": {"description": "Recurring (RFC 5545).", **_text("^FREQ=|;FREQ=", "FREQ=YEARLY;BYMONTH=3")},
        "within_term": {"description": "Once within the term.", "anyOf": [{"enum": ["plan", "office"]}, years]},
        "open": {"description": "长期坚持: no due date, shown, never overdue.", "const": True},
        "on_event": _words("Due only when this happens.", 500),
        "boundary": {
            "description": "How the phrase bounds it: 底前/末, 前, a bare period, an exact day.",
            "enum": [str(word) for word in Boundary],
        },
        "time": {
            "description": "Time of day, in quotes.",
            **_text("^(?:[01][0-9]|2[0-3]):[0-5][0-9]$", "17:00"),
        },
        "quota": {"$ref": "#/$defs/quota"},
        "roll": {
            "description": "Moves a date off weekends and statutory holidays.",
            "enum": [str(word) for word in Roll],
            "default": "none",
        },
    }
    forms = ("value", "rrule", "within_term", "open", "on_event")
    return {
        "description": "When it is due, as the source says it.",
        **_object(properties),
        "oneOf": [{"required": [form]} for form in forms],
    }


def _quota() -> Schema:
    number = {"type": "number", "exclusiveMinimum": 0}
    properties = {
        "count": {"description": "How many times, at least 1.", "type": "integer", "minimum": 1},
        "amount": {"description": "How much, of a unit.", **number},
        "ratio": {"description": "Per cent.", **number, "maximum": 100},
        "unit": _words("Unit of measure: 期, 次, 学时.", 100),
        "per": _words("Per whom: 人, 单位.", 100),
        "bound": {
            "description": "Whether it is a floor or a ceiling.",
            "enum": [str(word) for word in Bound],
            "default": "at_least",
        },
    }
    return {
        "description": "How much has to be done.",
        **_object(properties),
        "oneOf": [{"required": [name]} for name in ("count", "amount", "ratio")],
    }


def _reminders() -> Schema:
    """A reminder policy: one line of text, or the API's fields."""
    offset, time = "(?:0w?d|[-+][0-9]{1,3}w?d)", "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
    line = f"^(?:never|{offset}(?: {offset})*(?: at {time})?(?: roll (?:preceding|none))?)$"
    offsets = {
        "description": "Days (d) or workdays (wd) before and after the due date; an empty list: never.",
        "type": "array",
        "uniqueItems": True,
        "maxItems": MOST_OFFSETS,
        "items": _text(f"^{offset}$", "-7d", "-3wd", "0d", "+1d"),
    }
    roll = {
        "description": "Whether a notice in days moves off a day off.",
        "enum": ["preceding", "none"],
        "default": "preceding",
    }
    at = {"description": "Time of day, in quotes.", **_text(f"^{time}$", "09:00")}
    fields = _object({"offsets": offsets, "at": at, "roll": roll}, ["offsets"])
    return {
        "description": "When notices go out: -7d -3wd 0d +1d at 09:00, or never.",
        "anyOf": [_text(line, "-30d -7d -1d 0d +1d +7d at 09:00", "-3wd 0d at 08:30 roll none", "never"), fields],
    }


if __name__ == "__main__":
    sys.stdout.write(schema_text())
