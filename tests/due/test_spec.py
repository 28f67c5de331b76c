"""Reading due specifications, and their canonical forms."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.due.rule import parse_rule
from service.due.spec import (
    Boundary,
    DueSpec,
    Fault,
    Form,
    Frame,
    InvalidDue,
    Precision,
    Quota,
    Term,
    TermKind,
    check,
    parse,
    parse_text,
    print_text,
    to_full_mapping,
    to_mapping,
)
from tests.due.strategies import specs

quick = settings(deadline=None, max_examples=150)


def faults(source: object) -> dict[str, str]:
    """Path and sentence of everything that is wrong."""
    with pytest.raises(InvalidDue) as caught:
        parse(source)
    return {".".join(map(str, fault.path)): fault.message for fault in caught.value.faults}


@given(specs())
@quick
def test_both_mappings_give_the_same_specification_back(spec: DueSpec) -> None:
    assert parse(to_mapping(spec)) == spec
    assert parse(to_full_mapping(spec)) == spec
    assert to_mapping(parse(to_mapping(spec))) == to_mapping(spec)


@given(specs())
@quick
def test_the_one_line_form_gives_everything_back_but_the_phrase(spec: DueSpec) -> None:
    assert parse_text(print_text(spec)) == replace(spec, phrase="")


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["2024-10", "FREQ=YEARLY", "plan", "during", "preceding", "17:00", "\0"])
    | st.just("x").map(lambda letter: letter * 10_000)
    | st.just(10).map(lambda base: base**5000)
    | st.decimals()
    | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    ["phrase", "value", "precision", "boundary", "time", "rrule", "within_term", "open", "on_event", "quota", "roll"]
)
quota_names = st.sampled_from(["count", "amount", "ratio", "unit", "per", "bound", "years", "from"])


@given(junk | st.dictionaries(names | st.text(max_size=8), junk | st.dictionaries(quota_names, junk), max_size=6))
@settings(deadline=None, max_examples=400)
def test_any_junk_gives_faults_and_never_another_exception(source: object) -> None:
    found: tuple[Fault, ...] = ()
    try:
        spec = parse(source)
    except InvalidDue as invalid:
        found = invalid.faults
        spec = None
    assert spec is not None or found
    assert spec is None or parse(to_mapping(spec)) == spec
    for fault in found:
        assert fault.message.endswith((".", "?"))
        assert fault.message.isprintable()
        assert len(fault.message) < 300


@given(st.text(max_size=60) | st.text("FREQ=YLMONTHDAIWBSP;,-+1239", max_size=60).map("FREQ=YEARLY;".__add__))
@settings(deadline=None, max_examples=300)
def test_any_text_is_a_line_or_gives_faults(text: str) -> None:
    try:
        spec = parse_text(text)
    except InvalidDue:
        return
    assert parse_text(print_text(spec)) == spec


@pytest.mark.parametrize(
    ("value", "precision", "canonical"),
    (
        ("2025", Precision.YEAR, "2025"),
        (2025, Precision.YEAR, "2025"),
        ("2025-h1", Precision.HALF, "2025-H1"),
        ("2025-Q3", Precision.QUARTER, "2025-Q3"),
        (" 2025-10 ", Precision.MONTH, "2025-10"),
        ("2024-W07", Precision.WEEK, "2024-W07"),
        ("2020-W53", Precision.WEEK, "2020-W53"),
        ("2024-06-30", Precision.DAY, "2024-06-30"),
        (dt.date(2024, 2, 29), Precision.DAY, "2024-02-29"),
        ("2024-02-23/2024-03-24", Precision.DAY, "2024-02-23/2024-03-24"),
        ("2017-03/2017-08", Precision.MONTH, "2017-03/2017-08"),
        ("2024/2024", Precision.YEAR, "2024/2024"),
    ),
)
def test_values_are_read_as_edtf(value: object, precision: Precision, canonical: str) -> None:
    spec = parse({"value": value})
    assert (spec.value, spec.precision, spec.form) == (canonical, precision, Form.DATED)


@pytest.mark.parametrize(
    ("value", "says"),
    (
        ("2023-02-29", "February 2023 has 28 days"),
        ("2100-02-29", "February 2100 has 28 days"),
        ("2025-04-31", "April 2025 has 30 days"),
        ("2025-13", "no month 13"),
        ("2025-00", "no month 00"),
        ("2025-10-00", "not a date"),
        ("2025-Q5", "no quarter Q5"),
        ("2025-H3", "no half H3"),
        ("2021-W53", "it has W01 to W52"),
        ("2024-W53", "it has W01 to W52"),
        ("2026-W54", "it has W01 to W53"),
        ("0000", "out of range"),
        (0, "out of range"),
        ("20251", "not a date or period"),
        (20251, "out of range"),
        pytest.param(10**5000, "out of range", id="huge"),
        ("2025-10/2024-10", "runs forwards"),
        ("2025-10/2025-11-30", "same precision"),
        ("2025-10/..", "not a date or period"),
        ("2025-10~", "not a date or period"),
        ("２０２５", "not a date or period"),
        ("2025-10\0", "control character"),
        ("9" * 100_000, "too long"),
        (["2025"], "not a list"),
        (True, "must be text"),
        (2025.0, "must be text"),
        (dt.datetime(2025, 1, 1), "must be text"),  # noqa: DTZ001 - a YAML reader gives just this
    ),
)
def test_a_value_that_is_not_one_is_named(value: object, says: str) -> None:
    assert says in faults({"value": value})["value"]


@pytest.mark.parametrize(
    ("rule", "precision", "canonical"),
    (
        ("FREQ=YEARLY", Precision.YEAR, "FREQ=YEARLY"),
        ("rrule:freq=yearly;bymonth=3", Precision.MONTH, "FREQ=YEARLY;BYMONTH=3"),
        ("FREQ=YEARLY;BYMONTHDAY=30;BYMONTH=4", Precision.DAY, "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=30"),
        ("BYMONTH=9,3,3;FREQ=YEARLY;INTERVAL=1", Precision.MONTH, "FREQ=YEARLY;BYMONTH=3,9"),
        ("FREQ=MONTHLY", Precision.MONTH, "FREQ=MONTHLY"),
        ("FREQ=MONTHLY;INTERVAL=03", Precision.QUARTER, "FREQ=MONTHLY;INTERVAL=3"),
        ("FREQ=MONTHLY;INTERVAL=6", Precision.HALF, "FREQ=MONTHLY;INTERVAL=6"),
        ("FREQ=MONTHLY;BYDAY=-1FR,+1MO", Precision.DAY, "FREQ=MONTHLY;BYDAY=-1FR,1MO"),
        ("FREQ=WEEKLY;WKST=MO", Precision.WEEK, "FREQ=WEEKLY"),
        ("FREQ=WEEKLY;BYDAY=FR,MO", Precision.DAY, "FREQ=WEEKLY;BYDAY=MO,FR"),
        ("FREQ=DAILY;COUNT=3", Precision.DAY, "FREQ=DAILY;COUNT=3"),
        ("FREQ=YEARLY;UNTIL=20251231", Precision.YEAR, "FREQ=YEARLY;UNTIL=20251231"),
    ),
)
def test_a_rule_has_one_canonical_text_and_names_periods(rule: str, precision: Precision, canonical: str) -> None:
    spec = parse({"rrule": rule})
    assert (spec.rrule, spec.precision, spec.form) == (canonical, precision, Form.RECURRING)


@pytest.mark.parametrize(
    ("rule", "says"),
    (
        ("", "not a part of a rule"),
        ("BYMONTH=3", "needs a FREQ"),
        ("FREQ=SECONDLY", "more often than daily"),
        ("FREQ=HOURLY;BYMONTH=3", "more often than daily"),
        ("FREQ=YEARLI", "write YEARLY"),
        ("FREQ=YEARLY;FREQ=DAILY", "stands twice"),
        ("FREQ=YEARLY;BYWEEKNO=3", "not supported"),
        ("FREQ=YEARLY;BYMONT=3", "did you mean 'BYMONTH'?"),
        ("FREQ=YEARLY;INTERVAL=0", "from 1 to 100"),
        ("FREQ=YEARLY;INTERVAL=999999999999999", "from 1 to 100"),
        ("FREQ=YEARLY;BYMONTH=13", "from 1 to 12"),
        ("FREQ=YEARLY;BYMONTH=-1", "from 1 to 12"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "from 1 to 31"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "from 1 to 31"),
        ("FREQ=WEEKLY;BYDAY=XX", "write MO to SU"),
        ("FREQ=WEEKLY;BYDAY=1MO", "needs FREQ=MONTHLY or FREQ=YEARLY"),
        ("FREQ=MONTHLY;BYDAY=6MO", "no more than five"),
        ("FREQ=WEEKLY;WKST=SU", "weeks begin on Monday"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "takes no BYMONTHDAY"),
        ("FREQ=MONTHLY;BYSETPOS=1", "needs BYDAY or BYMONTHDAY"),
        ("FREQ=MONTHLY;INTERVAL=2;BYMONTH=3", "INTERVAL or BYMONTH"),
        ("FREQ=YEARLY;COUNT=0", "from 1 to 10000"),
        ("FREQ=YEARLY;COUNT=3;UNTIL=20251231", "exclude each other"),
        ("FREQ=YEARLY;UNTIL=20251231T000000Z", "without a time"),
        ("FREQ=YEARLY;UNTIL=20250231", "February 2025 has 28 days"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", "February has no day 31"),
        ("FREQ=DAILY;BYMONTH=4,6;BYMONTHDAY=31", "April, June has no day 31"),
        ("FREQ=YEARLY;" + "BYMONTH=3;" * 200, "too long"),
    ),
)
def test_a_rule_that_is_not_one_is_named(rule: str, says: str) -> None:
    assert any(says in message for message in [faults({"rrule": rule})["rrule"], *_all_messages(rule)])


def _all_messages(rule: str) -> list[str]:
    with pytest.raises(InvalidDue) as caught:
        parse({"rrule": rule})
    return [fault.message for fault in caught.value.faults]


def test_every_fault_of_a_rule_is_told_at_once() -> None:
    with pytest.raises(InvalidDue) as caught:
        parse_rule("FREQ=HOURLY;BYMONTH=13;COUNT=0;NOISE=1")
    assert len(caught.value.faults) == 4


@pytest.mark.parametrize(
    ("source", "path", "says"),
    (
        ({}, "", "one of value, rrule, within_term, open and on_event is needed"),
        ({"open": False}, "", "is needed"),
        ({"value": "2025", "rrule": "FREQ=YEARLY"}, "rrule", "Only one of"),
        ({"value": "2025", "boundry": "on"}, "boundry", "did you mean 'boundary'?"),
        ({"value": "2025", 7: 1}, "7", "no field"),
        ({"value": "2025-10", "precision": "day"}, "precision", "names a month, not a day"),
        ({"open": True, "precision": "day"}, "precision", "there is none here"),
        ({"value": "2025-10", "boundary": "on"}, "boundary", "a month takes during, by_end or before"),
        ({"rrule": "FREQ=YEARLY", "boundary": "on"}, "boundary", "a year takes"),
        ({"value": "2025-10-01/2025-10-09", "boundary": "on"}, "boundary", "an interval takes"),
        ({"value": "2025", "boundary": "by-end"}, "boundary", "write one of by_end, before, during, on"),
        ({"open": True, "boundary": "during"}, "boundary", "needs a date to bound"),
        ({"within_term": "plan", "boundary": "before"}, "boundary", "not bounded by 'before'"),
        ({"open": "yes"}, "open", "either true or left out"),
        ({"open": True, "time": "17:00"}, "time", "needs a due date"),
        ({"within_term": "office", "roll": "preceding"}, "roll", "no date to roll"),
        ({"value": "2025", "roll": "back"}, "roll", "write one of none, preceding, following"),
        ({"value": "2025", "time": "24:00"}, "time", "not a time of day"),
        ({"value": "2025", "time": "5pm"}, "time", "not a time of day"),
        ({"value": "2025", "time": 1020}, "time", "in quotes"),
        ({"on_event": "  "}, "on_event", "what the duty waits for"),
        ({"on_event": "a\nb"}, "on_event", "line break"),
        ({"value": "2025", "phrase": "\ud800"}, "phrase", "plain text"),
        ({"value": "2025", "phrase": "长" * 501}, "phrase", "500 characters at most"),
        ({"within_term": "life"}, "within_term", "write plan, office"),
        ({"within_term": {"years": 3}}, "within_term", "needs 'from'"),
        ({"within_term": {"years": 0, "from": "2023-01-01"}}, "within_term.years", "from 1 to 99"),
        ({"within_term": {"years": 3, "from": "2023"}}, "within_term.from", "a full date is needed"),
        ({"value": "2025", "quota": {}}, "quota", "none of them"),
        ({"value": "2025", "quota": {"count": 1, "ratio": 2}}, "quota", "count and ratio"),
        ({"value": "2025", "quota": {"count": 0}}, "quota.count", "from 1 to"),
        ({"value": "2025", "quota": {"count": -2}}, "quota.count", "from 1 to"),
        ({"value": "2025", "quota": {"count": 1.5}}, "quota.count", "whole number"),
        ({"value": "2025", "quota": {"count": True}}, "quota.count", "whole number"),
        ({"value": "2025", "quota": {"amount": 0}}, "quota.amount", "above 0"),
        ({"value": "2025", "quota": {"amount": float("nan")}}, "quota.amount", "above 0"),
        ({"value": "2025", "quota": {"amount": float("inf")}}, "quota.amount", "above 0"),
        ({"value": "2025", "quota": {"amount": Decimal("sNaN")}}, "quota.amount", "above 0"),
        pytest.param({"value": "2025", "quota": {"amount": 10**5000}}, "quota.amount", "above 0", id="huge"),
        ({"value": "2025", "quota": {"amount": 1e-9}}, "quota.amount", "six decimals"),
        ({"value": "2025", "quota": {"ratio": 100.1}}, "quota.ratio", "at most 100"),
        ({"value": "2025", "quota": {"ratio": 12, "bound": "max"}}, "quota.bound", "at_least, at_most"),
        ({"value": "2025", "quota": {"ratio": 12, "unit": []}}, "quota.unit", "must be text"),
        ({"value": "2025", "quota": [1]}, "quota", "must be a mapping"),
        ("2025-10", "", "must be a mapping"),
    ),
)
def test_what_is_wrong_is_named_with_its_field(source: object, path: str, says: str) -> None:
    assert says in faults(source)[path]


def test_all_faults_are_told_at_once_in_the_order_of_the_fields() -> None:
    with pytest.raises(InvalidDue) as caught:
        parse({"roll": 1, "quota": {"count": 0, "unit": 3}, "value": "2025-02-30", "time": "noon", "bogus": 1})
    assert [fault.path for fault in caught.value.faults] == [
        ("bogus",), ("value",), ("time",), ("quota", "count"), ("quota", "unit"), ("roll",),
    ]  # fmt: skip


def test_a_list_that_holds_itself_is_refused_like_any_other() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert "not a list" in faults({"value": endless})["value"]


def test_a_day_is_on_that_day_and_any_other_bare_period_during() -> None:
    assert parse({"value": "2024-06-30"}).boundary is Boundary.ON
    assert parse({"value": "2024-06-30", "boundary": "during"}).boundary is Boundary.ON
    assert parse({"value": "2024-02-23/2024-03-24"}).boundary is Boundary.DURING
    assert parse({"value": "2024-06"}).boundary is Boundary.DURING
    assert parse({"rrule": "FREQ=WEEKLY;BYDAY=FR"}).boundary is Boundary.ON
    assert parse({"within_term": "plan"}).boundary is Boundary.DURING
    assert parse({"open": True}).boundary is None


def test_the_short_mapping_leaves_out_what_follows_from_the_rest() -> None:
    spec = parse(
        {"quota": {"bound": "at_least", "unit": "期", "count": 2}, "value": "2025", "roll": "none", "phrase": "年内"}
    )
    assert list(to_mapping(spec).items()) == [
        ("phrase", "年内"),
        ("value", "2025"),
        ("quota", {"count": 2, "unit": "期"}),
    ]


def test_the_full_mapping_has_every_field_and_none_where_there_is_nothing() -> None:
    spec = parse({"value": "2025-10", "time": "17:30", "quota": {"ratio": 12.5, "bound": "at_most"}})
    assert list(to_full_mapping(spec).items()) == [
        ("phrase", ""),
        ("precision", "month"),
        ("value", "2025-10"),
        ("boundary", "during"),
        ("time", "17:30"),
        ("rrule", None),
        ("within_term", None),
        ("open", None),
        ("on_event", None),
        ("quota", {"count": None, "amount": None, "ratio": 12.5, "unit": "", "per": "", "bound": "at_most"}),
        ("roll", "none"),
    ]


@pytest.mark.parametrize(
    ("line", "mapping"),
    (
        ("2025-10 by_end", {"value": "2025-10", "boundary": "by_end"}),
        ("FREQ=YEARLY;BYMONTH=3 during", {"rrule": "FREQ=YEARLY;BYMONTH=3"}),
        ("open", {"open": True}),
        ("within plan during", {"within_term": "plan"}),
        ("within 3 years from 2023-01-01 during", {"within_term": {"years": 3, "from": "2023-01-01"}}),
        ('event "收到 \\"司法建议\\""', {"on_event": '收到 "司法建议"'}),
        (
            '2024-06-30 before at 17:00 amount>=7.5 "学时" per "人" roll preceding',
            {
                "value": "2024-06-30",
                "boundary": "before",
                "time": "17:00",
                "quota": {"amount": 7.5, "unit": "学时", "per": "人"},
                "roll": "preceding",
            },
        ),
        ("2015 during ratio<=12", {"value": "2015", "quota": {"ratio": 12, "bound": "at_most"}}),
    ),
)
def test_lines_are_printed_and_read(line: str, mapping: dict[str, object]) -> None:
    assert print_text(parse(mapping)) == line
    assert to_mapping(parse_text(line)) == mapping


def test_a_fault_in_a_line_shows_the_place() -> None:
    with pytest.raises(InvalidDue) as caught:
        parse_text("2025-10 by_end soon")
    assert caught.value.faults[0].message == "This is not understood here.\n    2025-10 by_end soon\n" + " " * 19 + "^"


def test_values_that_contradict_themselves_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="exactly one of count"):
        Quota(count=1, ratio=Decimal(3))
    with pytest.raises(ValueError, match="exactly one of count"):
        Quota(amount=Decimal(0))
    with pytest.raises(ValueError, match="exactly one of value"):
        DueSpec(value="2025", open=True)
    with pytest.raises(ValueError, match="precision is month"):
        DueSpec(value="2025-10", precision=Precision.DAY)
    with pytest.raises(ValueError, match="first day"):
        Term(TermKind.YEARS, 3)


PLAN = Frame(start=dt.date(2023, 1, 1), end=dt.date(2025, 12, 31), effective_on=dt.date(2024, 2, 23))
BARE = Frame()


@pytest.mark.parametrize(
    ("source", "frame", "says"),
    (
        ({"rrule": "FREQ=YEARLY"}, Frame(start=dt.date(2023, 1, 1)), "has no end"),
        ({"rrule": "FREQ=YEARLY"}, BARE, "has no beginning"),
        ({"rrule": "FREQ=YEARLY;COUNT=2"}, BARE, "has no beginning"),
        ({"rrule": "FREQ=YEARLY;UNTIL=29991231"}, Frame(start=dt.date(2023, 1, 1)), "more than 100 years"),
        ({"rrule": "FREQ=DAILY"}, Frame(start=dt.date(2023, 1, 1), end=dt.date(2053, 1, 1)), "more than 5000"),
        (
            {"rrule": "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29;COUNT=2"},
            Frame(start=dt.date(2023, 1, 1)),
            "does not reach its COUNT",
        ),
        ({"within_term": "plan"}, BARE, "the plan has none"),
        ({"value": "2025"}, Frame(start=dt.date(2025, 1, 1), end=dt.date(2024, 1, 1)), "runs backwards"),
    ),
)
def test_what_a_plan_must_contribute_is_missed(source: object, frame: Frame, says: str) -> None:
    (fault,) = check(parse(source), frame)
    assert says in fault.message


@pytest.mark.parametrize(
    ("source", "frame"),
    (
        ({"rrule": "FREQ=YEARLY"}, PLAN),
        ({"rrule": "FREQ=YEARLY;COUNT=2"}, Frame(effective_on=dt.date(2024, 2, 23))),
        ({"rrule": "FREQ=YEARLY;UNTIL=20301231"}, Frame(effective_on=dt.date(2024, 2, 23))),
        ({"within_term": "plan"}, PLAN),
        ({"within_term": "office"}, BARE),
        ({"within_term": {"years": 3, "from": "2023-01-01"}}, BARE),
        ({"value": "2025"}, BARE),
        ({"open": True}, BARE),
    ),
)
def test_a_plan_that_contributes_what_is_needed_is_accepted(source: object, frame: Frame) -> None:
    assert check(parse(source), frame) == ()
