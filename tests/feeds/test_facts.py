"""Facts, their stored form, their fingerprint, and text that every program can read."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.feeds.rules.facts import (
    NAMES_SHOWN,
    EntryFacts,
    clean_line,
    clean_text,
    entry_uid,
    fingerprint,
    from_mapping,
    shown_names,
    to_mapping,
)

FACTS = EntryFacts(title="梳理问题清单")
OTHERWISE = EntryFacts(
    title="别的",
    kind="duty",
    role="lead",
    ref="二(三)1",
    path="/occurrences/oc_1",
    plan_title="计划",
    plan_number="沪府1号",
    mark_zh="【10月内】",
    mark_en="[in October]",
    reading_zh="十月内",
    reading_en="In October.",
    precision="month",
    lead=("区司法局",),
    responsible=("各部门",),
    support=("区财政局", "区水务局"),
    hand_in="清单",
    window_start=date(2024, 10, 1),
    due_on=date(2024, 10, 31),
    due_time=time(17, 30),
    time_zone="Asia/Shanghai",
    provisional=True,
    moved_from=date(2024, 9, 30),
    moved_on=date(2024, 9, 1),
    progress="started",
    ended="withdrawn",
    ended_on=date(2024, 9, 2),
    series="fs_1@milepost",
    parent="fe_1@milepost",
    alarm_at=datetime(2024, 10, 30, 1, tzinfo=UTC),
)


def test_facts_come_back_from_their_stored_form() -> None:
    assert from_mapping(to_mapping(OTHERWISE)) == OTHERWISE
    assert from_mapping(to_mapping(FACTS)) == FACTS


def test_fields_at_their_default_are_not_stored() -> None:
    assert to_mapping(FACTS) == {"title": "梳理问题清单"}


def test_what_a_later_release_stored_is_passed_over() -> None:
    assert from_mapping({"title": "梳理问题清单", "weather": "rain"}) == FACTS


@pytest.mark.parametrize("name", [each.name for each in fields(EntryFacts)])
def test_the_fingerprint_tells_every_field(name: str) -> None:
    changed = replace(FACTS, **{name: getattr(OTHERWISE, name)})
    assert _print(changed) != _print(FACTS)


def _print(facts: EntryFacts, light: str = "green", state: str = "active", *, moved: bool = False) -> str:
    return fingerprint(to_mapping(facts), light=light, state=state, moved=moved)


def test_the_fingerprint_tells_what_the_date_makes_of_them() -> None:
    prints = {_print(FACTS), _print(FACTS, "red"), _print(FACTS, state="ended"), _print(FACTS, moved=True)}
    assert len(prints) == 4


def test_a_uid_follows_from_occurrence_and_unit_alone() -> None:
    assert entry_uid("oc_1", "demo.justice") == entry_uid("oc_1", "demo.justice")
    assert len({entry_uid("oc_1", None), entry_uid("oc_1", "demo.justice"), entry_uid("oc_2", "demo.justice")}) == 3
    assert entry_uid("oc_1", None).endswith("@milepost")


@given(st.text())
def test_clean_text_holds_no_control_characters(text: str) -> None:
    for cleaned in (clean_text(text), clean_line(text)):
        cleaned.encode()  # no half surrogates
        assert not any(ord(each) < 32 and each != "\n" for each in cleaned)
        assert not any(0x7F <= ord(each) < 0xA0 for each in cleaned)
        assert "\ufeff" not in cleaned
    assert "\n" not in clean_line(text)


def test_clean_text_keeps_what_people_write() -> None:
    assert clean_text("一、二；\r\n三\t👩‍👩‍👧 <script>\x07") == "一、二；\n三 👩‍👩‍👧 <script>"
    assert clean_line(" 一\u2028二\n三 ") == "一 二 三"


def test_long_lists_of_names_are_cut_and_say_how_many_more() -> None:
    names = [f"第{n}单位" for n in range(40)]
    assert shown_names([*names, *names]) == (*names[:NAMES_SHOWN], "+10")
    assert shown_names(names[:3]) == tuple(names[:3])
