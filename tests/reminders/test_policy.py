"""Policies: canonical forms, and everything that is wrong at once."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.due.faults import Fault
from service.due.workdays import Roll
from service.reminders.rules.offsets import Offset
from service.reminders.rules.policy import (
    DEFAULT,
    InvalidPolicy,
    Policy,
    in_force,
    parse,
    parse_text,
    print_text,
    to_full_mapping,
    to_mapping,
)
from tests.reminders.strategies import policies


def _faults(source: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidPolicy) as caught:
        parse(source)
    return [(".".join(map(str, fault.path)), fault.message) for fault in caught.value.faults]


def test_the_services_own_policy_is_the_one_that_the_page_says() -> None:
    assert print_text(DEFAULT) == "-30d -7d -1d 0d +1d +7d at 09:00"
    assert to_mapping(DEFAULT) == {"offsets": ["-30d", "-7d", "-1d", "0d", "+1d", "+7d"]}
    assert DEFAULT.roll is Roll.PRECEDING


@given(policies)
def test_every_form_reads_back_as_the_same_policy(policy: Policy) -> None:
    assert parse(json.loads(json.dumps(to_mapping(policy)))) == policy
    assert parse(to_full_mapping(policy)) == policy
    assert parse_text(print_text(policy)) == policy


@given(policies, policies)
def test_equal_policies_and_only_they_have_equal_forms(one: Policy, other: Policy) -> None:
    assert (one == other) == (to_mapping(one) == to_mapping(other)) == (print_text(one) == print_text(other))


@pytest.mark.parametrize(
    ("text", "canonical"),
    (
        ("never", "never"),
        ("0d -7d at 09:00", "-7d 0d at 09:00"),
        ("0d", "0d at 09:00"),
        ("-3wd at 17:30 roll none", "-3wd at 17:30 roll none"),
        ("-3wd roll preceding", "-3wd at 09:00"),
    ),
)
def test_a_line_has_one_canonical_form(text: str, canonical: str) -> None:
    assert print_text(parse_text(text)) == canonical


def test_a_policy_without_offsets_is_one_policy_whatever_else_it_says() -> None:
    assert parse({"offsets": [], "at": "17:00", "roll": "none"}) == Policy()
    assert not Policy().asks_calendar


@pytest.mark.parametrize(
    ("text", "asks"),
    (("0d", False), ("-7d", True), ("-7d at 09:00 roll none", False), ("-1wd at 09:00 roll none", True)),
)
def test_a_policy_knows_whether_workdays_matter(text: str, asks: bool) -> None:
    assert parse_text(text).asks_calendar is asks


def test_every_fault_is_told_at_once_in_the_order_of_the_fields() -> None:
    source = {"offset": 1, "offsets": ["7d", -3, "+1d", "+01d"], "at": 540, "roll": "following"}
    assert _faults(source) == [
        ("offset", "There is no field 'offset'; did you mean 'offsets'?"),
        ("offsets.0", "'7d' may be before or after: write -7d or +7d."),
        ("offsets.1", "-3 is no offset: write -7d, -3wd (workdays), 0d or +1d."),
        ("offsets.3", "'+1d' stands twice."),
        ("at", '540 is not a time of day; write it in quotes as "09:00", from "00:00" to "23:59".'),
        ("roll", "A notice before the due date never moves towards it; write preceding or none."),
    ]


@pytest.mark.parametrize(
    ("source", "path"),
    (
        (None, ""),
        ([], ""),
        ("-7d", ""),
        ({}, "offsets"),
        ({"offsets": None}, "offsets"),
        ({"offsets": "-7d"}, "offsets"),
        ({"offsets": ["-1d"] * 25}, "offsets"),
        ({"offsets": [], "at": "24:00"}, "at"),
        ({"offsets": [], "at": "9:00"}, "at"),
        ({"offsets": [], "at": dt.time(9, 0, 1)}, "at"),
        ({"offsets": [], "at": dt.time(9, tzinfo=dt.UTC)}, "at"),
        ({"offsets": [], "roll": True}, "roll"),
        ({"offsets": [], 7: 1}, "7"),
    ),
)
def test_a_fault_names_its_place(source: object, path: str) -> None:
    assert [fault[0] for fault in _faults(source)] == [path]


def test_a_time_as_yaml_readers_may_give_it_is_taken() -> None:
    assert parse({"offsets": ["0d"], "at": dt.time(17, 30)}).at == dt.time(17, 30)


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.sampled_from(["offsets", "at", "roll"]), inner, max_size=4)
    ),
)


@given(_anything)
def test_whatever_is_read_is_a_policy_or_a_list_of_faults(source: Any) -> None:
    faults: tuple[Fault, ...] = ()
    policy = DEFAULT
    try:
        policy = parse(source)
    except InvalidPolicy as wrong:
        faults = wrong.faults
    assert faults or parse(to_mapping(policy)) == policy


@pytest.mark.parametrize("text", ("", "at 09:00", "-7d at", "-7d at 09:00 17:00", "never -7d", "-7d roll", "x" * 600))
def test_a_line_that_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(InvalidPolicy):
        parse_text(text)


def test_the_nearest_policy_that_is_set_holds() -> None:
    own, plans, services = (Policy((Offset(count),)) for count in (-1, -2, -3))
    everything = {"milestone:m": own, "plan:p": plans, "service": services}
    assert in_force(everything, plan="p", milestone="m") == ("milestone:m", own)
    assert in_force(everything, plan="p", milestone="other") == ("plan:p", plans)
    assert in_force(everything, plan="p", milestone=None) == ("plan:p", plans)
    assert in_force(everything, plan="other", milestone="other") == ("service", services)
    assert in_force({}, plan="p", milestone="m") == ("service", DEFAULT)
