"""The document at /.well-known/webhook-keys."""

import base64
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.webhooks.rules.published_keys import PublishedKey, key_document, thumbprint
from service.webhooks.rules.signature import BadKey, public_half, signed_headers, spell_private, verify
from tests.webhooks.strategies import NOW, patient

# RFC 8037, appendix A: the key of A.2 and its thumbprint of A.3.
RFC_8037_X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
RFC_8037_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
RFC_8037_SEED = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_example_key_of_rfc_8037_is_published_with_its_thumbprint() -> None:
    public = public_half(spell_private(_unpadded(RFC_8037_SEED)))
    (jwk,) = key_document([PublishedKey(public, NOW)], now=NOW)["keys"]
    assert jwk == {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": RFC_8037_X,
        "use": "sig",
        "kid": RFC_8037_THUMBPRINT,
        "whpk": public,
        "nbf": int(NOW.timestamp()),
    }
    assert thumbprint(RFC_8037_X) == RFC_8037_THUMBPRINT


@patient
@given(st.binary(min_size=32, max_size=32))
def test_what_is_published_verifies_what_is_signed(seed: bytes) -> None:
    private = spell_private(seed)
    (jwk,) = key_document([PublishedKey(public_half(private), NOW)], now=NOW)["keys"]
    headers = signed_headers([private], id="evt_1", at=NOW, body=b"{}")
    assert verify(headers, b"{}", [jwk["whpk"]], now=NOW).id == "evt_1"
    assert _unpadded(jwk["x"]) == base64.b64decode(jwk["whpk"].removeprefix("whpk_"))


def test_a_key_is_published_before_it_signs_and_until_its_signatures_are_old() -> None:
    def public(number: int) -> str:
        return public_half(spell_private(bytes([number]) * 32))

    day = timedelta(days=1)
    old, present, coming = (
        PublishedKey(public(1), NOW - 90 * day, NOW + day),
        PublishedKey(public(2), NOW),
        PublishedKey(public(3), NOW + day),
    )
    document = key_document([old, coming, present], now=NOW)
    assert [jwk["whpk"] for jwk in document["keys"]] == [coming.key, present.key, old.key]
    assert [jwk.get("exp") for jwk in document["keys"]] == [None, None, int((NOW + day).timestamp())]
    later = key_document([old, coming, present], now=NOW + day)
    assert [jwk["whpk"] for jwk in later["keys"]] == [coming.key, present.key]


def test_a_private_key_is_never_published() -> None:
    with pytest.raises(BadKey, match="only public keys"):
        key_document([PublishedKey(spell_private(bytes(32)), NOW)], now=NOW)
