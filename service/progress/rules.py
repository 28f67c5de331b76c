"""What is true of progress. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from service.milestones.rules import Light, Role
from service.milestones.rules import light as light_of_unfinished


class ProgressStatus(StrEnum):
    """How an occurrence stands with a unit. Until somebody says something it is pending."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    WAIVED = "waived"


FINISHED = frozenset({ProgressStatus.SUBMITTED, ProgressStatus.ACCEPTED, ProgressStatus.WAIVED})

# A unit hands in; whoever checks accepts, returns or waives.
OF_EDITORS = frozenset({ProgressStatus.ACCEPTED, ProgressStatus.RETURNED, ProgressStatus.WAIVED})
_DECIDED = frozenset({ProgressStatus.ACCEPTED, ProgressStatus.WAIVED})

# Who has to finish before nobody is reminded any more; a unit that supports hears of the work and does not owe it.
OWING = frozenset({Role.LEAD, Role.RESPONSIBLE})


@dataclass(frozen=True, slots=True)
class Standing:
    """A unit that answers for an occurrence, its role, and how far it has come."""

    unit: str
    role: Role
    status: ProgressStatus = ProgressStatus.PENDING


def is_finished(status: ProgressStatus) -> bool:
    """Whether a unit has done its part: handed in, accepted or waived."""
    return status in FINISHED


def owing(standings: Iterable[Standing]) -> tuple[Standing, ...]:
    """The units whose work is owed: those that lead or are responsible; where there are none, all of them."""
    held = tuple(standings)
    return tuple(one for one in held if one.role in OWING) or held


def unfinished(standings: Iterable[Standing]) -> tuple[str, ...]:
    """The codes of the units that still owe their work."""
    return tuple(one.unit for one in owing(standings) if not is_finished(one.status))


def all_finished(standings: Iterable[Standing]) -> bool:
    """Whether everybody who owes the work has finished. Where nobody answers, nobody has."""
    held = owing(standings)
    return bool(held) and all(is_finished(one.status) for one in held)


def refusal(before: ProgressStatus, after: ProgressStatus) -> str:
    """Why a unit may not itself say this, as a sentence; empty: it may. Editors may say everything."""
    if after in OF_EDITORS:
        return f"A unit reports what it does; '{after}' is said by whoever checks it, with the scope 'edit'."
    if before in _DECIDED:
        return f"This was {before} by whoever checks it; only they may open it again, with the scope 'edit'."
    return ""


def light(status: ProgressStatus, *, due_on: date | None, cancelled: bool, today: date) -> Light:
    """How an occurrence stands with a unit on a day: green once it has finished, otherwise as the date says."""
    if is_finished(status) and not cancelled:
        return Light.GREEN
    return light_of_unfinished(due_on, cancelled=cancelled, today=today)
