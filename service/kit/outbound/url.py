"""What a URL may be that something is sent to. Pure: text in, a checked and normalised URL or a reason out.

Stricter than the URL standard on purpose: what two programs could read differently is refused, not repaired.
"""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn
from urllib.parse import quote

import idna

from service.kit.outbound.address import Address
from service.kit.outbound.errors import Refused

MAX_LENGTH = 2048
MAX_HOST = 253  # RFC 1035, section 2.3.4, without the trailing dot
PORTS = {"http": 80, "https": 443}

# The Fetch standard's list of ports that speak something else ("port blocking"): nobody talks to those through us.
# fmt: off
BAD_PORTS = frozenset((
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
    111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
    540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
    6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
))
# fmt: on

_SCHEME = re.compile(r"(https?)://", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")  # a host that ends in one is an IPv4 address (URL standard, section 3.5)
_PORT = re.compile(r"[0-9]{1,5}")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DOTS = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)
_IN_PATH = "%/:@!$&'()*+,;=~-._"
_IN_QUERY = _IN_PATH + "?[]"


@dataclass(frozen=True, slots=True, repr=False)
class OutboundUrl:
    """A URL that has been read: its host in ASCII and lower case, its path and query as they go over the wire."""

    scheme: str  # http or https
    host: str  # a name, or an address without brackets
    port: int
    target: str  # path and query
    literal: Address | None  # the host, where it is an address

    @property
    def is_encrypted(self) -> bool:
        """Whether others on the way cannot read what is sent."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them: without the scheme's own port."""
        return _bracketed(self.host) + self._port()

    @property
    def text(self) -> str:
        """The whole URL, normalised: keep this one."""
        return f"{self.scheme}://{self.authority}{self.target}"

    def at(self, address: Address) -> str:
        """The same URL at an address: whoever connects to it looks up no name."""
        return f"{self.scheme}://{_bracketed(str(address))}{self._port()}{self.target}"

    def _port(self) -> str:
        return "" if self.port == PORTS[self.scheme] else f":{self.port}"

    def __repr__(self) -> str:
        # Paths and queries of webhooks are often their passwords.
        return f"OutboundUrl({self.scheme}://{self.authority}/…)"


@lru_cache(maxsize=1024)
def read_url(text: str) -> OutboundUrl:
    """Read a URL that something is to be sent to, by http or https. Raises Refused; no reason repeats path or query."""
    _check_characters(text)
    scheme = _SCHEME.match(text)
    if not scheme:
        _refuse("A webhook's URL begins with https:// (or http://).")
    rest = text[scheme.end() :]
    cut = min((at for at in map(rest.find, "/?") if at >= 0), default=len(rest))
    host, port = _split(rest[:cut])
    name, literal = _host(host)
    word = scheme[1].lower()
    return OutboundUrl(word, name, _port_number(port, word), _target(rest[cut:]), literal)


def _refuse(reason: str) -> NoReturn:
    raise Refused(reason)


def _check_characters(text: str) -> None:
    if len(text) > MAX_LENGTH:
        _refuse(f"The URL is longer than {MAX_LENGTH} characters.")
    # Separators, controls, invisible marks, halves of surrogate pairs: programs differ in which of these they drop.
    if any(unicodedata.category(each)[0] in "CZ" for each in text):
        _refuse("The URL has spaces, control or invisible characters in it.")
    if "\\" in text:
        _refuse("The URL has a backslash in it, which some programs read as a slash.")
    if "#" in text:
        _refuse("The URL has a fragment (after '#'), which is never sent.")


def _split(authority: str) -> tuple[str, str | None]:
    """Host (brackets kept) and port (None: none given) of an authority."""
    if "@" in authority:
        _refuse("The URL has credentials in it; put them into a header.")
    if "%" in authority:
        _refuse("The URL's host has a percent sign in it: no encoded names, no zones, no sockets of this machine.")
    if authority.startswith("["):
        host, closed, port = authority.partition("]")
        if not closed or (port and not port.startswith(":")):
            _refuse("The URL's host has a bracket that does not fit.")
        return host + closed, port[1:] if port else None
    host, colon, port = authority.partition(":")
    return host, port if colon else None


def _port_number(text: str | None, scheme: str) -> int:
    if text is None:
        return PORTS[scheme]
    if not _PORT.fullmatch(text) or not 0 < int(text) < 65536:
        _refuse("The URL's port is no number from 1 to 65535.")
    if int(text) in BAD_PORTS:
        _refuse(f"Port {int(text)} belongs to another protocol than HTTP.")
    return int(text)


def _host(text: str) -> tuple[str, Address | None]:
    """The host in ASCII, and its address where it is one."""
    if text.startswith("["):
        return _ipv6(text[1:-1])
    name = _ascii(text).removesuffix(".")
    labels = name.split(".")
    if len(name) > MAX_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        _refuse("The URL's host is no name that can be looked up." if name else "The URL has no host.")
    if not _NUMBER.fullmatch(labels[-1]):
        return name, None
    return _ipv4(name, written=text)


def _ascii(text: str) -> str:
    """A name as it is looked up: mapped and encoded by UTS 46, full-width dots and letters becoming plain ones."""
    lower = text.lower()
    if lower.isascii() and "xn--" not in lower:
        return lower
    try:
        return idna.encode(lower, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        _refuse("The URL's host is no valid international name.")


def _ipv4(name: str, *, written: str) -> tuple[str, Address]:
    # 0177.0.0.1, 0x7f.1, 2130706433 and 127.1 all mean 127.0.0.1 to some programs; four plain decimals mean it to all.
    try:
        address = ipaddress.IPv4Address(name)
    except ValueError:
        _refuse("The URL's host ends in a number; write an IPv4 address as four decimal numbers without leading zeros.")
    if not written.isascii():
        _refuse("The URL's host is an address in other than plain digits.")
    return str(address), address


def _ipv6(text: str) -> tuple[str, Address]:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        _refuse("What stands in the URL's brackets is no IPv6 address.")
    return str(address), address


def _target(text: str) -> str:
    if _BAD_ESCAPE.search(text):
        _refuse("The URL has a percent sign that is not followed by two hexadecimal digits.")
    path, _, query = text.partition("?")
    if any(_DOTS.fullmatch(segment) for segment in path.split("/")):
        _refuse("The URL's path has '.' or '..' for a step; write out where it leads.")
    # A question mark with nothing after it goes: not every library would send it.
    return quote(path or "/", safe=_IN_PATH) + (f"?{quote(query, safe=_IN_QUERY)}" if query else "")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
