"""The parts that payloads are made of: plan, milestone, occurrence, unit, cause.

The text beside a field is its description in the JSON Schema. Fields are only ever added.
"""

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Annotated

from service.milestones.rules import MilestoneKind, MilestoneStatus, Role
from service.progress.rules import ProgressStatus

DueOn = Annotated[date | None, "The due date after workday rules: a civil date in the plan's time zone."]
DaysLeft = Annotated[int | None, "Civil days from the day of sending to the due date; negative when overdue."]
Url = Annotated[str | None, "Where people look at it."]
Jurisdiction = Annotated[str, "Code of the jurisdiction that it belongs to."]


class CauseKind(StrEnum):
    """Why an event was sent."""

    FIRING = "firing"  # a planned notice came due
    CHANGE = "change"  # somebody changed something
    HEALTH = "health"  # the state of a feed or an endpoint
    REQUEST = "request"  # somebody asked for exactly this: a test message
    CLOCK = "clock"  # the time of day: a digest, a checkpoint
    REHEARSAL = "rehearsal"  # nothing of it is real: somebody plays a plan's year


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPart:
    """The plan."""

    slug: str
    title: str
    number: Annotated[str | None, "Number of the document, as printed on it."] = None
    jurisdiction: Jurisdiction


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestonePart:
    """The milestone."""

    id: str
    ref: Annotated[str, "Where it stands in the document."] = ""
    title: str
    kind: MilestoneKind
    phrase: Annotated[str, "When it is due, in the source's own words."] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrencePart:
    """The occurrence: one due date of the milestone."""

    id: str
    period: Annotated[str, "Which one of the milestone's: `2024-10`, `2025`."]
    window_start: date | None = None
    nominal_due_on: Annotated[date | None, "The due date before workday rules."]
    due_on: DueOn
    due_time: Annotated[time | None, "Local time of day, where the source names one."] = None
    time_zone: Annotated[str, "IANA name of the zone that dates and times are meant in."]
    provisional: Annotated[bool, "Computed before the statutory calendar of its year was published."] = False
    status: MilestoneStatus = MilestoneStatus.ACTIVE
    url: Url = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPart:
    """A unit that answers for it."""

    code: str
    name: str
    role: Role
    status: ProgressStatus = ProgressStatus.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field that changed, in words; null: there was, or is, nothing."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why this was sent."""

    kind: CauseKind
    id: Annotated[str | None, "The firing or journal entry behind it."] = None
    actor: Annotated[str | None, "Who did it, where somebody did."] = None
