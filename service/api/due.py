"""Due specifications at the JSON door."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictFloat, StrictInt

from service.api.fields import WHOLE, Day, ShortText
from service.api.shapes import Sent, Shape, one_of
from service.due.describe import sentence_en, sentence_zh
from service.due.spec import Bound, Boundary, Precision, Roll, parse, to_full_mapping

Number = Annotated[StrictInt | StrictFloat, Field(gt=0, le=1e12)]


_ONE = r"(19|2[0-9])[0-9]{2}(-(H[12]|Q[1-4]|W(0[1-9]|[1-4][0-9]|5[0-3])|(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?))?"
_VALUE = rf"^{_ONE}(/{_ONE})?$"
_RRULE = r"^(RRULE:)?FREQ=(YEARLY|MONTHLY|WEEKLY|DAILY)(;[A-Z]+=[A-Z0-9,+-]+)*$"


class QuotaShape(Sent):
    """How much: exactly one of `count`, `amount` and `ratio` (percent)."""

    model_config = ConfigDict(json_schema_extra=one_of("count", "amount", "ratio"))

    count: Annotated[int, Field(ge=1, le=1_000_000_000), WHOLE] | None = None
    amount: Number | None = None
    ratio: Annotated[StrictInt | StrictFloat, Field(gt=0, le=100)] | None = None
    unit: ShortText = ""
    per: ShortText = ""
    bound: Bound = Bound.AT_LEAST


class TermShape(Sent):
    """Once within a number of years from a day."""

    years: Annotated[int, Field(ge=1, le=100), WHOLE]
    from_: Annotated[Day, Field(alias="from")]


class Due(Sent):
    """When it must be done: exactly one of `value`, `rrule`, `within_term`, `open` and `on_event`."""

    model_config = ConfigDict(json_schema_extra=one_of("value", "rrule", "within_term", "open", "on_event"))

    phrase: ShortText = Field("", description="The source's own words.")
    precision: Precision | None = Field(None, description="Follows from `value` or `rrule`; if given it must agree.")
    value: (
        Annotated[
            str,
            Field(
                max_length=64,
                json_schema_extra={"pattern": _VALUE},
                examples=["2025-10", "2024-H1"],
            ),
        ]
        | None
    ) = None
    rrule: (
        Annotated[str, Field(max_length=200, json_schema_extra={"pattern": _RRULE}, examples=["FREQ=YEARLY;BYMONTH=3"])]
        | None
    ) = None
    within_term: Literal["plan", "office"] | TermShape | None = None
    open: Literal[True] | None = None
    on_event: ShortText | None = None
    boundary: Boundary | None = None
    time: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["17:00"])] | None = None
    quota: QuotaShape | None = None
    roll: Roll = Roll.NONE

    def mapping(self) -> dict[str, Any]:
        """What the domain's parser reads: only what was given."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class DueShape(Shape):
    """When it must be done, every field named; null where there is nothing."""

    phrase: str
    precision: Precision | None
    value: str | None
    boundary: Boundary | None
    time: str | None
    rrule: str | None
    within_term: str | dict[str, int | str] | None
    open: bool | None
    on_event: str | None
    quota: dict[str, int | float | str | None] | None
    roll: Roll


def due_shape(mapping: dict[str, Any] | None) -> DueShape | None:
    """A stored due specification as it is answered."""
    return DueShape.model_validate(to_full_mapping(parse(mapping))) if mapping else None


def sentences(mapping: dict[str, Any] | None) -> tuple[str | None, str | None]:
    """A stored due specification in a Chinese and an English sentence."""
    if not mapping:
        return None, None
    spec = parse(mapping)
    return sentence_zh(spec), sentence_en(spec)
