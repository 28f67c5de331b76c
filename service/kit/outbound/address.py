"""Which addresses may be connected to. Pure: an address and the allowed networks in, a reason or nothing out.

`ipaddress.is_global` is not enough, nor the same in every version of Python: it passes multicast, site-local and
IPv4-compatible addresses, clouds' host services, and private IPv4 addresses inside 6to4, Teredo and NAT64. So the
blocks stand here: all of IANA's special-purpose registries, whether marked globally reachable or not, for nobody
receives anything in any of them.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Block:
    """Addresses that are refused, and what they are; `closed`: no allowed network opens them."""

    network: Network
    what: str
    closed: bool = False

    def __str__(self) -> str:
        return f"{self.what} ({self.network})"


def _block(network: str, what: str, *, closed: bool = False) -> Block:
    return Block(ipaddress.ip_network(network), what, closed)


# The most specific first: the first that holds an address names it.
_BLOCKS = (
    # IANA IPv4 Special-Purpose Address Registry (RFC 6890), and Azure's host service, which lies outside it.
    _block("0.0.0.0/8", "'this network'", closed=True),  # connects to the machine itself on Linux
    _block("10.0.0.0/8", "a private network"),
    _block("100.64.0.0/10", "a carrier's shared addresses"),
    _block("127.0.0.0/8", "this machine"),
    _block("168.63.129.16/32", "a cloud's host service"),
    _block("169.254.0.0/16", "link-local addresses"),
    _block("172.16.0.0/12", "a private network"),
    _block("192.0.0.0/24", "protocol assignments"),
    _block("192.0.2.0/24", "documentation"),
    _block("192.31.196.0/24", "an anycast sink"),
    _block("192.52.193.0/24", "multicast tunnels"),
    _block("192.88.99.0/24", "6to4 relays"),
    _block("192.168.0.0/16", "a private network"),
    _block("192.175.48.0/24", "an anycast sink"),
    _block("198.18.0.0/15", "benchmarks"),
    _block("198.51.100.0/24", "documentation"),
    _block("203.0.113.0/24", "documentation"),
    _block("224.0.0.0/4", "multicast", closed=True),
    _block("255.255.255.255/32", "broadcast", closed=True),
    _block("240.0.0.0/4", "reserved addresses"),
    # IANA IPv6 Special-Purpose Address Registry, and what RFC 4291 keeps or has given up.
    _block("::/128", "no address at all", closed=True),
    _block("::1/128", "this machine"),
    _block("::/96", "IPv4-compatible addresses", closed=True),
    _block("::ffff:0:0:0/96", "IPv4-translated addresses", closed=True),
    _block("64:ff9b::/96", "IPv4 behind NAT64"),
    _block("64:ff9b:1::/48", "IPv4 behind a local NAT64"),
    _block("100::/64", "the discard prefix"),
    _block("100:0:0:1::/64", "a dummy prefix"),
    _block("2001::/32", "Teredo tunnels"),
    _block("2001::/23", "protocol assignments"),
    _block("2001:db8::/32", "documentation"),
    _block("2002::/16", "6to4 tunnels"),
    _block("2620:4f:8000::/48", "an anycast sink"),
    _block("3fff::/20", "documentation"),
    _block("5f00::/16", "segment routing"),
    _block("fc00::/7", "a private network"),
    _block("fe80::/10", "link-local addresses", closed=True),  # means nothing without an interface, and URLs name none
    _block("fec0::/10", "site-local addresses"),
    _block("ff00::/8", "multicast", closed=True),
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # all that IANA has opened so far (RFC 4291, section 2.4)
_ELSEWHERE = _block("::/0", "reserved addresses")

# What a cloud tells a machine about itself, keys among it. A network that merely holds one of these does not open it.
METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Azure, Google, Huawei, OpenStack and most others
        "169.254.170.2",  # AWS, containers
        "169.254.170.23",  # AWS, pods
        "169.254.0.23",  # Tencent
        "100.100.100.200",  # Alibaba
        "100.96.0.96",  # Volcengine, BytePlus
        "168.63.129.16",  # Azure, host service
        "192.0.0.192",  # Oracle
        "fd00:ec2::254",  # AWS
        "fd00:ec2::23",  # AWS, pods
        "fd20:ce::254",  # Google
    )
)

_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
_TEREDO = ipaddress.IPv6Network("2001::/32")
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})  # RFC 5214, section 6.1


@lru_cache(maxsize=4096)
def refusal(address: Address, allow: tuple[Network, ...] = ()) -> str | None:
    """Why this address is not connected to, as what it is: "a private network (10.0.0.0/8)". None: it may be.

    `allow` opens the networks that it names, and nothing else: an IPv4 address inside an allowed IPv6 one (NAT64, 6to4,
    Teredo, ISATAP) is judged again by itself; a metadata address has to be named alone (a /32 or /128).
    """
    address = plain(address)
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        return "an address with a zone"
    opening = [network for network in allow if _opens(network, address)]
    block = _block_of(address)
    if address in METADATA and not any(network.num_addresses == 1 for network in opening):
        return "a cloud's metadata service"
    if block and (block.closed or not opening):
        return str(block)
    for inside in _embedded(address):
        if reason := refusal(inside, allow):
            return f"{reason} inside {block or 'an ISATAP address'}"
    return None


def plain(address: Address) -> Address:
    """The address that a kernel connects to: an IPv4-mapped one (RFC 4291, section 2.5.5.2) is the IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _opens(network: Network, address: Address) -> bool:
    if network.version != address.version or address not in network:
        return False
    # Behind a NAT64 prefix shorter than /96 the IPv4 address lies where we do not look (RFC 6052, section 2.2).
    return network.prefixlen >= 96 or not any(address in prefix for prefix in _NAT64)


def _block_of(address: Address) -> Block | None:
    for block in _BLOCKS:
        if address.version == block.network.version and address in block.network:
            return block
    return None if address.version == 4 or address in _GLOBAL_UNICAST else _ELSEWHERE


def _embedded(address: Address) -> Iterator[ipaddress.IPv4Address]:
    """The IPv4 addresses that something on the way may unpack from an IPv6 address and deliver to."""
    if address.version == 4:
        return
    number = int(address)
    low = number & 0xFFFF_FFFF
    if address in _SIX_TO_FOUR:  # RFC 3056, section 2
        yield ipaddress.IPv4Address(number >> 80 & 0xFFFF_FFFF)
    elif address in _TEREDO:  # RFC 4380, section 4: the server, and the client with its bits turned
        yield ipaddress.IPv4Address(number >> 64 & 0xFFFF_FFFF)
        yield ipaddress.IPv4Address(low ^ 0xFFFF_FFFF)
    elif any(address in prefix for prefix in _NAT64) or number >> 32 & 0xFFFF_FFFF in _ISATAP:
        yield ipaddress.IPv4Address(low)
