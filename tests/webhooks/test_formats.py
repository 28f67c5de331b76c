"""The standard format and CloudEvents."""

import dataclasses
import json
import re
from datetime import datetime

import pytest
from hypothesis import given

from service.webhooks.rules.events import Event, EventType, Position
from service.webhooks.rules.examples import example
from service.webhooks.rules.formats.cloudevents import allowed_rate, handshake, is_allowed, origin
from service.webhooks.rules.formats.known import FORMATS
from service.webhooks.rules.formats.request import FormatName, Message, is_ours, with_headers
from service.webhooks.rules.outcome import Answer, Effect
from service.webhooks.rules.payload import event_body
from service.webhooks.rules.signature import BadKey, public_half, spell_private, verify
from tests.webhooks.strategies import NOW, SECRET, events, patient

SIGNED = (FormatName.STANDARD, FormatName.CLOUDEVENTS)
DUE = example(EventType.OCCURRENCE_DUE)


def _message(event: Event = DUE, *, position: Position | None = None, keys: tuple[str, ...] = (SECRET,)) -> Message:
    return Message(
        event=event,
        url="https://oa.example.cn/hook?to=office",
        sent_at=NOW,
        keys=keys,
        position=position,
        source="https://milepost.example",
    )


def test_every_format_is_known_by_its_name() -> None:
    assert set(FORMATS) == set(FormatName)
    assert all(each.name is name for name, each in FORMATS.items())


@pytest.mark.parametrize("name", SIGNED)
@patient
@given(event=events)
def test_a_signed_request_verifies_and_carries_the_events_id(name: FormatName, event: Event) -> None:
    private = spell_private(bytes(32))
    request = FORMATS[name].write(_message(event, keys=(SECRET, private)))
    assert (request.method, request.url) == ("POST", "https://oa.example.cn/hook?to=office")
    for key in (SECRET, public_half(private)):
        assert verify(request.headers, request.body, [key], now=NOW).id == event.id


@pytest.mark.parametrize("name", SIGNED)
def test_a_repeat_is_the_same_message_signed_anew(name: FormatName) -> None:
    first = FORMATS[name].write(_message())
    later = FORMATS[name].write(dataclasses.replace(_message(), sent_at=datetime(2024, 10, 2, tzinfo=NOW.tzinfo)))
    assert first.body == later.body
    assert first.headers["webhook-id"] == later.headers["webhook-id"] == DUE.id
    assert first.headers["webhook-signature"] != later.headers["webhook-signature"]


def test_the_standard_body_is_the_payload() -> None:
    request = FORMATS[FormatName.STANDARD].write(_message(position=Position(3, 2)))
    assert request.body == event_body(DUE, Position(3, 2))
    assert request.headers["content-type"] == "application/json"


def test_a_signed_format_without_a_key_is_refused() -> None:
    with pytest.raises(BadKey):
        FORMATS[FormatName.STANDARD].write(_message(keys=()))


def test_keys_and_addresses_do_not_show_in_logs() -> None:
    message = dataclasses.replace(_message(), robot_secret="SECret")
    assert SECRET not in repr(message)
    assert "SECret" not in repr(message)
    assert "oa.example" not in repr(FORMATS[FormatName.STANDARD].write(message))


@pytest.mark.parametrize("name", SIGNED)
def test_signed_formats_are_judged_by_status(name: FormatName) -> None:
    assert FORMATS[name].judge(Answer(200, body=b'{"errcode": 1}'), NOW).delivered
    assert FORMATS[name].judge(Answer(410), NOW).effect is Effect.DISABLE


# ── CloudEvents ──────────────────────────────────────────────────────────────────────────────────────────────────────

# CloudEvents 1.0.2, "Required Attributes" and "Attribute Naming Convention".
REQUIRED = {"specversion", "id", "source", "type"}


@patient
@given(event=events)
def test_an_envelope_has_the_attributes_that_the_specification_asks_for(event: Event) -> None:
    request = FORMATS[FormatName.CLOUDEVENTS].write(_message(event))
    told = json.loads(request.body)
    assert told.keys() >= REQUIRED
    assert all(re.fullmatch(r"[a-z0-9]{1,20}", name) for name in told)
    assert all(isinstance(told[name], str) and told[name] for name in told.keys() - {"data"})
    assert told["specversion"] == "1.0"
    assert told["type"] == f"org.milepost.{event.type}"
    assert told["id"] == event.id
    assert datetime.fromisoformat(told["time"]).tzinfo is not None
    assert told["data"] == json.loads(event_body(event))["data"]
    assert request.headers["content-type"].startswith("application/cloudevents+json")


@pytest.mark.parametrize(
    ("event_type", "subject"),
    (
        (EventType.OCCURRENCE_DUE, "oc_7tq3x2m5nwl4ya6bd2hk5v3jze"),
        (EventType.MILESTONE_UPDATED, "ms_o4wz5l6bq2c3kqk7g5h2tr4b7e"),
        (EventType.PLAN_PUBLISHED, "chongming-enforcement-2023-2025"),
        (EventType.FEED_STALE, "fd_2hk5v3jzx7tq3m5nwl4ya6bd2e"),
        (EventType.ENDPOINT_PING, "ep_5k2wq3xlyq7ha6e4mzr2tnv3ci"),
    ),
)
def test_the_subject_is_what_the_event_is_about(event_type: EventType, subject: str) -> None:
    assert json.loads(FORMATS[FormatName.CLOUDEVENTS].write(_message(example(event_type))).body)["subject"] == subject


def test_sequence_numbers_sort_as_text() -> None:
    told = [
        json.loads(FORMATS[FormatName.CLOUDEVENTS].write(_message(position=Position(number, None))).body)["sequence"]
        for number in (9, 10, 2**63 - 1)
    ]
    assert told == sorted(told)
    assert [int(each) for each in told] == [9, 10, 2**63 - 1]


def test_the_handshake_asks_in_the_name_of_the_services_host() -> None:
    request = handshake(url="https://oa.example.cn/hook", source="https://milepost.example:8443/x", per_minute=60)
    assert request.method == "OPTIONS"
    assert request.headers == {"webhook-request-origin": "milepost.example", "webhook-request-rate": "60"}
    assert origin("") == "milepost.invalid"


@pytest.mark.parametrize(
    ("headers", "allowed"),
    (
        ({"webhook-allowed-origin": "*"}, True),
        ({"webhook-allowed-origin": "Milepost.Example"}, True),
        ({"webhook-allowed-origin": "another.example"}, False),
        ({"webhook-allowed-rate": "*"}, False),
        ({}, False),
    ),
)
def test_only_a_receiver_that_names_us_allows_us(headers: dict[str, str], allowed: bool) -> None:
    assert is_allowed(headers, source="https://milepost.example") is allowed


@pytest.mark.parametrize(
    ("text", "rate"), (("120", 120), ("*", None), ("", None), ("0", None), ("-1", None), ("１", None))
)
def test_the_allowed_rate_is_a_number_or_none(text: str, rate: int | None) -> None:
    assert allowed_rate({"webhook-allowed-rate": text}) == rate


# ── headers that an operator adds ────────────────────────────────────────────────────────────────────────────────────


def test_an_operators_headers_stand_beside_ours_and_never_in_their_place() -> None:
    request = FORMATS[FormatName.STANDARD].write(_message())
    extra = {"X-Office": "law", "Content-Type": "text/plain", "Webhook-Id": "evt_forged", "Origin": "x"}
    headers = with_headers(request, extra).headers
    assert headers == {"X-Office": "law", **request.headers}
    assert is_ours("WEBHOOK-anything")
    assert not is_ours("Authorization")
