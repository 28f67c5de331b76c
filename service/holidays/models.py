"""Statutory years that an operator supplied before the library knew them."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from service.kit.database import Instant, Json


class HolidayYear(SQLModel, table=True):
    """One year's notice: the days off and the weekend days worked in their place (ISO dates)."""

    __tablename__ = "holiday_year"

    region: str = Field(primary_key=True, max_length=8)
    year: int = Field(primary_key=True)
    notice: str = Field(max_length=100)
    off_days: list[str] = Field(default_factory=list, sa_type=Json)
    work_days: list[str] = Field(default_factory=list, sa_type=Json)
    recorded_at: datetime = Field(sa_type=Instant)
