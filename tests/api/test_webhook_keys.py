"""`/.well-known/webhook-keys`: anybody can ask with which keys messages are signed."""

import dataclasses
import ipaddress

import httpx
import pytest

from service.settings import Settings
from tests.flows.desk import Desk

PATH = "/.well-known/webhook-keys"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Messages may go to this machine."""
    return dataclasses.replace(settings, allow_networks=(ipaddress.ip_network("127.0.0.1/32"),))


async def test_the_first_endpoint_that_needs_a_key_brings_it_and_anybody_may_read_it(
    api: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    assert (await nobody.get(PATH)).json() == {"keys": []}
    made = await Desk(api).make("endpoints", url="http://127.0.0.1:9009/", signing="v1a")
    assert made["secret"] is None
    answer = await nobody.get(PATH)
    (key,) = answer.json()["keys"]
    assert (key["kty"], key["crv"], key["use"]) == ("OKP", "Ed25519", "sig")
    assert key["whpk"].startswith("whpk_")
    assert "exp" not in key
    assert answer.headers["cache-control"] == "public, max-age=3600"
