"""Standard Webhooks: the published vectors, and every way to forge."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from service.webhooks.rules.signature import (
    BadKey,
    Unverified,
    Verified,
    public_half,
    read_private,
    read_public,
    read_secret,
    signed_headers,
    spell_private,
    spell_public,
    spell_secret,
    verify,
)
from tests.webhooks.strategies import NOW, SECRET, patient


class Vector(NamedTuple):
    """A message and the signature that must come of it."""

    key: str
    id: str
    seconds: int
    body: bytes
    signature: str


# From the tests of the Standard Webhooks project's own libraries: `test_sign_function` of Python's, the same numbers in
# Go's `TestSymmetricWebhookSign`; and Go's `TestAsymmetricWebhookSign`.
VECTORS = {
    "reference libraries, symmetric": Vector(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
    "reference library of Go, asymmetric": Vector(
        "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
    ),
}

BODY = '{"type":"endpoint.ping","note":"崇明区"}'.encode()
PRIVATE = VECTORS["reference library of Go, asymmetric"].key
secrets = st.binary(min_size=24, max_size=64).map(spell_secret)
seeds = st.binary(min_size=32, max_size=32).map(spell_private)


@pytest.mark.parametrize("name", VECTORS)
def test_a_published_vector_is_signed_and_verified_as_published(name: str) -> None:
    vector = VECTORS[name]
    at = datetime.fromtimestamp(vector.seconds, UTC)
    headers = signed_headers([vector.key], id=vector.id, at=at, body=vector.body)
    assert headers == {
        "webhook-id": vector.id,
        "webhook-timestamp": str(vector.seconds),
        "webhook-signature": vector.signature,
    }
    assert verify(headers, vector.body, [vector.key], now=at) == Verified(vector.id, at)


def test_the_zone_of_an_instant_changes_nothing_and_none_at_all_is_refused() -> None:
    vector = VECTORS["reference libraries, symmetric"]
    shanghai = datetime.fromtimestamp(vector.seconds, timezone(timedelta(hours=8)))
    headers = signed_headers([vector.key], id=vector.id, at=shanghai, body=vector.body)
    assert headers["webhook-signature"] == vector.signature
    with pytest.raises(ValueError, match="without a time zone"):
        signed_headers([vector.key], id=vector.id, at=shanghai.replace(tzinfo=None), body=vector.body)


@patient
@given(st.lists(secrets | seeds, min_size=1, max_size=4), st.binary(max_size=200), st.data())
def test_any_one_of_the_keys_in_rotation_verifies(keys: list[str], body: bytes, data: st.DataObject) -> None:
    headers = signed_headers(keys, id="evt_1", at=NOW, body=body)
    known = data.draw(st.sampled_from(keys))
    assert verify(headers, body, [known], now=NOW).id == "evt_1"
    if known.startswith("whsk_"):
        assert verify(headers, body, [public_half(known)], now=NOW).id == "evt_1"
    assert len(headers["webhook-signature"].split(" ")) == len(keys)


@patient
@given(st.sampled_from([SECRET, PRIVATE]), st.binary(min_size=1, max_size=60), st.data())
def test_a_body_that_was_changed_anywhere_is_refused(key: str, body: bytes, data: st.DataObject) -> None:
    headers = signed_headers([key], id="evt_1", at=NOW, body=body)
    place = data.draw(st.integers(0, len(body) - 1))
    changed = body[:place] + bytes([body[place] ^ data.draw(st.integers(1, 255))]) + body[place + 1 :]
    for other in (changed, body + b" ", body[:-1]):
        with pytest.raises(Unverified, match="no signature matches"):
            verify(headers, other, [key], now=NOW)


@pytest.mark.parametrize(
    ("name", "value"), (("webhook-id", "evt_2"), ("webhook-timestamp", str(int(NOW.timestamp()) + 1)))
)
def test_the_id_and_the_timestamp_are_signed_too(name: str, value: str) -> None:
    headers = signed_headers([SECRET], id="evt_1", at=NOW, body=BODY)
    with pytest.raises(Unverified, match="no signature matches"):
        verify({**headers, name: value}, BODY, [SECRET], now=NOW)


@pytest.mark.parametrize("offset", (-301, 301))
def test_more_than_five_minutes_from_now_is_refused_and_five_are_not(offset: int) -> None:
    headers = signed_headers([SECRET], id="evt_1", at=NOW, body=BODY)
    with pytest.raises(Unverified, match=r"too (old|new): 301 s"):
        verify(headers, BODY, [SECRET], now=NOW - timedelta(seconds=offset))
    edge = timedelta(seconds=300 if offset > 0 else -300)
    assert verify(headers, BODY, [SECRET], now=NOW - edge).sent_at == NOW
    far = NOW + timedelta(days=400)
    assert verify(headers, BODY, [SECRET], now=far, tolerance=timedelta(days=500)).sent_at == NOW


@pytest.mark.parametrize(
    ("changes", "says"),
    (
        ({"webhook-id": ""}, "lack webhook-id"),
        ({"webhook-signature": ""}, "lack webhook-signature"),
        ({"webhook-timestamp": "17e9"}, "no number"),
        ({"webhook-timestamp": "-1"}, "no number"),
        ({"webhook-timestamp": "１７２７７４０８００"}, "no number"),
        ({"webhook-timestamp": "999999999999"}, "outside the calendar"),
        ({"webhook-id": "evt_1.1727740800"}, "no message's id"),
        ({"webhook-signature": "v1,"}, "no signature matches"),
        ({"webhook-signature": "v1"}, "no signature matches"),
        ({"webhook-signature": "v1,é"}, "no signature matches"),
        ({"webhook-signature": "v2," + "A" * 43 + "="}, "no signature matches"),
        ({"webhook-signature": "v1a," + "A" * 86 + "=="}, "no signature matches"),
    ),
)
def test_broken_headers_are_refused_with_the_reason(changes: dict[str, str], says: str) -> None:
    headers = signed_headers([SECRET], id="evt_1", at=NOW, body=BODY) | changes
    with pytest.raises(Unverified, match=says):
        verify(headers, BODY, [SECRET, PRIVATE], now=NOW)


def test_a_signature_of_the_other_scheme_never_counts() -> None:
    # The HMAC's bytes under the asymmetric label, and the other way round.
    headers = signed_headers([SECRET], id="evt_1", at=NOW, body=BODY)
    relabelled = headers | {"webhook-signature": headers["webhook-signature"].replace("v1,", "v1a,")}
    with pytest.raises(Unverified):
        verify(relabelled, BODY, [SECRET], now=NOW)


def test_only_so_many_signatures_are_looked_at() -> None:
    headers = signed_headers([SECRET], id="evt_1", at=NOW, body=BODY)
    padded = " ".join(["v1,AAAA"] * 31 + [headers["webhook-signature"]])
    assert verify(headers | {"webhook-signature": padded}, BODY, [SECRET], now=NOW).id == "evt_1"
    with pytest.raises(Unverified):
        verify(headers | {"webhook-signature": "v1,AAAA " + padded}, BODY, [SECRET], now=NOW)


@pytest.mark.parametrize("id", ("", "evt.1", "evt 1", "evt\n1", "标识", "x" * 257))
def test_an_id_that_could_blur_what_is_signed_is_refused(id: str) -> None:
    with pytest.raises(ValueError, match="cannot be a message's id"):
        signed_headers([SECRET], id=id, at=NOW, body=BODY)


def test_no_key_signs_nothing() -> None:
    with pytest.raises(BadKey, match="at least one"):
        signed_headers([], id="evt_1", at=NOW, body=BODY)


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", (0, 23, 65))
def test_a_secret_has_24_to_64_bytes(size: int) -> None:
    with pytest.raises(BadKey, match="24 to 64"):
        spell_secret(bytes(size))
    with pytest.raises(BadKey, match="24 to 64"):
        read_secret("whsec_" + base64.b64encode(bytes(size)).decode())


@patient
@given(st.binary(min_size=24, max_size=64))
def test_a_secret_is_read_as_it_was_spelt_with_and_without_its_padding(raw: bytes) -> None:
    text = spell_secret(raw)
    assert text.startswith("whsec_")
    assert read_secret(text) == read_secret(text.rstrip("=")) == read_secret(text.removeprefix("whsec_")) == raw


def test_a_private_key_may_carry_its_public_half_which_must_fit() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = private.public_key().public_bytes_raw()
    whole = "whsk_" + base64.b64encode(bytes(range(32)) + public).decode()
    assert read_private(whole).private_bytes_raw() == bytes(range(32))
    assert public_half(whole) == spell_public(private.public_key())
    with pytest.raises(BadKey, match="do not belong together"):
        read_private("whsk_" + base64.b64encode(bytes(64)).decode())


@pytest.mark.parametrize(
    ("read", "key"),
    (
        (read_secret, "whsec_***"),
        (read_private, "whsec_" + "A" * 43 + "="),
        (read_private, "whsk_AAAA"),
        (read_public, "whpk_AAAA"),
        (read_public, "whsec_" + "A" * 43 + "="),
        (spell_private, b"short"),
    ),
)
def test_what_is_no_key_is_said_to_be_none(read: object, key: object) -> None:
    assert callable(read)
    with pytest.raises(BadKey):
        read(key)
