"""Kinds of field that several resources have: bounds for the OpenAPI document, a sentence for what is wrong."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Path, Query
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from service.due.periods import FIRST_YEAR, LAST_YEAR

_WORD = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"


def formed(pattern: str, sentence: str) -> tuple[AfterValidator, dict[str, Any]]:
    """A form that text must have: a check that answers with `sentence`, and the pattern for the OpenAPI document."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.search(text):
            raise ValueError(sentence)
        return text

    return AfterValidator(check), {"pattern": pattern}


_code, _CODE = formed(rf"^{_WORD}$", "this must be lower-case words joined by '-', such as 'chongming'")
_member, _MEMBER = formed(
    rf"^{_WORD}\.{_WORD}$", "this must be a jurisdiction's code, a dot and a lower-case word, as 'chongming.justice'"
)
_key, _KEY = formed(
    r"^[A-Za-z0-9][A-Za-z0-9._-]*$", "this must be letters, digits, '.', '-' and '_', and begin with a letter or digit"
)
# One line without control characters that does not begin or end with a space.
_line, _LINE = formed(
    r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$",
    "this must be one line of text without control characters, and not begin or end with a space",
)
_short, _SHORT = formed(
    r"^([^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?)?$",
    "this must be one line of text without control characters, and not begin or end with a space",
)
_note, _NOTE = formed(
    r"^(\S([^\x00-\x08\x0b-\x1f\x7f-\x9f]*\S)?)?$",
    "this must be text without control characters, and not begin or end with a space",
)
_plain, _PLAIN = formed(r"^[^\x00-\x1f\x7f]*$", "this must not contain control characters")
_safe, _SAFE = formed(r"^[A-Za-z0-9._-]+$", "this must be letters, digits, '.', '-' and '_'")

Code = Annotated[str, Field(min_length=1, max_length=64, json_schema_extra=_CODE, examples=["chongming"]), _code]
MemberCode = Annotated[
    str, Field(min_length=3, max_length=100, json_schema_extra=_MEMBER, examples=["chongming.justice"]), _member
]
Slug = Annotated[
    str,
    Field(min_length=1, max_length=64, json_schema_extra=_CODE, examples=["chongming-enforcement-2023-2025"]),
    _code,
]
Key = Annotated[str, Field(min_length=1, max_length=64, json_schema_extra=_KEY, examples=["2.2.1-1"]), _key]
Name = Annotated[str, Field(min_length=1, max_length=100, json_schema_extra=_LINE, examples=["区司法局"]), _line]
Title = Annotated[
    str, Field(min_length=1, max_length=200, json_schema_extra=_LINE, examples=["梳理执法突出问题清单"]), _line
]
ShortText = Annotated[str, Field(max_length=100, json_schema_extra=_SHORT), _short]
Note = Annotated[str, Field(max_length=2000, json_schema_extra=_NOTE), _note]
Aliases = Annotated[list[Name], Field(max_length=50)]


def _iso(given: Any) -> Any:
    """Dates and instants come as ISO 8601 text: a number is no date, though the parser would take it for seconds."""
    if isinstance(given, str) and not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given):
        raise ValueError("this must be an ISO 8601 date, such as 2024-10-31")
    if isinstance(given, int | float):
        raise ValueError("this must be an ISO 8601 date, such as '2024-10-31', not a number")
    return given


def _whole(given: Any) -> Any:
    if isinstance(given, str | bool):
        raise ValueError("this must be a whole number")
    return given


Day = Annotated[date, BeforeValidator(_iso)]
At = Annotated[AwareDatetime, BeforeValidator(_iso)]
WHOLE = BeforeValidator(_whole)
DayOrAt = Annotated[Day | At | None, Query(examples=["2024-10-01", "2024-10-01T08:00:00+08:00"])]


def bound_of(given: date | datetime | None, zone: ZoneInfo, *, days: int) -> datetime | None:
    """A bound as an instant. Beyond the years that due dates have there is nothing, and no UTC for some instants."""
    if given is None:
        return None
    if not FIRST_YEAR <= given.year <= LAST_YEAR:
        return datetime(FIRST_YEAR if given.year < FIRST_YEAR else LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    if isinstance(given, datetime):
        return given
    return datetime.combine(given + timedelta(days=days), time(), tzinfo=zone)


PathCode = Annotated[str, Path(max_length=100, json_schema_extra=_SAFE), _safe]
PathId = Annotated[str, Path(max_length=64, json_schema_extra=_SAFE), _safe]

Search = Annotated[
    Annotated[str, _plain] | None,
    Query(max_length=100, json_schema_extra=_PLAIN, description="Looks in names, aliases and codes."),
]
CodeQuery = Annotated[Annotated[str, _safe] | None, Query(max_length=100, json_schema_extra=_SAFE)]
