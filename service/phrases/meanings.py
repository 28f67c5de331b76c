"""What phrases mean: one function for what a family of shapes names. Each takes what the slots caught and the setting.

A function gives None where what was caught cannot be: 31 June, a year that nobody has named.
"""

import calendar
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from service.due.faults import InvalidDue
from service.due.values import Boundary, DueSpec, Term, TermKind
from service.phrases.numbers import read_number
from service.phrases.values import Confidence, Kind, Reading, Sense, Setting

Slots = Mapping[str, str | None]
Meaning = Callable[["Caught"], Reading | None]

_RELATIVE_YEARS = {"今": 0, "本": 0, "当": 0, "明": 1, "次": 1, "翌": 1}
_BY_END = ("底", "末")
_LAST_OF_PART = {"上": 10, "中": 20}


@dataclass(frozen=True, slots=True)
class Caught:
    """What a shape caught: the whole text, its slots, and the document around it."""

    text: str
    slots: Slots
    setting: Setting

    def number(self, slot: str) -> int | None:
        """A slot's number; None where it is missing or none."""
        text = self.slots.get(slot)
        return read_number(text) if text else None

    @property
    def boundary(self) -> Boundary:
        """What the ending says."""
        end = self.slots.get("end") or ""
        if any(each in end for each in _BY_END) or self.text.startswith(("到", "至")):
            return Boundary.BY_END
        return Boundary.BEFORE if end.endswith("前") or end in ("止", "截止") else Boundary.DURING

    @property
    def named_year(self) -> int | None:
        """The year that the phrase itself names."""
        if text := self.slots.get("YY"):
            base = self.setting.year or 2000
            return base - base % 100 + int(text)
        text = self.slots.get("Y")
        return read_number(text) if text and text not in _RELATIVE_YEARS else None

    @property
    def year(self) -> int | None:
        """The year that it means."""
        if self.named_year is not None:
            return self.named_year
        base = self.setting.year
        return None if base is None else base + _RELATIVE_YEARS.get(self.slots.get("Y") or "", 0)

    @property
    def sureness(self) -> tuple[Confidence, str]:
        """How sure it is, and why."""
        if self.named_year is None:
            return Confidence.INFERRED, f"原文没有写年份，按上下文取{self.year}年"
        if self.boundary is Boundary.BEFORE and self.slots.get("M") and not self.slots.get("D"):
            return Confidence.AMBIGUOUS, "“X月前”是否含当月，各地理解不一，按计划的约定（默认含当月）"
        return Confidence.EXACT, "原文写明"


# ── dates and periods ────────────────────────────────────────────────────────────────────────────────────────────────


def _dated(caught: Caught, value: str, kind: Kind, *, time: dt.time | None = None) -> Reading | None:
    confidence, why = caught.sureness
    try:
        due = DueSpec(phrase=caught.text, value=value, boundary=caught.boundary, time=time)
    except (ValueError, InvalidDue):
        return None
    return Reading(due=due, kind=kind, confidence=confidence, why=why, year=caught.named_year)


def day(caught: Caught) -> Reading | None:
    """A day: `2024年9月30日前`."""
    year, month, number = caught.year, caught.number("M"), caught.number("D")
    if year is None or month is None or number is None:
        return None
    return _dated(caught, f"{year:04d}-{month:02d}-{number:02d}", Kind.DAY)


def days(caught: Caught) -> Reading | None:
    """From one day to another: `2019年1月1日至12月31日`."""
    year, month, first, last = caught.year, caught.number("M"), caught.number("D"), caught.number("D2")
    if year is None or month is None or first is None or last is None:
        return None
    to_month = caught.number("M2") or month
    to_year = _second_year(caught, year, later=to_month >= month)
    return _dated(caught, f"{year:04d}-{month:02d}-{first:02d}/{to_year:04d}-{to_month:02d}-{last:02d}", Kind.DAY)


def month(caught: Caught) -> Reading | None:
    """A month, or the third of one: `2025年10月底前`, `4月下旬`."""
    year, number = caught.year, caught.number("M")
    if year is None or number is None:
        return None
    if part := caught.slots.get("P"):
        first = {"上": 1, "中": 11, "下": 21}[part]
        last = _last_of(year, number, part)
        return _dated(caught, f"{year:04d}-{number:02d}-{first:02d}/{year:04d}-{number:02d}-{last:02d}", Kind.MONTH)
    return _dated(caught, f"{year:04d}-{number:02d}", Kind.MONTH)


def months(caught: Caught) -> Reading | None:
    """From one month to another, which may lie in the next year: `3月至8月`, `12-1月`, `3月～4月上旬`."""
    year, first, last = caught.year, caught.number("M"), caught.number("M2")
    if year is None or first is None or last is None:
        return None
    to_year = _second_year(caught, year, later=last >= first)
    if part := caught.slots.get("P2"):
        end = _last_of(to_year, last, part)
        return _dated(caught, f"{year:04d}-{first:02d}-01/{to_year:04d}-{last:02d}-{end:02d}", Kind.MONTH)
    return _dated(caught, f"{year:04d}-{first:02d}/{to_year:04d}-{last:02d}", Kind.MONTH)


def year(caught: Caught) -> Reading | None:
    """A year: `2024年年底前`, `今年内`, `全年`."""
    return None if caught.year is None else _dated(caught, f"{caught.year:04d}", Kind.YEAR)


def coming_year(caught: Caught) -> Reading | None:
    """A year that opens a clause, unless it has passed: `11年实现…` in a plan for 2011 to 2015."""
    first = caught.setting.years[0] if caught.setting.years else caught.setting.year
    named = caught.named_year
    if first is None or named is None or not first <= named <= (caught.setting.years or (0, first + 10))[1]:
        return None
    return year(caught)


def coming(meaning: Meaning) -> Meaning:
    """A bare period that opens a clause, unless its year lies before the plan: `2024年6月竣工`, `上半年开展…`."""

    def read(caught: Caught) -> Reading | None:
        first = caught.setting.years[0] if caught.setting.years else caught.setting.year
        named = caught.named_year
        return None if first is None or (named is not None and named < first) else meaning(caught)

    return read


def years(caught: Caught) -> Reading | None:
    """From one year to another: `2023—2025年`."""
    first, last = caught.year, caught.number("Y2")
    return None if first is None or last is None else _dated(caught, f"{first:04d}/{last:04d}", Kind.YEAR)


def five_years(caught: Caught) -> Reading | None:
    """A five-year plan's years, or their end: `“十四五”期间`, `“十四五”期末`; the fourteenth began in 2021."""
    number = caught.number("F")
    if number is None:
        return None
    first = 2021 + 5 * (number - 14)
    value = f"{first + 4}" if caught.boundary is Boundary.BY_END else f"{first}/{first + 4}"
    due = DueSpec(phrase=caught.text, value=value, boundary=caught.boundary)
    return Reading(due=due, kind=Kind.YEAR, why=f"“{caught.slots['F']}五”是{first}至{first + 4}年")


def half(caught: Caught) -> Reading | None:
    """Half a year: `下半年`, `2024年上半年底前`, `2024年H1`."""
    number = 1 if caught.slots.get("H") == "上" or caught.slots.get("HH") == "1" else 2
    return None if caught.year is None else _dated(caught, f"{caught.year:04d}-H{number}", Kind.HALF)


def quarter(caught: Caught) -> Reading | None:
    """A quarter: `第三季度末前`, `四季度前`."""
    number = caught.number("Q")
    if caught.year is None or number is None:
        return None
    return _dated(caught, f"{caught.year:04d}-Q{number}", Kind.QUARTER)


def _second_year(caught: Caught, year: int, *, later: bool) -> int:
    named = caught.number("Y2")
    return named if named is not None else year if later else year + 1


def _last_of(year: int, number: int, part: str) -> int:
    return _LAST_OF_PART.get(part) or calendar.monthrange(year, number)[1]


# ── what comes again ─────────────────────────────────────────────────────────────────────────────────────────────────


def every(rule: str) -> Meaning:
    """A rule as it stands; slots are filled in: `FREQ=MONTHLY;BYMONTHDAY={D}`."""

    def read(caught: Caught) -> Reading | None:
        numbers = {slot: caught.number(slot) for slot in ("M", "M2", "D", "N")}
        if any(f"{{{slot}}}" in rule and not value for slot, value in numbers.items()):
            return None
        return _recurring(caught, rule.format(**numbers))

    return read


def every_weekday(caught: Caught) -> Reading | None:
    """A day of each week: `每周五前`."""
    number = caught.slots.get("W") or ""
    place = 7 if number in "日天" else caught.number("W")
    if not place:
        return None
    return _recurring(caught, f"FREQ=WEEKLY;BYDAY={('MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU')[place - 1]}")


def damaged_day(caught: Caught) -> Reading | None:
    """A day of each year that lost its 月: `每年430日前` is 30 April, if it can be read in one way only."""
    digits = caught.slots.get("MD") or ""
    ways = {(int(digits[:cut]), int(digits[cut:])) for cut in (1, 2) if digits[cut:]}
    days = [(month, day) for month, day in ways if 1 <= month <= 12 and 1 <= day <= 31 and f"{month}{day}" == digits]
    if len(days) != 1:
        return None
    reading = _recurring(caught, f"FREQ=YEARLY;BYMONTH={days[0][0]};BYMONTHDAY={days[0][1]}")
    why = f"“{digits}日”疑脱“月”字，按{days[0][0]}月{days[0][1]}日读"
    return replace(reading, confidence=Confidence.AMBIGUOUS, why=why) if reading else None


def _recurring(caught: Caught, rule: str) -> Reading | None:
    boundary = caught.boundary if caught.slots.get("end") else None
    try:
        due = DueSpec(phrase=caught.text, rrule=rule, boundary=boundary)
    except (ValueError, InvalidDue):
        return None
    unclear = boundary is Boundary.BEFORE and bool(caught.slots.get("M")) and not caught.slots.get("D")
    why = "“X月前”是否含当月，各地理解不一，按计划的约定（默认含当月）" if unclear else "原文写明"
    confidence = Confidence.AMBIGUOUS if unclear else Confidence.EXACT
    return Reading(due=due, kind=Kind.RECURRING, confidence=confidence, why=why)


# ── terms, what counts from something, and what has no date ──────────────────────────────────────────────────────────


def within_years(caught: Caught) -> Reading | None:
    """Within some years: `3年内`, counted from the plan's own period where that is as long."""
    number, span = caught.number("N") or caught.number("YY"), caught.setting.years
    if not number or number > 50:
        return None
    if caught.slots.get("Y") and caught.named_year:
        term = Term(TermKind.YEARS, number, dt.date(caught.named_year, 1, 1))
        return _term(caught, term, Confidence.EXACT, "原文写明起点和年数")
    if span is not None and span[1] - span[0] + 1 == number:
        return _term(
            caught, Term(TermKind.PLAN), Confidence.INFERRED, f"计划期为{span[0]}至{span[1]}年，正好{number}年"
        )
    start = caught.setting.published_on
    if start is None:
        return None
    return _term(
        caught, Term(TermKind.YEARS, number, start), Confidence.AMBIGUOUS, f"没有写起点，自印发之日{start}起算"
    )


def in_office(caught: Caught) -> Reading | None:
    """Once in a term of office: `任期内`."""
    return _term(caught, Term(TermKind.OFFICE), Confidence.EXACT, "原文写明")


def _term(caught: Caught, term: Term, confidence: Confidence, why: str) -> Reading:
    due = DueSpec(phrase=caught.text, within_term=term)
    return Reading(due=due, kind=Kind.TERM, confidence=confidence, why=why)


def after_issue(caught: Caught) -> Reading | None:
    """Some days, months or years after the document was issued; the day of issue does not count (民法典 201)."""
    number, start = caught.number("N"), caught.setting.published_on
    if not number or number > 3660:
        return None
    if start is None or "工作日" in caught.text:
        return _unknown(DueSpec(phrase=caught.text, on_event="印发"), "起算日或工作日要由人确定")
    last = start + dt.timedelta(days=number) if "日" in caught.text[-3:] or "天" in caught.text else None
    last = last or _months_after(start, number * (12 if "年" in caught.text[-3:] else 1))
    due = DueSpec(phrase=caught.text, value=last.isoformat(), boundary=Boundary.BY_END)
    why = f"自印发之日{start}的次日起算"
    return Reading(due=due, kind=Kind.DAY, confidence=Confidence.INFERRED, why=why, sense=Sense.RELATIVE)


def _months_after(start: dt.date, number: int) -> dt.date:
    index = start.year * 12 + start.month - 1 + number
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def on_event(event: str) -> Meaning:
    """Due when something happens: `汛期前`. Nothing: the phrase itself is the event."""

    def read(caught: Caught) -> Reading | None:
        return _unknown(DueSpec(phrase=caught.text, on_event=event or caught.text), "没有固定日期，要由人确定")

    return read


def _unknown(due: DueSpec, why: str) -> Reading:
    return Reading(due=due, kind=Kind.OPEN, confidence=Confidence.AMBIGUOUS, why=why, sense=Sense.RELATIVE)


def opened(sense: Sense) -> Meaning:
    """No due date: `长期坚持`, `及时`, `按时间节点`."""

    def read(caught: Caught) -> Reading | None:
        sure = Confidence.EXACT if sense is Sense.ONGOING else Confidence.INFERRED
        return Reading(
            due=DueSpec(phrase=caught.text, open=True), kind=Kind.OPEN, confidence=sure, why="没有写明期限", sense=sense
        )

    return read
