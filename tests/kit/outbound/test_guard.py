"""Nobody is connected to whose address is closed, whatever a name answers, whenever it answers, on every attempt."""

import ipaddress

import aiohttp
import pytest
from yarl import URL

from service.kit.outbound.client import Answer, Outbound
from service.kit.outbound.errors import Refused, Unreachable
from service.kit.outbound.wire import ATTEMPT, Attempt, Connector, open_tls
from tests.kit.outbound.receivers import Names, polite, receiving

PLENTY_S = 20.0
OPEN = (ipaddress.ip_network("127.0.0.1/32"), ipaddress.ip_network("127.0.0.2/32"))


async def post(outbound: Outbound, url: str) -> Answer:
    return await outbound.send("POST", url, headers={}, body=b"{}", deadline_s=PLENTY_S)


@pytest.mark.parametrize(
    "host", ("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1", "[fe80::1]")
)
async def test_an_address_that_is_closed_is_refused(host: str) -> None:
    async with Outbound() as outbound:
        with pytest.raises(Refused, match="nothing is sent there") as caught:
            await post(outbound, f"http://{host}/")
    assert caught.value.address == ""


@pytest.mark.parametrize(
    "addresses",
    (
        ["10.0.0.1"],
        ["8.8.8.8", "10.0.0.1"],
        ["10.0.0.1", "8.8.8.8"],
        ["8.8.8.8", "2606:4700::1111", "fd00::1"],
        ["8.8.8.8", "::ffff:10.0.0.1"],
        ["8.8.8.8", "64:ff9b::a00:1"],
        ["8.8.8.8", "fe80::1%eth0"],
        ["8.8.8.8", "8.8.4.4", "9.9.9.9", "1.1.1.1", "10.0.0.1"],
    ),
    ids=" ".join,
)
async def test_one_closed_address_closes_a_name(addresses: list[str]) -> None:
    async with Outbound(resolver=Names(office_example=[addresses])) as outbound:
        with pytest.raises(Refused, match=r"office\.example leads to") as sent:
            await post(outbound, "http://office.example/")
        with pytest.raises(Refused):
            await outbound.check("http://office.example/")
    assert "10.0.0.1" not in sent.value.reason, "what a name means inside is not told to outsiders"


async def test_a_name_without_addresses_is_unreachable() -> None:
    async with Outbound(resolver=Names(office_example=[[]])) as outbound:
        with pytest.raises(Unreachable):
            await post(outbound, "http://office.example/")


async def test_a_name_that_changes_its_mind_between_check_and_sending_is_refused() -> None:
    names = Names(office_example=[["127.0.0.1"], ["127.0.0.3"]])
    async with (
        receiving(polite) as receiver,
        receiving(polite, host="127.0.0.3", port=receiver.port) as inner,
        Outbound(allow_networks=OPEN, resolver=names) as outbound,
    ):
        url = (await outbound.check(receiver.url(name="office.example"))).text
        with pytest.raises(Refused):
            await post(outbound, url)
    assert (receiver.connections, inner.connections) == (0, 0)


async def test_a_kept_connection_does_not_save_a_name_that_turned_closed() -> None:
    names = Names(office_example=[["127.0.0.1"], ["127.0.0.1", "10.0.0.1"]])
    async with receiving(polite) as receiver, Outbound(allow_networks=OPEN, resolver=names) as outbound:
        await post(outbound, receiver.url(name="office.example"))
        with pytest.raises(Refused):
            await post(outbound, receiver.url(name="office.example"))
    assert len(receiver.seen) == 1


async def test_a_name_that_moves_is_followed_and_no_old_connection_used() -> None:
    names = Names(office_example=[["127.0.0.1"], ["127.0.0.2"], ["127.0.0.1"]])
    async with (
        receiving(polite) as first,
        receiving(polite, host="127.0.0.2", port=first.port) as second,
        Outbound(allow_networks=OPEN, resolver=names) as outbound,
    ):
        answers = [await post(outbound, first.url(name="office.example")) for _ in range(3)]
    assert [answer.address for answer in answers] == ["127.0.0.1", "127.0.0.2", "127.0.0.1"]
    assert (len(first.seen), len(second.seen)) == (2, 1)
    assert first.connections == 1, "the same checked address: its connection was kept"


async def test_every_attempt_looks_the_name_up_once() -> None:
    names = Names(office_example=[["127.0.0.1"]])
    async with receiving(polite) as receiver, Outbound(allow_networks=OPEN, resolver=names) as outbound:
        for _ in range(3):
            await post(outbound, receiver.url(name="office.example"))
    assert names.asked == ["office.example"] * 3


async def test_an_allowed_network_opens_nothing_beside_it() -> None:
    async with receiving(polite) as receiver, Outbound(allow_networks=OPEN[:1]) as outbound:
        assert (await post(outbound, receiver.url())).status == 200
        with pytest.raises(Refused):
            await post(outbound, f"http://127.0.0.2:{receiver.port}/")


async def test_a_mapped_address_is_connected_to_as_what_it_is() -> None:
    async with receiving(polite) as receiver, Outbound(allow_networks=OPEN) as outbound:
        answer = await post(outbound, f"http://[::ffff:127.0.0.1]:{receiver.port}/")
    assert answer.address == "127.0.0.1"


async def test_the_next_address_is_tried_where_nobody_listens() -> None:
    names = Names(office_example=[["127.0.0.2", "127.0.0.1"]])
    async with receiving(polite) as receiver, Outbound(allow_networks=OPEN, resolver=names) as outbound:
        answer = await post(outbound, receiver.url(name="office.example"))
    assert answer.address == "127.0.0.1"


async def test_a_check_connects_to_nobody_and_gives_the_url_to_keep() -> None:
    names = Names(office_example=[["127.0.0.1"]])
    async with receiving(polite) as receiver, Outbound(allow_networks=OPEN, resolver=names) as outbound:
        wanted = await outbound.check(f"HTTP://Office.Example.:{receiver.port}?a=b")
    assert wanted.text == f"http://office.example:{receiver.port}/?a=b"
    assert not wanted.is_encrypted
    assert receiver.connections == 0


# ── the last line of defence: the connector itself ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("host", ("127.0.0.1", "127.0.0.2", "localhost"))
async def test_the_connector_goes_nowhere_but_to_the_address_that_was_checked(host: str) -> None:
    async with receiving(polite) as receiver:
        connector = Connector(tls=open_tls(), connections=1, keepalive_s=1)
        async with aiohttp.ClientSession(connector=connector) as session:
            checked = Attempt(address="127.0.0.3", exact=URL("/"))
            token = ATTEMPT.set(checked)
            with pytest.raises(Refused):
                await session.get(f"http://{host}:{receiver.port}/")
            ATTEMPT.reset(token)
    assert receiver.connections == 0
