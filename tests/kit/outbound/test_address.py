"""Which addresses are closed: an adversarial table, and the blocks of the registries from end to end."""

import ast
import ipaddress
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.kit.outbound import address
from service.kit.outbound.address import METADATA, Network, plain, refusal

CLOSED = {
    # the machine itself
    "127.0.0.1": "this machine",
    "127.255.255.254": "this machine",
    "0.0.0.0": "'this network'",
    "0.1.2.3": "'this network'",
    "::1": "this machine",
    "::": "no address at all",
    # private networks
    "10.0.0.1": "a private network",
    "10.255.255.255": "a private network",
    "172.16.0.1": "a private network",
    "172.31.255.255": "a private network",
    "192.168.1.1": "a private network",
    "100.64.0.1": "carrier",
    "100.127.255.255": "carrier",
    "fc00::1": "a private network",
    "fdff::1": "a private network",
    "fec0::1": "site-local",
    "feff::1": "site-local",
    "169.254.0.1": "link-local",
    "fe80::1": "link-local",
    "fe80::1%eth0": "zone",
    "2606:4700::1111%1": "zone",
    # clouds
    "169.254.169.254": "metadata",
    "169.254.170.2": "metadata",
    "100.100.100.200": "metadata",
    "100.96.0.96": "metadata",
    "168.63.129.16": "metadata",
    "192.0.0.192": "metadata",
    "fd00:ec2::254": "metadata",
    "fd20:ce::254": "metadata",
    "fe80::a9fe:a9fe": "link-local",
    "::ffff:169.254.169.254": "metadata",
    # set aside
    "192.0.0.1": "protocol",
    "192.0.0.9": "protocol",
    "192.0.0.170": "protocol",
    "192.0.2.1": "documentation",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "192.88.99.1": "6to4",
    "192.31.196.1": "sink",
    "192.52.193.1": "multicast",
    "192.175.48.1": "sink",
    "198.18.0.1": "benchmarks",
    "198.19.255.255": "benchmarks",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "2001:db8::1": "documentation",
    "3fff::1": "documentation",
    "3fff:fff:ffff::1": "documentation",
    "5f00::1": "segment routing",
    "100::1": "discard",
    "100:0:0:1::1": "dummy",
    "2001:2::1": "protocol",
    "2001:10::1": "protocol",
    "2001:20::1": "protocol",
    "2001:1::1": "protocol",
    "2620:4f:8000::1": "sink",
    "ff02::1": "multicast",
    "ff0e::1": "multicast",
    "4000::1": "reserved",
    "1::1": "reserved",
    "e000::1": "reserved",
    # IPv4 inside IPv6
    "::127.0.0.1": "IPv4-compatible",
    "::8.8.8.8": "IPv4-compatible",
    "::ffff:127.0.0.1": "this machine",
    "::ffff:10.0.0.1": "a private network",
    "::ffff:7f00:1": "this machine",
    "::ffff:0:127.0.0.1": "IPv4-translated",
    "64:ff9b::8.8.8.8": "NAT64",
    "64:ff9b::127.0.0.1": "NAT64",
    "64:ff9b:1::8.8.8.8": "NAT64",
    "64:ff9b:1:ffff::1": "NAT64",
    "2002:808:808::1": "6to4",
    "2002:7f00:1::1": "6to4",
    "2001::1": "Teredo",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2": "Teredo",
    "2606:4700::5efe:10.0.0.1": "a private network",
    "2606:4700::200:5efe:127.0.0.1": "this machine",
}

OPEN = (
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "114.114.114.114",
    "168.63.129.15",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "2000::1",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2400:3200::1",
    "2606:4700::5efe:8.8.8.8",
    "3ffe:ffff::1",
)


def nets(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


@pytest.mark.parametrize(("text", "words"), CLOSED.items())
def test_a_closed_address_says_what_it_is(text: str, words: str) -> None:
    assert words in (refusal(ipaddress.ip_address(text)) or "it is open")


@pytest.mark.parametrize("text", OPEN)
def test_a_public_address_is_open(text: str) -> None:
    assert refusal(ipaddress.ip_address(text)) is None


def test_a_reason_names_the_block() -> None:
    assert refusal(ipaddress.ip_address("10.1.2.3")) == "a private network (10.0.0.0/8)"


@given(st.ip_addresses())
def test_whatever_python_holds_private_is_closed(each: address.Address) -> None:
    # Our table is stricter than the standard library's in every version; the other way round it would have a hole.
    if not each.is_global or each.is_multicast:
        assert refusal(each) is not None


@given(st.ip_addresses(v=4))
def test_an_address_mapped_into_ipv6_is_judged_as_itself(each: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(0xFFFF << 32 | int(each))
    assert refusal(mapped) == refusal(each)
    assert plain(mapped) == each


# ── allowed networks ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "allow"),
    (
        ("10.20.0.1", "10.20.0.0/16"),
        ("10.20.0.1", "10.20.0.1/32"),
        ("::ffff:10.20.0.1", "10.20.0.0/16"),
        ("127.0.0.1", "127.0.0.0/8"),
        ("::1", "::1/128"),
        ("fd00:20::1", "fd00:20::/32"),
        ("fec0::1", "fec0::/10"),
        ("192.0.2.1", "192.0.2.0/24"),
        ("240.0.0.1", "240.0.0.0/4"),
        ("169.254.169.254", "169.254.169.254/32"),
        ("fd00:ec2::254", "fd00:ec2::254/128"),
        ("2001:db8::1", "2001:db8::/32"),
        ("64:ff9b::8.8.8.8", "64:ff9b::/96"),
        ("64:ff9b:1:2::8.8.8.8", "64:ff9b:1:2::/96"),
        ("2002:808:808::1", "2002::/16"),
        ("2001:0:808:808::f7f7:f7f7", "2001::/32"),  # the client is 8.8.8.8, its bits turned
    ),
)
def test_an_allowed_network_opens_what_it_names(text: str, allow: str) -> None:
    assert refusal(ipaddress.ip_address(text)) is not None
    assert refusal(ipaddress.ip_address(text), nets(allow)) is None


@pytest.mark.parametrize(
    ("text", "allow"),
    (
        ("10.21.0.1", "10.20.0.0/16"),
        ("192.168.0.1", "10.0.0.0/8"),
        ("fd01::1", "fd00::/32"),
        ("10.0.0.1", "::/0"),
        ("fd00::1", "0.0.0.0/0"),
        # a metadata service has to be named alone
        ("169.254.169.254", "169.254.0.0/16"),
        ("100.100.100.200", "100.64.0.0/10"),
        ("100.100.100.200", "0.0.0.0/0"),
        ("fd00:ec2::254", "fc00::/7"),
        ("168.63.129.16", "168.63.129.0/24"),
        # what is no destination at all
        ("0.0.0.0", "0.0.0.0/0"),
        ("0.0.0.0", "0.0.0.0/32"),
        ("224.0.0.1", "224.0.0.0/4"),
        ("255.255.255.255", "255.255.255.255/32"),
        ("::", "::/0"),
        ("ff02::1", "::/0"),
        ("fe80::1", "fe80::/10"),
        ("::127.0.0.1", "::/0"),
        # what lies inside is judged by itself
        ("64:ff9b::10.0.0.1", "64:ff9b::/96"),
        ("64:ff9b::169.254.169.254", "64:ff9b::/96"),
        ("64:ff9b:1::10.0.0.1", "64:ff9b:1::/96"),
        ("64:ff9b:1:a00:1::8.8.8.8", "64:ff9b:1::/48"),  # 10.0.0.1 to a translator with a /48
        ("64:ff9b::8.8.8.8", "::/0"),
        ("2002:a00:1::1", "2002::/16"),
        ("2001:0:a00:1::f7f7:f7f7", "2001::/32"),  # the server is private
        ("2001:0:808:808::f5ff:fffe", "2001::/32"),  # the client is 10.0.0.1
    ),
)
def test_an_allowed_network_opens_nothing_else(text: str, allow: str) -> None:
    assert refusal(ipaddress.ip_address(text), nets(allow)) is not None


def test_what_lies_inside_opens_when_both_are_named() -> None:
    inside = ipaddress.ip_address("64:ff9b::10.20.0.1")
    assert refusal(inside, nets("64:ff9b::/96", "10.20.0.0/16")) is None


def test_every_metadata_address_is_closed_under_everything() -> None:
    everything = nets("0.0.0.0/0", "::/0")
    assert {refusal(each, everything) for each in METADATA} == {"a cloud's metadata service"}


# ── purity ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ("address", "url", "headers", "errors"))
def test_the_rules_of_the_way_out_are_pure(name: str) -> None:
    tree = ast.parse((Path(address.__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    rules = {f"service.kit.outbound.{each}" for each in ("address", "errors")}
    foreign = {each for each in imported - rules if each.partition(".")[0] not in sys.stdlib_module_names}
    assert foreign <= {"idna"}
    assert not imported & {"socket", "asyncio", "ssl", "time", "os"}
