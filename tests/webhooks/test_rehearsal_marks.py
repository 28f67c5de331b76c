"""Nobody takes a rehearsal for real, in whatever format it comes."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest

from service.webhooks.rules.events import EventType
from service.webhooks.rules.examples import example
from service.webhooks.rules.formats.known import FORMATS
from service.webhooks.rules.formats.request import FormatName, Message
from service.webhooks.rules.parts import Cause, CauseKind
from service.webhooks.rules.playing import timetable
from service.webhooks.rules.schemas import event_schema
from service.webhooks.rules.signature import spell_secret
from service.webhooks.rules.stored import body_of, event_of, text_of

NOTICE = example(EventType.OCCURRENCE_DUE_SOON)
REHEARSED = dataclasses.replace(NOTICE, cause=Cause(kind=CauseKind.REHEARSAL, actor="key:law-office"))
NOW = datetime(2024, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", FormatName)
def test_every_format_says_that_it_is_a_rehearsal_and_only_then(name: FormatName) -> None:
    def sent(message: Message) -> str:
        return FORMATS[name].write(message).body.decode()

    keys = (spell_secret(b"x" * 24),)
    mark = '"sandbox":true' if FORMATS[name].signed else "【演练】"
    assert mark in sent(Message(event=REHEARSED, url="https://a.example/", sent_at=NOW, keys=keys))
    assert mark not in sent(Message(event=NOTICE, url="https://a.example/", sent_at=NOW, keys=keys))


def test_the_mark_survives_being_stored_and_is_in_the_schema() -> None:
    text = text_of(REHEARSED)
    assert json.loads(body_of(text))["data"]["sandbox"] is True
    assert event_of(REHEARSED.id, text) == REHEARSED
    validator = jsonschema.Draft202012Validator(event_schema(REHEARSED.type))
    validator.validate(json.loads(text))
    assert not validator.is_valid(json.loads(text.replace('"sandbox":true', '"sandbox":false')))


def test_a_timetable_keeps_the_order_and_the_pace() -> None:
    instants = [NOW, NOW + timedelta(hours=1), NOW + timedelta(hours=1), NOW + timedelta(hours=3)]
    found = timetable(instants, start=NOW, speed=60, per_minute=120, real_now=NOW)
    assert [(at - NOW).total_seconds() for at in found] == [0, 60, 61, 180]
