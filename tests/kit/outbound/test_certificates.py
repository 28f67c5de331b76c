"""TLS: the certificate is checked against the name on every connection, though the connection goes to an address."""

import asyncio
import datetime as dt
import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from service.kit.outbound.client import Answer, Outbound
from service.kit.outbound.errors import TooSlow, Unreachable
from tests.kit.outbound.certificates import DAY, Signer, authority_named, serving
from tests.kit.outbound.receivers import LOOPBACK, Line, Names, open_sockets, polite, receiving, until

PLENTY_S = 20.0


@pytest.fixture(scope="module")
def authority() -> Signer:
    """The authority that the client trusts."""
    return authority_named("Test Authority")


@pytest.fixture
def trusting(authority: Signer) -> ssl.SSLContext:
    """The client's TLS: trusts that authority alone."""
    context = ssl.create_default_context(
        cadata=authority.certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")
    )
    context.set_alpn_protocols(["http/1.1"])
    return context


def outgoing(tls: ssl.SSLContext, **names: Sequence[Sequence[str]]) -> Outbound:
    return Outbound(allow_networks=LOOPBACK, resolver=Names(**names), tls=tls)


async def post(outbound: Outbound, url: str, *, deadline_s: float = PLENTY_S) -> Answer:
    return await outbound.send("POST", url, headers={}, body=b"{}", deadline_s=deadline_s)


async def test_a_certificate_for_the_name_holds_and_the_name_is_sent_along(
    authority: Signer, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    asked_for: list[str | None] = []
    tls = serving(tmp_path, authority, names=["office.example"])
    tls.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    async with receiving(polite, tls=tls) as receiver, outgoing(trusting, office_example=[["127.0.0.1"]]) as outbound:
        answer = await post(outbound, receiver.url(name="office.example"))
    assert (answer.status, answer.address) == (200, "127.0.0.1")
    assert asked_for == ["office.example"]
    assert receiver.seen[0].header("host") == [f"office.example:{receiver.port}"]


async def test_a_certificate_for_an_address_holds_where_the_url_has_the_address(
    authority: Signer, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    tls = serving(tmp_path, authority, names=["127.0.0.1"])
    async with receiving(polite, tls=tls) as receiver, outgoing(trusting) as outbound:
        assert (await post(outbound, receiver.url())).status == 200


@pytest.mark.parametrize(
    ("names", "ends_in", "words"),
    (
        (["office.example"], -DAY, "expired"),
        (["other.example"], 7 * DAY, "mismatch"),
        (["127.0.0.1"], 7 * DAY, "mismatch"),  # for the address alone, and the URL has the name
        (["*.office.example"], 7 * DAY, "mismatch"),
    ),
    ids=("expired", "another name", "only the address", "names below"),
)
async def test_a_certificate_that_does_not_hold_ends_the_attempt(
    authority: Signer, trusting: ssl.SSLContext, tmp_path: Path, names: list[str], ends_in: dt.timedelta, words: str
) -> None:
    tls = serving(tmp_path, authority, names=names, ends_in=ends_in)
    async with receiving(polite, tls=tls) as receiver, outgoing(trusting, office_example=[["127.0.0.1"]]) as outbound:
        for _ in range(2):
            with pytest.raises(Unreachable, match=f"certificate does not hold: .*{words}") as caught:
                await post(outbound, receiver.url(name="office.example"))
            assert caught.value.address == "127.0.0.1"
    assert receiver.seen == []


async def test_a_certificate_of_an_unknown_authority_does_not_hold(trusting: ssl.SSLContext, tmp_path: Path) -> None:
    tls = serving(tmp_path, authority_named("Nobody"), names=["office.example"])
    async with receiving(polite, tls=tls) as receiver, outgoing(trusting, office_example=[["127.0.0.1"]]) as outbound:
        with pytest.raises(Unreachable, match="certificate does not hold"):
            await post(outbound, receiver.url(name="office.example"))
    assert receiver.seen == []


async def test_a_kept_connection_of_one_name_is_not_used_for_another(
    authority: Signer, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    # Both names lead to one address and port; the certificate is good for the first alone.
    tls = serving(tmp_path, authority, names=["office.example"])
    names = {"office_example": [["127.0.0.1"]], "other_example": [["127.0.0.1"]]}
    async with receiving(polite, tls=tls) as receiver, outgoing(trusting, **names) as outbound:
        for _ in range(2):
            await post(outbound, receiver.url(name="office.example"))
        with pytest.raises(Unreachable, match="mismatch"):
            await post(outbound, receiver.url(name="other.example"))
    assert [request.header("host")[0].partition(":")[0] for request in receiver.seen] == ["office.example"] * 2


async def test_plain_http_where_tls_is_expected_is_unreachable(trusting: ssl.SSLContext) -> None:
    async def plain(line: Line) -> None:
        await line.reader.read(1)
        await line.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    async with receiving(plain) as receiver, outgoing(trusting) as outbound:
        with pytest.raises(Unreachable, match="TLS"):
            await post(outbound, f"https://127.0.0.1:{receiver.port}/")


async def test_an_old_tls_version_is_not_spoken(authority: Signer, trusting: ssl.SSLContext, tmp_path: Path) -> None:
    tls = serving(tmp_path, authority, names=["127.0.0.1"])
    trusting.minimum_version = ssl.TLSVersion.TLSv1_3
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    async with receiving(polite, tls=tls) as receiver, outgoing(trusting) as outbound:
        with pytest.raises(Unreachable, match="No connection: it was broken off"):
            await post(outbound, receiver.url())


async def test_an_address_whose_handshake_hangs_leaves_time_for_the_next(
    authority: Signer, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    tls = serving(tmp_path, authority, names=["office.example"])
    async with (
        receiving(polite, tls=tls) as receiver,
        receiving(Line.hold, host="127.0.0.2", port=receiver.port),
        outgoing(trusting, office_example=[["127.0.0.2", "127.0.0.1"]]) as outbound,
    ):
        answer = await post(outbound, receiver.url(name="office.example"), deadline_s=3)
    assert answer.address == "127.0.0.1"


async def test_a_receiver_that_does_not_say_farewell_leaves_nothing_behind(
    authority: Signer, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    async def deaf(line: Line) -> None:
        await line.head()
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport of both directions
        await asyncio.Event().wait()

    tls = serving(tmp_path, authority, names=["127.0.0.1"])
    async with receiving(deaf, tls=tls) as receiver, outgoing(trusting) as outbound:
        before = open_sockets()
        with pytest.raises(TooSlow):
            await post(outbound, receiver.url(), deadline_s=0.5)
        await until(lambda: open_sockets() <= before + 1)
        assert open_sockets() <= before + 1
