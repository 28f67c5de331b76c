"""The format as a table: what each field is called, what it holds, and when it is left out.

`parse` reads by it, `emit` writes by it, `schema` publishes it. docs/plan-format.md says the same in prose, in the same
order; a test holds the two together.
"""

import re
from dataclasses import dataclass
from typing import Final

from service.due.spec import BeforeMonth
from service.milestones.rules import KEY as KEY_PATTERN
from service.milestones.rules import MilestoneKind, MilestoneStatus
from service.plans.rules import SLUG, PlanStatus, Visibility
from service.units.rules import JURISDICTION_CODE, MEMBER_CODE, UnitKind

MOST_ALIASES: Final = 50
LAST_LINE: Final = 10_000_000

_IMPLEMENTS: Final = re.compile(SLUG.pattern.removesuffix(r"\Z") + "/" + KEY_PATTERN.pattern)


@dataclass(frozen=True, slots=True)
class Text:
    """Words, on one line; a `several_lines` text may break."""

    longest: int
    several_lines: bool = False


@dataclass(frozen=True, slots=True)
class Coded:
    """A name for machines: `called` and `like` say in a message what it is and how one looks."""

    called: str
    pattern: re.Pattern[str]
    longest: int
    like: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date: `2024-02-23`."""


@dataclass(frozen=True, slots=True)
class Days:
    """First and last day: `2023-01-01/2025-12-31`."""


@dataclass(frozen=True, slots=True)
class Zone:
    """An IANA time zone."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Line numbers, from 1."""


@dataclass(frozen=True, slots=True)
class Several:
    """A list of one kind of thing, nothing twice."""

    of: Text | Coded
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Members:
    """What a group contains, each with or without dates."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a text is: file, url, title."""


@dataclass(frozen=True, slots=True)
class Due:
    """A due specification; `service.due` knows what it may hold."""


@dataclass(frozen=True, slots=True)
class Reminders:
    """A reminder policy; `service.reminders` knows what it may hold."""


OneKind = Text | Coded | Choice | Flag | Day | Days | Zone
Kind = OneKind | Lines | Several | Members | Source | Due | Reminders


@dataclass(frozen=True, slots=True)
class Field:
    """One row of a table in docs/plan-format.md. `default` is what an absent field means; it is never written."""

    name: str
    kind: Kind
    says: str
    required: bool = False
    default: object = None


NAME: Final = Text(100)
NOTE: Final = Text(2000, several_lines=True)
JURISDICTION: Final = Coded("jurisdiction code", JURISDICTION_CODE, 64, "chongming")
MEMBER: Final = Coded("code of a unit or group", MEMBER_CODE, 100, "chongming.justice")
PLAN_SLUG: Final = Coded("plan slug", SLUG, 64, "chongming-enforcement-2023-2025")
KEY: Final = Coded("milestone key", KEY_PATTERN, 64, "2.2.1-1")
IMPLEMENTS: Final = Coded(
    "slug/key of another plan's milestone", _IMPLEMENTS, 129, "shanghai-enforcement-2023-2025/2.2-1"
)

_ALIASES: Final = Several(NAME, at_most=MOST_ALIASES)
_NOTE_FIELD: Final = Field("note", NOTE, "Anything a reader should know.")

JURISDICTION_FIELDS: Final = (
    Field(
        "code", JURISDICTION, "Lower-case words with '-', starting with a letter; global, never changes.", required=True
    ),
    Field("name", NAME, "The official name.", required=True),
    Field("parent", JURISDICTION, "Code of the jurisdiction above, if any."),
    Field("aliases", _ALIASES, "Other names: short forms, traditional characters, former names.", default=()),
)

UNIT_FIELDS: Final = (
    Field("code", MEMBER, "jurisdiction.word; units and groups share one name space.", required=True),
    Field("name", NAME, "The name as the plan's readers use it.", required=True),
    Field("aliases", _ALIASES, "Other names under which documents mention it.", default=()),
    Field("kind", Choice(tuple(map(str, UnitKind))), "What sort of body it is.", default="department"),
    _NOTE_FIELD,
)

GROUP_FIELDS: Final = (
    Field("code", MEMBER, "jurisdiction.word; units and groups share one name space.", required=True),
    Field("name", NAME, "The name as the plan's readers use it.", required=True),
    Field("aliases", _ALIASES, "Other names under which documents mention it.", default=()),
    _NOTE_FIELD,
    Field("vague", Flag(), "True for a set that the document does not name exactly.", default=False),
    Field("members", Members(), "Codes of units or groups; a group never contains itself.", default=()),
)

MEMBER_FIELDS: Final = (
    Field("member", MEMBER, "Code of a unit or group.", required=True),
    Field("from", Day(), "First day of the membership."),
    Field("until", Day(), "Last day of the membership."),
)

SOURCE_FIELDS: Final = (
    Field("file", Text(200), "Name of the file with the plan's text."),
    Field("url", Text(2000), "Where the document was published (http or https)."),
    Field("title", Text(200), "Title of the document that the plan was taken from."),
)

PLAN_FIELDS: Final = (
    Field("slug", PLAN_SLUG, "Lower-case words with '-'; global, never changes.", required=True),
    Field("title", Text(200), "The plan's title.", required=True),
    Field("jurisdiction", JURISDICTION, "Code of the jurisdiction whose plan this is.", required=True),
    Field("issuer", MEMBER, "Unit code of who issued it."),
    Field("number", NAME, "Document number (发文字号)."),
    Field("status", Choice(tuple(map(str, PlanStatus))), "Where the plan stands.", default="published"),
    Field("visibility", Choice(tuple(map(str, Visibility))), "Who may read it without a key.", default="public"),
    Field("published_on", Day(), "The day of publication; recurring duties due before it are not created."),
    Field("period", Days(), "First and last day; bounds recurring duties."),
    Field("time_zone", Zone(), "IANA name; the service's own when absent."),
    Field("before_month", Choice(tuple(map(str, BeforeMonth))), "How X月前 is read.", default="inclusive"),
    Field("default_due", Due(), "A due specification for every milestone without its own; it cannot recur."),
    Field("reminders", Reminders(), "When notices about its due dates go out; the service's own policy when absent."),
    Field("superior", PLAN_SLUG, "Slug of the plan that this one implements."),
    Field("source", Source(), "Where the text is."),
    _NOTE_FIELD,
)

MILESTONE_FIELDS: Final = (
    Field(
        "key",
        KEY,
        "Stable name within the plan: the same key is the same milestone, whatever else changes.",
        required=True,
    ),
    Field("ref", Text(64), "Where in the document, as the document numbers it."),
    Field("title", Text(200), "Short, in your own words.", required=True),
    Field("kind", Choice(tuple(map(str, MilestoneKind))), "What sort of milestone it is.", default="task"),
    Field("due", Due(), "When it is due; absent: the plan's default, or none."),
    Field("reminders", Reminders(), "When notices about it go out; absent: as for the plan."),
    Field("lead", Several(MEMBER), "Units or groups in the lead (牵头), in the document's order.", default=()),
    Field("responsible", Several(MEMBER), "Units or groups responsible (责任), in the document's order.", default=()),
    Field("support", Several(MEMBER), "Units or groups in support (配合), in the document's order.", default=()),
    Field("parent", KEY, "Key of the milestone that this one is a part of."),
    Field("implements", IMPLEMENTS, "slug/key of the superior plan's milestone that this one carries out."),
    Field("lines", Lines(), "Line numbers in the source file; the first is where the obligation stands.", default=()),
    Field("hand_in", Text(2000, several_lines=True), "What has to be handed in, to whom."),
    Field("status", Choice(tuple(map(str, MilestoneStatus))), "Whether it still counts.", default="active"),
    Field("note", NOTE, "A reader's note: how a phrase was read, what was inferred."),
)

SECTIONS: Final = ("jurisdictions", "units", "groups", "plan", "milestones")
