"""`milepost_client.verify`, which shares no code with the service: both must say the same."""

import json
from datetime import UTC, datetime

import milepost_client
import pytest
from hypothesis import given
from hypothesis import strategies as st
from milepost_client import Received, VerificationError, verify

from service.webhooks.rules.payload import event_body, event_json
from service.webhooks.rules.signature import public_half, signed_headers, spell_private, spell_secret
from tests.webhooks.strategies import NOW, SECRET, events, patient
from tests.webhooks.test_signature import VECTORS

SENT = NOW.timestamp()
BODY = '{"type":"endpoint.ping","note":"崇明区"}'.encode()
PRIVATE = spell_private(bytes(range(32)))


def _headers(*keys: str, body: bytes = BODY) -> dict[str, str]:
    return signed_headers(keys or (SECRET,), id="evt_1", at=NOW, body=body)


@pytest.mark.parametrize("name", VECTORS)
def test_the_published_vectors_verify(name: str) -> None:
    vector = VECTORS[name]
    key = public_half(vector.key) if vector.key.startswith("whsk_") else vector.key
    headers = {
        "Webhook-Id": vector.id,
        "Webhook-Timestamp": str(vector.seconds),
        "Webhook-Signature": vector.signature,
    }
    assert verify(headers, vector.body, key, now=vector.seconds) == Received(
        vector.id, vector.seconds, json.loads(vector.body)
    )


@patient
@given(events, st.lists(st.binary(min_size=24, max_size=64).map(spell_secret), min_size=1, max_size=3), st.data())
def test_what_the_service_signs_the_client_believes(event: object, keys: list[str], data: st.DataObject) -> None:
    from service.webhooks.rules.events import Event

    assert isinstance(event, Event)
    body = event_body(event)
    received = verify(_headers(*keys, body=body), body, data.draw(st.sampled_from(keys)), now=SENT)
    assert received.event == json.loads(json.dumps(event_json(event)))


def test_a_public_key_and_several_secrets_will_do() -> None:
    headers = _headers(SECRET, PRIVATE)
    assert verify(headers, BODY, public_half(PRIVATE), now=SENT).id == "evt_1"
    assert verify(headers, BODY, [spell_secret(bytes(32)), SECRET], now=SENT).id == "evt_1"
    with pytest.raises(VerificationError, match="no signature fits"):
        verify(headers, BODY, public_half(spell_private(bytes(32))), now=SENT)


@patient
@given(st.binary(min_size=1, max_size=60), st.data())
def test_a_changed_body_is_not_believed(body: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(body) - 1))
    changed = body[:place] + bytes([body[place] ^ data.draw(st.integers(1, 255))]) + body[place + 1 :]
    with pytest.raises(VerificationError, match="no signature fits"):
        verify(_headers(body=body), changed, SECRET, now=SENT)


@pytest.mark.parametrize(("now", "says"), ((SENT + 301, "too old"), (SENT - 301, "in the future")))
def test_a_recording_is_not_believed(now: float, says: str) -> None:
    with pytest.raises(VerificationError, match=says):
        verify(_headers(), BODY, SECRET, now=now)
    assert verify(_headers(), BODY, SECRET, now=now, tolerance=400).sent_at == SENT


def test_without_a_time_the_hosts_clock_decides() -> None:
    with pytest.raises(VerificationError, match="too old"):
        verify(_headers(), BODY, SECRET)
    headers = signed_headers([SECRET], id="evt_1", at=datetime.now(UTC), body=BODY)
    assert verify(headers, BODY, SECRET).id == "evt_1"


@pytest.mark.parametrize(
    ("changes", "says"),
    (
        ({"webhook-id": ""}, "empty"),
        ({"webhook-signature": " "}, "empty"),
        ({"webhook-timestamp": "soon"}, "not a number"),
        ({"webhook-timestamp": "１７２７７４０８００"}, "not a number"),
        ({"webhook-timestamp": "9" * 400}, "not a number"),
        ({"webhook-signature": "v1"}, "no signature"),
        ({"webhook-signature": "v1,\u00e9\ud800"}, "no signature"),
    ),
)
def test_broken_headers_are_not_believed(changes: dict[str, str], says: str) -> None:
    with pytest.raises(VerificationError, match=says):
        verify(_headers() | changes, BODY, SECRET, now=SENT)


@pytest.mark.parametrize("name", ("webhook-id", "webhook-timestamp", "webhook-signature"))
def test_a_missing_header_is_named(name: str) -> None:
    headers = _headers()
    del headers[name]
    with pytest.raises(VerificationError, match=name):
        verify(headers, BODY, SECRET, now=SENT)


@pytest.mark.parametrize("secret", ("whsec_", "whsec_***", "", "whpk_AAAA"))
def test_a_secret_that_is_none_never_believes(secret: str) -> None:
    with pytest.raises(VerificationError, match=r"whsec_|whpk_"):
        verify(_headers(), BODY, secret, now=SENT)


@pytest.mark.parametrize("body", (b"", b"no json", b"[1]", b'"text"', b"[" * 10_000))
def test_what_is_genuine_and_no_event_is_refused_too(body: bytes) -> None:
    with pytest.raises(VerificationError, match="genuine"):
        verify(_headers(body=body), body, SECRET, now=SENT)


def test_the_package_shares_no_code_with_the_service() -> None:
    from pathlib import Path

    folder = Path(milepost_client.__file__).parent
    assert [path.name for path in folder.glob("*.py") if "service." in path.read_text(encoding="utf-8")] == []
    assert (folder / "py.typed").exists()
