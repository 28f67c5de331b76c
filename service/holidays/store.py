"""How operators' statutory years are found."""

from collections.abc import Sequence

from sqlmodel import col, select

from service.holidays.models import HolidayYear
from service.kit.database import Session


async def list_years(session: Session, region: str) -> Sequence[HolidayYear]:
    """The years that an operator supplied, in order."""
    query = select(HolidayYear).where(HolidayYear.region == region).order_by(col(HolidayYear.year))
    return (await session.exec(query)).all()
