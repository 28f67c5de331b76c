"""What a phrase was read as, how sure that is, and what a document contributes."""

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum

from service.due.values import DueSpec


class Confidence(StrEnum):
    """How sure a reading is, by rule."""

    EXACT = "exact"  # all of it stands in the phrase
    INFERRED = "inferred"  # something, such as the year, comes from elsewhere in the document
    AMBIGUOUS = "ambiguous"  # people read it in more than one way


class Kind(StrEnum):
    """What a phrase names, in its own precision."""

    DAY = "date"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"
    RECURRING = "recurring"
    TERM = "term"
    OPEN = "open"


class Sense(StrEnum):
    """Why something has no date of its own."""

    NONE = ""
    ONGOING = "ongoing"  # 长期坚持
    TIMELY = "timely"  # 及时, 适时, 定期
    AT_ONCE = "immediate"  # 立行立改
    PER_SCHEDULE = "per_schedule"  # 按规定的时间节点
    FROM = "from"  # 自……起
    RELATIVE = "relative"  # 印发之日起30日内


@dataclass(frozen=True, slots=True)
class Setting:
    """What a document says about its phrases: its year, its day of publication, its period (first and last year)."""

    year: int | None = None
    published_on: dt.date | None = None
    years: tuple[int, int] | None = None

    def naming(self, year: int) -> "Setting":
        """The same document after a phrase that names a year: one without a year means that one."""
        return replace(self, year=year)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a phrase means. `why`: a Chinese sentence for whoever checks it; `year`: the one that it names itself."""

    due: DueSpec
    kind: Kind
    confidence: Confidence = Confidence.EXACT
    why: str = ""
    sense: Sense = Sense.NONE
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase in a text: from `start` to `end` (characters), as it is written, and its reading."""

    start: int
    end: int
    text: str
    reading: Reading
