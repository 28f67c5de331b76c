"""What changed of a milestone, field by field, in words. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from service.webhooks.rules.parts import Change


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """The fields that differ between two snapshots of a milestone, in the order of the newer one."""
    return tuple(
        Change(field=name, before=_said(before.get(name)), after=_said(value))
        for name, value in after.items()
        if before.get(name) != value
    )


def _said(value: Any) -> str | None:
    """A field as somebody would read it out: a due specification by its phrase, assignments as role and code."""
    match value:
        case None | "" | [] | {}:
            return None
        case str():
            return value
        case {"phrase": str(phrase)} if phrase:
            return phrase
        case {"value": str(day)} if len(value) == 1:
            return day
        case [*several]:
            return ", ".join(_one_of(each) for each in several)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _one_of(value: Any) -> str:
    match value:
        case {"code": str(code), "role": str(role)}:
            return f"{role} {code}"
        case str():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)
