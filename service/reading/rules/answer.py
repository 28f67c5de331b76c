"""A draft as JSON, and as a plan file with what needs a person's eye on top."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from service.planfiles.rules.emit import HEAD, emit_plan_file, to_mapping
from service.reading.rules.draft import Draft
from service.reading.rules.evidence import Evidence
from service.reading.rules.naming import clean
from service.reading.rules.review import Flag, Weight

_MARKS = {Weight.DOUBT: "【疑】", Weight.MISSING: "【缺】", Weight.INFERRED: "【推断】"}
MOST_NAMED = 12  # milestones that a line of the review names


def to_yaml(draft: Draft, notes: Sequence[str] = ()) -> str:
    """The plan file in canonical form, below a comment for the person who checks it."""
    lines = ["草稿：由文件自动读出，须经人工核对后再用 milepost apply 载入。"]
    lines += [clean(note, 200) for note in notes]
    if draft.review:
        lines.append(f"请先核对以下{len(draft.review)}处（按要紧程度排列）：")
        lines += _grouped(draft.review)
    comment = "".join(f"# {line}\n" for line in lines)
    return HEAD + comment + emit_plan_file(draft.file).removeprefix(HEAD)


def _grouped(review: Sequence[Flag]) -> list[str]:
    """One line for what is said of several milestones."""
    said: dict[tuple[int, str], list[Flag]] = defaultdict(list)
    for one in review:
        said[one.weight, one.message_zh].append(one)
    lines = []
    for (_, message), flags in said.items():
        keys = [one.milestone for one in flags if one.milestone]
        places = [f"第{one.line}行" for one in flags if one.line and not one.milestone]
        mark = _MARKS[flags[0].weight]
        named = "、".join((keys or places)[:MOST_NAMED]) + ("等" if len(keys or places) > MOST_NAMED else "")
        line = f"第{flags[0].line}行 " if len(keys) == 1 and flags[0].line else ""
        lines.append(clean(f"{mark}{line}{named}：{message}" if named else f"{mark}{message}", 400))
    return lines


def to_json(draft: Draft, *, kind: str, notes: Sequence[str], characters: int) -> dict[str, Any]:
    """The draft (a plan file as JSON, and as YAML), its evidence, what to look at, what gave no task."""
    return {
        "document": {"kind": kind, "characters": characters, "notes": list(notes)},
        "draft": to_mapping(draft.file),
        "yaml": to_yaml(draft, notes),
        "evidence": {
            "plan": _fields(draft.evidence.get(None, {})),
            "milestones": {key: _fields(fields) for key, fields in draft.evidence.items() if key is not None},
        },
        "review": [
            {
                "code": one.code,
                "weight": one.weight.name.lower(),
                "milestone": one.milestone,
                "line": one.line,
                "message": one.message,
                "message_zh": one.message_zh,
            }
            for one in draft.review
        ],
        "unread": [_evidence(one) for one in draft.unread],
    }


def _fields(fields: Mapping[str, Sequence[Evidence]]) -> dict[str, list[dict[str, Any]]]:
    return {name: [_evidence(one) for one in several] for name, several in fields.items() if several}


def _evidence(one: Evidence) -> dict[str, Any]:
    return {
        "value": one.value,
        "start": one.start,
        "end": one.end,
        "text": one.text,
        "confidence": one.confidence.value,
        "why": one.why,
    }
