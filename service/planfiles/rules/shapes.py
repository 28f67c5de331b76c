"""What stands in a plan file, as values: the shapes that `parse` makes and `emit` writes.

Fields come in the order of the tables in docs/plan-format.md, because the canonical form prints them so. `where` says
where an item stood in its file and takes no part in comparison: the same plan from two files is the same plan.
"""

from dataclasses import dataclass, field
from datetime import date

from service.due.spec import DueSpec
from service.milestones.rules import MilestoneKind, MilestoneStatus, Role
from service.planfiles.rules.faults import Where
from service.reminders.rules.policy import Policy

ROLES = tuple(map(str, Role))

NOWHERE = Where()


@dataclass(frozen=True, slots=True, kw_only=True)
class JurisdictionShape:
    """A government whose plans and units live together."""

    code: str
    name: str
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitShape:
    """A body that can answer for a task; its jurisdiction is the part of the code before the dot."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    kind: str = "department"
    note: str | None = None
    where: Where = field(default=NOWHERE, compare=False)

    @property
    def jurisdiction(self) -> str:
        """Code of the jurisdiction that the unit belongs to."""
        return self.code.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberShape:
    """A member of a group (code of a unit or group); both days inclusive, None is unbounded."""

    member: str
    from_on: date | None = None
    until_on: date | None = None
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupShape:
    """A named set of units and groups; `vague` where the document does not name its members exactly."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    note: str | None = None
    vague: bool = False
    members: tuple[MemberShape, ...] = ()
    where: Where = field(default=NOWHERE, compare=False)

    @property
    def jurisdiction(self) -> str:
        """Code of the jurisdiction that the group belongs to."""
        return self.code.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceShape:
    """Where a plan's text is; at least one of the three is given."""

    file: str | None = None
    url: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanShape:
    """One document. `period` is its first and last day; `time_zone` and `reminders` None mean the service's own."""

    slug: str
    title: str
    jurisdiction: str
    issuer: str | None = None
    number: str | None = None
    status: str = "published"
    visibility: str = "public"
    published_on: date | None = None
    period: tuple[date, date] | None = None
    time_zone: str | None = None
    before_month: str = "inclusive"
    default_due: DueSpec | None = None
    reminders: Policy | None = None
    superior: str | None = None
    source: SourceShape | None = None
    note: str | None = None
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneShape:
    """One task of the plan. `due` None means the plan's default, or none; `reminders` None the plan's policy, or the
    service's; the roles hold codes of units or groups.
    """

    key: str
    ref: str | None = None
    title: str
    kind: str = MilestoneKind.TASK.value
    due: DueSpec | None = None
    reminders: Policy | None = None
    lead: tuple[str, ...] = ()
    responsible: tuple[str, ...] = ()
    support: tuple[str, ...] = ()
    parent: str | None = None
    implements: str | None = None
    lines: tuple[int, ...] = ()
    hand_in: str | None = None
    status: str = MilestoneStatus.ACTIVE.value
    note: str | None = None
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """A whole file: a registry (no plan), a plan, or both."""

    jurisdictions: tuple[JurisdictionShape, ...] = ()
    units: tuple[UnitShape, ...] = ()
    groups: tuple[GroupShape, ...] = ()
    plan: PlanShape | None = None
    milestones: tuple[MilestoneShape, ...] = ()
