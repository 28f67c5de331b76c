"""Many changes in one request: a result for each, and a dry run."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field, StrictBool

from service.api.shapes import FaultShape, Sent, Shape
from service.gate.problems import status_of
from service.journal.actions import attempt, undo
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import MilepostError

MOST_ITEMS = 500

New = TypeVar("New", bound=BaseModel)
Changes = TypeVar("Changes", bound=BaseModel)
Told = TypeVar("Told", bound=BaseModel)

DryRun = Annotated[bool, Query(description="Try everything, answer what would happen, change nothing.")]
Target = Annotated[str, Field(min_length=1, max_length=100, description="The code or id of the thing.")]
IfMatch = Annotated[str | None, Field(None, max_length=200, description="The ETag of the version that you change.")]


class Create(Sent, Generic[New]):
    """Make one."""

    op: Literal["create"]
    values: New


class Change(Sent, Generic[Changes]):
    """Change one."""

    op: Literal["change"]
    target: Target
    if_match: IfMatch
    values: Changes


class End(Sent):
    """Take one out of use (a milestone: cancel it)."""

    op: Literal["end"]
    target: Target
    if_match: IfMatch


class Bulk(Sent, Generic[New, Changes]):
    """Changes in the order in which they are made."""

    items: list[Annotated[Create[New] | Change[Changes] | End, Field(discriminator="op")]] = Field(
        min_length=1, max_length=MOST_ITEMS
    )
    atomic: StrictBool = Field(default=False, description="All or nothing: when one fails, none is made.")


class BulkResult(Shape, Generic[Told]):
    """How one change went: `status` is what it would have been answered alone."""

    index: int
    status: int
    item: Told | None = None
    detail: str | None = None
    errors: list[FaultShape] | None = None


class BulkAnswer(Shape, Generic[Told]):
    """How all of them went. `applied`: whether anything was changed."""

    applied: bool
    succeeded: int
    failed: int
    results: list[BulkResult[Told]]


@dataclass(frozen=True, slots=True)
class Each:
    """What every single change needs."""

    session: Session
    actor: Actor
    now: datetime


async def run_bulk(
    each: Each,
    wanted: Bulk[New, Changes],
    *,
    create: Callable[[New], Awaitable[Told]],
    change: Callable[[str, str | None, Changes], Awaitable[Told]],
    end: Callable[[str, str | None], Awaitable[Told]],
    dry_run: bool,
) -> BulkAnswer[Told]:
    """Make the changes one after the other; one that fails is undone alone, unless all or nothing is wanted."""
    results: list[BulkResult[Told]] = []
    for index, item in enumerate(wanted.items):
        try:
            async with attempt(each.session):
                told = await _one(item, create=create, change=change, end=end)
                results.append(BulkResult(index=index, status=201 if item.op == "create" else 200, item=told))
        except MilepostError as error:
            results.append(_failure(index, error))
    failed = sum(result.item is None for result in results)
    applied = not dry_run and failed < len(results) and not (wanted.atomic and failed)
    if not applied:
        await undo(each.session)
    return BulkAnswer(applied=applied, succeeded=len(results) - failed, failed=failed, results=results)


async def _one(
    item: Create[New] | Change[Changes] | End,
    *,
    create: Callable[[New], Awaitable[Told]],
    change: Callable[[str, str | None, Changes], Awaitable[Told]],
    end: Callable[[str, str | None], Awaitable[Told]],
) -> Told:
    match item:
        case Create():
            return await create(item.values)
        case Change():
            return await change(item.target, item.if_match, item.values)
        case End():
            return await end(item.target, item.if_match)


def _failure(index: int, error: MilepostError) -> BulkResult[Told]:
    faults = [FaultShape(path=fault.path, message=fault.message) for fault in error.faults]
    return BulkResult(index=index, status=status_of(error), detail=error.message, errors=faults or None)
