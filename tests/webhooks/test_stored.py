"""What is kept of an event is the event: nothing is lost on the way into the database and out of it."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.webhooks.rules.events import Event, EventType, OccurrenceNotice, Position
from service.webhooks.rules.examples import example
from service.webhooks.rules.payload import event_body
from service.webhooks.rules.stored import body_of, event_of, text_of
from tests.webhooks.strategies import events, patient

positions = st.none() | st.builds(Position, st.integers(1, 10**9), st.none() | st.integers(1, 10**9))


@pytest.mark.parametrize("event_type", list(EventType))
def test_every_example_comes_back_as_it_was(event_type: EventType) -> None:
    event = example(event_type)
    assert event_of(event.id, text_of(event)) == event


@given(events, positions)
@settings(patient, max_examples=40)
def test_any_event_has_the_same_bytes_after_it_was_kept(event: Event, position: Position | None) -> None:
    text = text_of(event)
    assert body_of(text, position) == event_body(event, position)
    assert event_body(event_of(event.id, text), position) == event_body(event, position)


def test_paths_become_addresses_of_this_service_and_nothing_else_does() -> None:
    event = example(EventType.OCCURRENCE_DUE)
    about = event.about
    assert isinstance(about, OccurrenceNotice)
    occurrence = replace(about.occurrence, url="/occurrences/oc_1")
    milestone = replace(about.milestone, title='"url":"/nowhere')
    event = replace(event, about=replace(about, occurrence=occurrence, milestone=milestone))
    found = event_of(event.id, text_of(event), source="https://milepost.example")
    assert isinstance(found.about, OccurrenceNotice)
    assert found.about.occurrence.url == "https://milepost.example/occurrences/oc_1"
    assert found.about.milestone.title == '"url":"/nowhere'
    assert body_of(text_of(event), source="https://milepost.example") == event_body(found)


def test_instants_of_events_come_back_with_their_zone() -> None:
    event = example(EventType.OCCURRENCE_DUE_SOON)
    found = event_of(event.id, text_of(event))
    assert isinstance(found.scheduled_for, datetime)
    assert found.scheduled_for.tzinfo is not None
