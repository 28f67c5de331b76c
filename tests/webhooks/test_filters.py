"""Which events an endpoint wants."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.milestones.rules import MilestoneKind, Role
from service.webhooks.rules.events import Event, EventType
from service.webhooks.rules.examples import example
from service.webhooks.rules.filters import (
    Facets,
    Filter,
    check_types,
    facets_of,
    goes_into_digests,
    matches,
    wants_type,
)
from tests.webhooks.strategies import events, patient

DUE = facets_of(example(EventType.OCCURRENCE_DUE))  # an evaluation; the justice bureau leads, another is responsible


@pytest.mark.parametrize(
    ("wanted", "fits"),
    (
        (Filter(), True),
        (Filter(types=frozenset()), True),
        (Filter(types=frozenset({"occurrence.*"})), True),
        (Filter(types=frozenset({"occurrence.due"})), True),
        (Filter(types=frozenset({"occurrence.due_soon", "plan.*"})), False),
        (Filter(jurisdictions=frozenset({"shanghai", "chongming"})), True),
        (Filter(jurisdictions=frozenset({"shanghai"})), False),
        (Filter(plans=frozenset({"chongming-enforcement-2023-2025"})), True),
        (Filter(plans=frozenset({"another"})), False),
        (Filter(units=frozenset({"chongming.justice"})), True),
        (Filter(units=frozenset({"baoshan.justice"})), False),
        (Filter(roles=frozenset({Role.RESPONSIBLE})), True),
        (Filter(roles=frozenset({Role.SUPPORT})), False),
        (Filter(kinds=frozenset({MilestoneKind.EVALUATION})), True),
        (Filter(kinds=frozenset({MilestoneKind.TASK})), False),
        (Filter(types=frozenset({"occurrence.*"}), plans=frozenset({"another"})), False),
    ),
)
def test_every_part_of_a_filter_has_to_fit(wanted: Filter, fits: bool) -> None:
    assert matches(wanted, DUE) is fits


def test_units_and_roles_are_asked_of_one_and_the_same_unit() -> None:
    justice = frozenset({"chongming.justice"})
    assert matches(Filter(units=justice, roles=frozenset({Role.LEAD})), DUE)
    assert not matches(Filter(units=justice, roles=frozenset({Role.RESPONSIBLE})), DUE)


def test_what_is_not_about_a_plan_is_not_for_who_asks_for_a_plan() -> None:
    stale = facets_of(example(EventType.FEED_STALE))
    assert matches(Filter(units=frozenset({"chongming.justice"}), roles=frozenset({Role.LEAD})), stale)
    assert not matches(Filter(plans=frozenset({"chongming-enforcement-2023-2025"})), stale)
    published = facets_of(example(EventType.PLAN_PUBLISHED))
    assert not matches(Filter(units=frozenset({"chongming.justice"})), published)


def test_news_of_the_channel_goes_by_type_and_jurisdiction_alone() -> None:
    failing = facets_of(example(EventType.ENDPOINT_FAILING))
    assert matches(Filter(plans=frozenset({"another"}), units=frozenset({"x.y"})), failing)
    assert not matches(Filter(types=frozenset({"occurrence.*"})), failing)
    assert not matches(Filter(jurisdictions=frozenset({"baoshan"})), failing)
    of_nobody = replace(failing, jurisdiction=None)
    assert matches(Filter(plans=frozenset({"another"})), of_nobody)
    assert not matches(Filter(jurisdictions=frozenset({"baoshan"})), of_nobody)


@pytest.mark.parametrize(
    "pattern", ("occurence.*", "occurrence", "occurrence.", "**", "*.due", "", "o[a-z]*.due", "*x")
)
def test_a_pattern_that_nothing_could_match_is_a_fault_that_names_the_types(pattern: str) -> None:
    (fault,) = check_types(["occurrence.*", pattern])
    assert fault.path == "types.1"
    assert "occurrence.due_soon" in fault.message


def test_patterns_that_can_match_have_no_faults() -> None:
    assert check_types(["*", *EventType, "occurrence.*", "endpoint.*"]) == ()


@patient
@given(events, st.sets(st.sampled_from(["*", *EventType, "occurrence.*", "milestone.*", "endpoint.*"])))
def test_a_filter_by_type_alone_is_the_union_of_its_patterns(event: Event, patterns: set[str]) -> None:
    expected = not patterns or any(
        pattern in ("*", event.type, event.type.partition(".")[0] + ".*") for pattern in patterns
    )
    assert wants_type(patterns, event.type) is expected
    assert matches(Filter(types=frozenset(patterns)), facets_of(event)) is expected


@patient
@given(events)
def test_asking_for_more_never_brings_more(event: Event) -> None:
    facets = facets_of(event)
    narrow = Filter(
        jurisdictions=frozenset({"chongming"}), units=frozenset({"chongming.justice"}), roles=frozenset({Role.LEAD})
    )
    wide = Filter(jurisdictions=frozenset({"chongming"}), units=frozenset({"chongming.justice"}))
    assert not matches(narrow, facets) or matches(wide, facets)


def test_news_of_the_channel_never_waits_for_a_digest() -> None:
    waiting = {event_type for event_type in EventType if goes_into_digests(example(event_type))}
    assert waiting == {
        each for each in EventType if each.split(".")[0] in {"occurrence", "milestone", "progress", "plan"}
    }


def test_facets_of_an_endpoint_without_a_jurisdiction_are_empty() -> None:
    assert facets_of(example(EventType.ENDPOINT_DIGEST)) == Facets(type=EventType.ENDPOINT_DIGEST)
