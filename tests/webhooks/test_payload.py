"""Payloads: canonical bytes, a schema and an example for every type."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta, timezone
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.webhooks.rules.events import ABOUT, Event, EventType, OccurrenceNotice, Position
from service.webhooks.rules.examples import example
from service.webhooks.rules.payload import as_json, event_body, event_json, instant
from service.webhooks.rules.schemas import DRAFT, SAYS, event_schema, openapi_webhooks
from tests.webhooks.strategies import events, patient


def _validator(schema: Mapping[str, Any]) -> Any:
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("event_type", EventType)
def test_every_type_has_a_valid_schema_and_an_example_that_fits_it(event_type: EventType) -> None:
    schema = event_schema(event_type)
    assert schema["$schema"] == DRAFT
    jsonschema.Draft202012Validator.check_schema(schema)
    payload = json.loads(event_body(example(event_type)))
    assert list(_validator(schema).iter_errors(payload)) == []


@pytest.mark.parametrize("event_type", EventType)
def test_an_example_has_every_field_of_its_schema_and_no_other(event_type: EventType) -> None:
    payload = json.loads(event_body(example(event_type), Position(418, 417)))
    assert list(_unlike(event_schema(event_type), payload, "")) == []


def _unlike(schema: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    """Where a value has other fields than its schema, which by itself allows more."""
    if "anyOf" in schema:
        schema = schema["anyOf"][0]
    if isinstance(value, dict):
        named = schema["properties"].keys() - {"sandbox"}  # which is there in a rehearsal alone
        if value.keys() != named or set(schema["required"]) != value.keys():
            yield path
        for name, each in value.items():
            yield from _unlike(schema["properties"].get(name, {}), each, f"{path}.{name}")
    if isinstance(value, list):
        for each in value:
            yield from _unlike(schema["items"], each, f"{path}[]")


@pytest.mark.parametrize(
    ("path", "value"),
    (
        (("type",), "occurrence.gone"),
        (("timestamp",), 5),
        (("data", "days_left"), "7"),
        (("data", "due_on"), 20241031),
        (("data", "units"), None),
        (("data", "units", 0, "role"), "boss"),
        (("data", "occurrence"), None),
        (("data", "lateness_s"), -1),
        (("data", "cause", "kind"), "whim"),
    ),
)
def test_a_schema_refuses_what_is_wrong(path: tuple[str | int, ...], value: object) -> None:
    payload = event_json(example(EventType.OCCURRENCE_DUE_SOON))
    target: Any = payload
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    assert not _validator(event_schema(EventType.OCCURRENCE_DUE_SOON)).is_valid(payload)


@patient
@given(events)
def test_every_event_fits_the_schema_of_its_type(event: Event) -> None:
    payload = json.loads(event_body(event))
    assert list(_validator(_SCHEMAS[event.type]).iter_errors(payload)) == []


_SCHEMAS = {event_type: event_schema(event_type) for event_type in EventType}


@patient
@given(events, st.none() | st.builds(Position, st.integers(1, 2**63 - 1), st.none() | st.integers(1, 2**63 - 1)))
def test_bytes_are_canonical_and_the_same_every_time(event: Event, position: Position | None) -> None:
    body = event_body(event, position)
    assert body == event_body(dataclasses.replace(event), position)
    told = json.loads(body)
    assert body == json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    assert list(told) == ["type", "timestamp", "data"]
    assert told["data"]["sequence"] == (position.number if position else None)
    assert told["data"]["previous_sequence"] == (position.previous if position else None)


def test_the_bytes_of_one_event_are_these() -> None:
    assert event_body(example(EventType.ENDPOINT_PING), Position(2, 1)).decode() == (
        '{"type":"endpoint.ping","timestamp":"2024-10-08T01:30:00.000Z","data":{'
        '"endpoint":"ep_5k2wq3xlyq7ha6e4mzr2tnv3ci","message":"这是一条测试消息。This is a test message.",'
        '"scheduled_for":null,"fired_at":"2024-10-08T01:30:00.000Z","lateness_s":0,'
        '"cause":{"kind":"request","id":null,"actor":"key:law-office"},"sequence":2,"previous_sequence":1}}'
    )


def test_an_instant_is_told_in_utc_whatever_its_zone() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert instant(datetime(2024, 10, 1, 8, 0, 0, 123999, tzinfo=shanghai)) == "2024-10-01T00:00:00.123Z"


def test_a_time_of_day_is_told_in_hours_and_minutes() -> None:
    event = example(EventType.OCCURRENCE_DUE)
    assert isinstance(event.about, OccurrenceNotice)
    occurrence = dataclasses.replace(event.about.occurrence, due_time=time(17, 0))
    told = event_json(dataclasses.replace(event, about=dataclasses.replace(event.about, occurrence=occurrence)))
    assert told["data"]["occurrence"]["due_time"] == "17:00"
    assert _validator(event_schema(event.type)).is_valid(told)


def test_what_has_no_place_in_a_payload_is_refused() -> None:
    with pytest.raises(TypeError, match="no JSON for float"):
        as_json(1.5)


def test_lateness_is_counted_from_when_it_was_planned_and_never_negative() -> None:
    event = example(EventType.OCCURRENCE_DUE)
    assert event.scheduled_for is not None
    late = dataclasses.replace(event, fired_at=event.scheduled_for + timedelta(seconds=90, milliseconds=900))
    early = dataclasses.replace(event, fired_at=event.scheduled_for - timedelta(seconds=2))
    assert (late.lateness_s, early.lateness_s, example(EventType.ENDPOINT_PING).lateness_s) == (90, 0, 0)


def test_an_event_is_about_what_its_type_says() -> None:
    with pytest.raises(TypeError, match="OccurrenceNotice"):
        dataclasses.replace(example(EventType.ENDPOINT_PING), type=EventType.OCCURRENCE_DUE)
    with pytest.raises(ValueError, match="time zone"):
        dataclasses.replace(example(EventType.ENDPOINT_PING), fired_at=datetime(2024, 10, 1))  # noqa: DTZ001  # what is refused here


def test_no_type_is_without_its_words() -> None:
    assert set(ABOUT) == set(SAYS) == set(EventType)


def test_the_openapi_section_has_every_type_with_schema_and_example() -> None:
    section = openapi_webhooks()
    assert set(section) == set(EventType)
    for event_type, item in section.items():
        content = item["post"]["requestBody"]["content"]["application/json"]
        assert "$schema" not in content["schema"]
        assert _validator(content["schema"]).is_valid(content["example"]), event_type
        assert {each["name"] for each in item["post"]["parameters"]} == {
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature",
        }
