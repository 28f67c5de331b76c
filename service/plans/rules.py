"""What is true of plans. Pure."""

import re
from datetime import date
from enum import StrEnum

from service.due.spec import BeforeMonth, Frame

SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")


class PlanStatus(StrEnum):
    """Where a plan stands: a draft's milestones are seen by editors only, an archived plan's are history."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Visibility(StrEnum):
    """Whether a published plan may be read without a key, where the operator allows public reading at all."""

    PUBLIC = "public"
    PRIVATE = "private"


def frame(*, start: date | None, end: date | None, published_on: date | None, before_month: str) -> Frame:
    """What a plan contributes to the meaning of a due specification."""
    return Frame(start=start, end=end, effective_on=published_on, before_month=BeforeMonth(before_month))


# Fields that decide when milestones fall due: when one of them changes, occurrences are computed anew.
DATING_FIELDS = frozenset({"period_start", "period_end", "published_on", "before_month", "default_due"})
