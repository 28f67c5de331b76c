"""Due specifications, frames and calendars at random, for the property tests."""

import datetime as dt
from decimal import Decimal

from hypothesis import strategies as st

from service.due.periods import Precision, period_of
from service.due.spec import BeforeMonth, Bound, Boundary, DueSpec, Frame, Quota, Roll, Term, TermKind, parse
from service.holidays.rules import china

CHINA = china()
days = st.dates(dt.date(2004, 1, 1), dt.date(2026, 12, 31))
far_days = st.dates(dt.date(1900, 1, 1), dt.date(2999, 12, 31))
texts = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30).map(str.strip)
filled_texts = texts.filter(bool)
rolls = st.sampled_from(Roll)
numbers = st.decimals(min_value="0.000001", max_value=999_999_999, places=6)

periods = st.builds(period_of, far_days, st.sampled_from(Precision)).filter(
    lambda period: 1900 <= int(period.key[:4]) <= 2999  # the week of 1 January 1900 begins and is numbered in it
)


@st.composite
def values(draw: st.DrawFn) -> str:
    """A period, or an interval of two in order."""
    first = draw(periods)
    if not draw(st.booleans()):
        return first.key
    later = period_of(draw(st.dates(first.first, dt.date(2999, 12, 30))), first.precision)
    return f"{first.key}/{later.key}"


@st.composite
def rules(draw: st.DrawFn) -> str:
    """A rule that can be read and does something in most plans."""
    frequency = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]))
    parts = [f"FREQ={frequency}"]
    months = draw(st.lists(st.integers(1, 12), max_size=3)) if frequency != "WEEKLY" else []
    interval = draw(st.sampled_from([1, 1, 1, 2, 3, 5, 6])) if not (months and frequency == "MONTHLY") else 1
    if interval > 1:
        parts.append(f"INTERVAL={interval}")
    if months:
        parts.append(f"BYMONTH={','.join(map(str, months))}")
    named = ""
    if frequency != "WEEKLY":
        month_days = draw(st.lists(st.sampled_from([1, 5, 15, 28, 29, -1, -15]), max_size=2))
        named += f"BYMONTHDAY={','.join(map(str, month_days))}" if month_days else ""
    if not named:
        ordinals = ["", "1", "2", "-1"] if frequency in {"YEARLY", "MONTHLY"} else [""]
        entry = st.builds(str.__add__, st.sampled_from(ordinals), st.sampled_from(["MO", "WE", "FR", "SU"]))
        week_days = draw(st.lists(entry, max_size=2))
        named += f"BYDAY={','.join(week_days)}" if week_days else ""
    if named:
        parts.append(named)
        if draw(st.integers(0, 4)) == 0:
            parts.append(f"BYSETPOS={draw(st.sampled_from(['1', '-1', '1,-1', '2']))}")
    ending = draw(st.sampled_from(["", "", "", "COUNT", "UNTIL"]))
    if ending:
        parts.append(f"COUNT={draw(st.integers(1, 40))}" if ending == "COUNT" else f"UNTIL={draw(days):%Y%m%d}")
    return ";".join(parts)


@st.composite
def quotas(draw: st.DrawFn) -> Quota:
    kind = draw(st.sampled_from(["count", "amount", "ratio"]))
    return Quota(
        count=draw(st.integers(1, 999_999_999)) if kind == "count" else None,
        amount=draw(numbers) if kind == "amount" else None,
        ratio=draw(numbers.filter(lambda number: number <= Decimal(100))) if kind == "ratio" else None,
        unit=draw(texts),
        per=draw(texts),
        bound=draw(st.sampled_from(Bound)),
    )


terms = st.one_of(
    st.sampled_from([Term(TermKind.PLAN), Term(TermKind.OFFICE)]),
    st.builds(Term, st.just(TermKind.YEARS), st.integers(1, 99), far_days),
)


@st.composite
def specs(draw: st.DrawFn) -> DueSpec:
    """Any specification that `parse` would accept."""
    phrase, quota = draw(texts), draw(st.none() | quotas())
    form = draw(st.sampled_from(["value", "rrule", "within_term", "open", "on_event"]))
    if form == "open":
        return DueSpec(phrase=phrase, open=True, quota=quota)
    if form == "on_event":
        return DueSpec(phrase=phrase, on_event=draw(filled_texts), quota=quota)
    roll, time = draw(rolls), draw(st.none() | st.times().map(lambda at: at.replace(second=0, microsecond=0)))
    if form == "within_term":
        term = draw(terms)
        if term.kind is TermKind.OFFICE:
            return DueSpec(phrase=phrase, within_term=term, quota=quota)
        boundary = draw(st.sampled_from([None, Boundary.BY_END, Boundary.DURING]))
        return DueSpec(phrase=phrase, within_term=term, boundary=boundary, quota=quota, roll=roll, time=time)
    bare = DueSpec(value=draw(values())) if form == "value" else DueSpec(rrule=draw(rules()))
    boundaries = [Boundary.BY_END, Boundary.BEFORE, bare.boundary]
    return DueSpec(
        phrase=phrase,
        value=bare.value,
        rrule=bare.rrule,
        boundary=draw(st.sampled_from(boundaries)),
        quota=quota,
        roll=roll,
        time=time,
    )


recurring = rules().map(lambda text: parse({"rrule": text}))


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    """A plan of up to six years, published at any time around it or not at all."""
    start = draw(days)
    end = start + dt.timedelta(days=draw(st.integers(0, 2_200)))
    published = draw(st.none() | st.dates(start - dt.timedelta(days=400), end))
    return Frame(start=start, end=end, effective_on=published, before_month=draw(st.sampled_from(BeforeMonth)))
