"""What all entries were last made with."""

from collections.abc import Mapping

from sqlmodel import select

from service.feeds.models import FeedMark
from service.kit.database import Session


async def read(session: Session) -> dict[str, str]:
    """Every mark, by name."""
    return {row.name: row.value for row in await session.exec(select(FeedMark))}


async def write(session: Session, marks: Mapping[str, str]) -> None:
    """Set marks."""
    for name, value in marks.items():
        await session.merge(FeedMark(name=name, value=value))
    await session.flush()
