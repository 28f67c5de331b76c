"""`/holidays`: the statutory days that dates are moved by, and where they come from."""

from datetime import date
from typing import Annotated

from fastapi import Path
from pydantic import Field

from service.api.fields import Day, ShortText
from service.api.shapes import Sent, Shape
from service.gate.guard import Admin, Reader
from service.gate.routing import resource
from service.gate.transaction import Now, Reading, Writing
from service.holidays import actions, rules

router = resource("/holidays", tag="holidays")

Year = Annotated[int, Path(ge=1900, le=2200)]
Days = Annotated[list[Day], Field(max_length=120)]


class YearRequest(Sent):
    """A year's notice."""

    notice: Annotated[ShortText, Field(min_length=1, examples=["国办发明电〔2025〕7号"])]
    off_days: Annotated[Days, Field(min_length=1)]
    work_days: Days = []


class DayShape(Shape):
    """A day that is not what its weekday says, or that has a name."""

    day: date
    is_off: bool
    name: str | None
    name_en: str | None


class YearShape(Shape):
    """A year's statutory days. `provisional`: no notice is known, weekends alone decide."""

    region: str
    year: int
    provisional: bool
    dataset: str
    notice: str | None
    days: list[DayShape]


@router.get("/CN/{year}")
async def get_holidays(year: Year, _actor: Reader, session: Reading) -> YearShape:
    """China's statutory days of a year, make-up workdays included."""
    calendar = await actions.work_calendar(session)
    supplied = await actions.supplied_years(session)
    notice = next((one.notice for one in supplied if one.year == year), None)
    packaged = rules.notice_of(year)
    return YearShape(
        region=calendar.region,
        year=year,
        provisional=year not in calendar.years,
        dataset=calendar.dataset,
        notice=notice or (packaged.number if packaged else None),
        days=[
            DayShape(
                day=one.day,
                is_off=one.is_off,
                name=one.name.zh if one.name else None,
                name_en=one.name.en if one.name else None,
            )
            for one in rules.statutory_days(calendar, year, supplied)
        ],
    )


@router.put("/CN/{year}")
async def supply_holidays(year: Year, actor: Admin, session: Writing, now: Now, wanted: YearRequest) -> YearShape:
    """Supply a year's notice before the packaged data has it; dates that depended on it are computed anew."""
    supplied = rules.StatutoryYear(
        region=rules.CHINA,
        year=year,
        notice=wanted.notice,
        off_days=frozenset(wanted.off_days),
        work_days=frozenset(wanted.work_days),
    )
    await actions.supply_year(session, actor, supplied, now=now)
    return await get_holidays(year, actor, session)
