"""Entries as bytes: lines, folds, escapes, times; and what parsers of other people make of them."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.feeds.render.calendar import FOOT, Head, render_head
from service.feeds.render.entry import Entry, render_entry, render_greeting
from service.feeds.render.zones import has_one_offset, zone_block
from service.feeds.rules.facts import EntryFacts, clean_line, clean_text
from service.feeds.rules.phase import phase_on
from service.feeds.rules.subjects import Component, Form, Language
from service.feeds.rules.texts import LONGEST_DESCRIPTION, LONGEST_SUMMARY

MOMENT = datetime(2024, 10, 1, tzinfo=UTC)
FACTS = EntryFacts(
    title="梳理问题清单",
    role="lead",
    path="/occurrences/oc_1",
    plan_title="二〇二四年法治计划",
    mark_zh="【10月内】",
    mark_en="[in October]",
    due_on=date(2024, 10, 31),
    precision="month",
    lead=("区司法局",),
)
EVENT = Form()
FORMS = [Form(component, lang) for component in Component for lang in Language]
HARD = (
    "a,b;c\\d\ne",
    "👩‍👩‍👧‍👦" * 12,
    "<script>alert(1)</script>",
    '"引号": x=1',
    "一" * 200,
    "\x00\x07\x1b[31m红",
    "é" * 100,
)


def _entry(facts: EntryFacts = FACTS) -> Entry:
    return Entry(
        uid="fe_1@milepost",
        revision=3,
        revised_at=MOMENT,
        created_at=MOMENT,
        facts=facts,
        phase=phase_on(facts, date(2024, 10, 1)),
    )


def _render(facts: EntryFacts = FACTS, form: Form = EVENT) -> bytes:
    return render_entry(_entry(facts), form, public_url="https://milepost.test")


def _head(name: str = "区司法局", **more: Any) -> bytes:
    return render_head(
        Head(
            name=name,
            description=f"{name}承担的工作节点",
            url="https://milepost.test/units/demo.justice",
            color="steelblue",
            lang=Language.ZH,
            zone="Asia/Shanghai",
            **more,
        ),
        changed_at=MOMENT,
    )


def _read(block: bytes) -> Any:
    (found,) = icalendar.Calendar.from_ical(_head() + block + FOOT).walk()[-1:]
    return found


def _assert_well_formed(raw: bytes) -> None:
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert raw.endswith(b"\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    for line in raw.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()  # no character is cut in two
        assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", line)


@settings(max_examples=200)
@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(FORMS))
def test_lines_are_short_and_whatever_people_write_comes_back(title: str, hand_in: str, form: Form) -> None:
    facts = replace(FACTS, title=clean_line(title), hand_in=clean_text(hand_in).strip())
    raw = _render(facts, form)
    _assert_well_formed(raw)
    entry = _read(raw)
    summary = str(entry["SUMMARY"])
    assert len(summary) <= LONGEST_SUMMARY
    assert summary.endswith(facts.title) or (summary.endswith("…") and facts.title[:200] in summary)
    if facts.hand_in and len(facts.hand_in) < 300:
        assert facts.hand_in in str(entry["DESCRIPTION"])


@pytest.mark.parametrize("offset", range(80))
def test_a_fold_never_cuts_a_character(offset: int) -> None:
    _assert_well_formed(_render(replace(FACTS, title="x" * offset + "区👩‍👧" * 30)))


@pytest.mark.parametrize("text", HARD)
def test_names_that_try_to_break_out_stay_names(text: str) -> None:
    raw = _head(clean_line(text))
    _assert_well_formed(raw)
    assert raw.count(b"BEGIN:") == 3
    escaped = clean_line(text).replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")
    lines = raw.replace(b"\r\n ", b"").decode().split("\r\n")
    assert f"NAME:{escaped}" in lines
    assert f"X-WR-CALNAME:{escaped}" in lines


def test_the_head_has_what_the_contract_asks_for_and_nothing_else() -> None:
    assert _head("甲").replace(b"\r\n ", b"").decode().split("\r\n")[:-1] == [
        "BEGIN:VCALENDAR",
        "PRODID:-//Milepost//Milepost//ZH",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        "LAST-MODIFIED:20241001T000000Z",
        "NAME:甲",
        "X-WR-CALNAME:甲",
        "DESCRIPTION:甲承担的工作节点",
        "X-WR-CALDESC:甲承担的工作节点",
        "X-WR-TIMEZONE:Asia/Shanghai",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        "URL:https://milepost.test/units/demo.justice",
        "COLOR:steelblue",
        "BEGIN:VTIMEZONE",
        "TZID:Asia/Shanghai",
        "BEGIN:STANDARD",
        "DTSTART:19700101T000000",
        "TZNAME:CST",
        "TZOFFSETFROM:+0800",
        "TZOFFSETTO:+0800",
        "END:STANDARD",
        "END:VTIMEZONE",
    ]


def test_a_timed_deadline_is_the_half_hour_that_ends_then() -> None:
    raw = _render(replace(FACTS, due_time=time(17, 0), time_zone="Asia/Shanghai"))
    assert b"DTSTART;TZID=Asia/Shanghai:20241031T163000\r\n" in raw
    assert b"DTEND;TZID=Asia/Shanghai:20241031T170000\r\n" in raw
    todo = _render(replace(FACTS, due_time=time(17, 0), time_zone="Asia/Shanghai"), Form(Component.VTODO))
    assert b"DUE;TZID=Asia/Shanghai:20241031T170000\r\n" in todo


def test_a_deadline_just_after_midnight_begins_the_day_before() -> None:
    raw = _render(replace(FACTS, due_time=time(0, 10), time_zone="Asia/Shanghai"))
    assert b"DTSTART;TZID=Asia/Shanghai:20241030T234000\r\n" in raw


def test_a_zone_with_summer_time_is_written_in_utc() -> None:
    assert not has_one_offset("Europe/Berlin")
    assert zone_block("Europe/Berlin") == b""
    raw = _render(replace(FACTS, due_time=time(17, 0), time_zone="Europe/Berlin", due_on=date(2024, 7, 31)))
    assert b"DTEND:20240731T150000Z\r\n" in raw
    assert b"TZID" not in raw


@pytest.mark.parametrize(
    ("zone", "offset"),
    (("Asia/Shanghai", "+0800"), ("Asia/Kolkata", "+0530"), ("Asia/Kathmandu", "+0545"), ("UTC", "+0000")),
)
def test_a_zone_with_one_offset_gets_one_block(zone: str, offset: str) -> None:
    block = zone_block(zone).decode()
    assert f"TZID:{zone}\r\n" in block
    assert f"TZOFFSETTO:{offset}\r\n" in block
    assert block.count("BEGIN:STANDARD") == 1
    assert "COMMENT" not in block


def test_the_twenty_ninth_of_february_ends_on_the_first_of_march() -> None:
    raw = _render(replace(FACTS, due_on=date(2024, 2, 29)))
    assert b"DTSTART;VALUE=DATE:20240229\r\n" in raw
    assert b"DTEND;VALUE=DATE:20240301\r\n" in raw


def test_a_todo_has_a_due_date_and_a_status_and_nothing_of_events() -> None:
    raw = _render(form=Form(Component.VTODO))
    assert b"DUE;VALUE=DATE:20241031\r\n" in raw
    assert b"STATUS:NEEDS-ACTION\r\n" in raw
    assert b"PERCENT-COMPLETE:0\r\n" in raw
    for foreign in (b"DTSTART", b"DTEND", b"TRANSP", b"BUSYSTATUS"):
        assert foreign not in raw
    assert b"STATUS:CANCELLED" in _render(
        replace(FACTS, ended="cancelled", ended_on=date(2024, 9, 30)), Form(Component.VTODO)
    )


def test_what_has_no_date_is_a_todo_without_one() -> None:
    raw = _render(replace(FACTS, due_on=None), Form(Component.VTODO))
    assert b"DUE" not in raw
    assert _read(raw)["UID"] == "fe_1@milepost"


def test_english_speaks_english_and_leaves_the_title_alone() -> None:
    entry = _read(_render(form=Form(Component.VEVENT, Language.EN)))
    assert str(entry["SUMMARY"]) == "[Lead] [in October] 梳理问题清单"
    assert "Plan: 二〇二四年法治计划" in str(entry["DESCRIPTION"])


def test_a_description_is_at_most_two_thousand_characters() -> None:
    entry = _read(_render(replace(FACTS, hand_in="一" * 5_000)))
    assert len(str(entry["DESCRIPTION"])) == LONGEST_DESCRIPTION


def test_the_greeting_is_an_entry_like_any_other() -> None:
    for form in FORMS:
        raw = render_greeting("fg_1@milepost", on=date(2024, 10, 1), at=MOMENT, form=form, url="https://milepost.test/")
        _assert_well_formed(raw)
        assert _read(raw)["UID"] == "fg_1@milepost"
