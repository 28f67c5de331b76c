"""Shapes that every resource shares."""

from collections.abc import Mapping
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from service.kit.paging import DEFAULT_LIMIT, MAX_LIMIT

Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many items at most.")]
Cursor = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=1000,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Where to go on: the `next` of the page before.",
    ),
]

ANY_LIMIT = DEFAULT_LIMIT


class Shape(BaseModel):
    """What is sent or answered. Fields that nobody knows are refused: a slip of the pen must not pass for nothing."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Sent(Shape):
    """What clients send: text that a database can store, all the way down."""

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, sent: Any) -> Any:
        if not _is_storable(sent):
            raise ValueError("text must not contain NUL characters or halves of surrogate pairs")
        return sent


def _is_storable(sent: Any) -> bool:
    if isinstance(sent, str):
        return "\x00" not in sent and not any("\ud800" <= each <= "\udfff" for each in sent)
    if isinstance(sent, Mapping):
        return all(_is_storable(name) and _is_storable(each) for name, each in sent.items())
    if isinstance(sent, list | tuple):
        return all(_is_storable(each) for each in sent)
    return True


def one_of(*names: str) -> JsonDict:
    """What JSON Schema says of fields of which exactly one is given, the others being absent or null."""
    return {"oneOf": [{"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in names]}


class Page(Shape, Generic[Item]):
    """Some items of a list, in order."""

    items: list[Item]
    next: str | None = Field(description="The cursor of the next page; null: this was the last.")


class FaultShape(Shape):
    """One thing that is wrong with what was sent."""

    path: str = Field(description="The field, such as `due.value`; empty: the whole.")
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None


class Problem(Shape):
    """An error (RFC 9457, `application/problem+json`)."""

    type: str = Field(examples=["urn:milepost:problem:not-found"])
    title: str
    status: int
    detail: str
    request_id: str = Field(description="Under this id the log and the audit have the request.")
    errors: list[FaultShape] | None = None
