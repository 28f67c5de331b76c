"""What is true of milestones and occurrences. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from service.units.rules import Membership, units_of

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
NO_DATE = date(9999, 12, 31)
SOON = timedelta(days=30)


class MilestoneKind(StrEnum):
    """What sort of task a milestone is."""

    TASK = "task"
    DUTY = "duty"
    EVALUATION = "evaluation"
    WINDOW = "window"
    MEETING = "meeting"


class MilestoneStatus(StrEnum):
    """Whether a milestone, or an occurrence of it, still has to be done."""

    ACTIVE = "active"
    CANCELLED = "cancelled"


class Role(StrEnum):
    """How a unit answers for a milestone, the strongest first."""

    LEAD = "lead"
    RESPONSIBLE = "responsible"
    SUPPORT = "support"


class Light(StrEnum):
    """How an occurrence stands: no date or cancelled, far off, within 30 days, overdue."""

    GREY = "grey"
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Assigned:
    """A unit or group code in a role."""

    code: str
    role: Role


@dataclass(frozen=True, slots=True)
class Answering:
    """A unit that answers for an occurrence, in its strongest role; `via` names the group it is a member of."""

    unit: str
    role: Role
    via: str | None


def answering(assigned: Iterable[Assigned], membership: Membership, *, on: date | None) -> tuple[Answering, ...]:
    """Who answers for what falls due on a day: units named directly and members of groups on that day, each once.

    A unit keeps its strongest role; being named itself counts before being a member.
    """
    strength = {role: place for place, role in enumerate(Role)}
    claims: dict[str, list[Answering]] = {}
    for one in assigned:
        if one.code in membership:
            for unit in units_of(one.code, membership, on=on):
                claims.setdefault(unit, []).append(Answering(unit, one.role, one.code))
        else:
            claims.setdefault(one.code, []).append(Answering(one.code, one.role, None))
    return tuple(
        min(found, key=lambda claim: (strength[claim.role], claim.via is not None)) for found in claims.values()
    )


def light(due_on: date | None, *, cancelled: bool, today: date) -> Light:
    """How an unfinished occurrence stands on a day."""
    if cancelled or due_on is None:
        return Light.GREY
    if due_on < today:
        return Light.RED
    return Light.YELLOW if due_on - today <= SOON else Light.GREEN
