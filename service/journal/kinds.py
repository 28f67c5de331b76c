"""The kinds of fact that can be recorded. `docs/events.md` has a heading for each."""

from enum import StrEnum


class Kind(StrEnum):
    """What happened, as `subject.verb`."""

    JURISDICTION_CREATED = "jurisdiction.created"
    JURISDICTION_UPDATED = "jurisdiction.updated"
    JURISDICTION_RETIRED = "jurisdiction.retired"
    UNIT_CREATED = "unit.created"
    UNIT_UPDATED = "unit.updated"
    UNIT_RETIRED = "unit.retired"
    GROUP_CREATED = "group.created"
    GROUP_UPDATED = "group.updated"
    GROUP_RETIRED = "group.retired"
    PLAN_CREATED = "plan.created"
    PLAN_UPDATED = "plan.updated"
    PLAN_PUBLISHED = "plan.published"
    PLAN_ARCHIVED = "plan.archived"
    MILESTONE_CREATED = "milestone.created"
    MILESTONE_UPDATED = "milestone.updated"
    MILESTONE_CANCELLED = "milestone.cancelled"
    OCCURRENCE_CREATED = "occurrence.created"
    OCCURRENCE_RESCHEDULED = "occurrence.rescheduled"
    OCCURRENCE_CANCELLED = "occurrence.cancelled"
    FEED_CREATED = "feed.created"
    FEED_ROTATED = "feed.rotated"
    FEED_REVOKED = "feed.revoked"
    KEY_CREATED = "key.created"
    KEY_REVOKED = "key.revoked"
    HOLIDAYS_UPDATED = "holidays.updated"
