"""Failed attempts are slowed down: a bucket of attempts per client address, refilled as time passes."""

import contextlib
import ipaddress
import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

ATTEMPTS = 10
REFILL_SECONDS = 6.0  # one attempt more: ten a minute
ADDRESSES = 10_000
MOST_WAITING = 100  # at once, in this process: a wait costs a task and a connection
LONGEST_WAIT_S = 0.5


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime


class Throttle:
    """Counts failures only. Who shows a valid key is never turned away, even from an address where others fail:
    a whole government building may stand behind one address, and a key has too many bits to be guessed anyway.
    """

    def __init__(self, *, addresses: int = ADDRESSES) -> None:
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._addresses = addresses
        self._waiting = 0

    def may_wait(self) -> bool:
        """Whether one more may be kept waiting for its answer."""
        return self._waiting < MOST_WAITING

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Count one that waits."""
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    def fail(self, address: str, *, now: datetime) -> int:
        """Count a failed attempt; how many seconds to wait until the next may be tried (0: none)."""
        source = _source(address)
        bucket = self._buckets.pop(source, None) or _Bucket(ATTEMPTS, now)
        elapsed = max(0.0, (now - bucket.at).total_seconds())
        bucket.left = min(ATTEMPTS, bucket.left + elapsed / REFILL_SECONDS)
        bucket.at = now
        self._buckets[source] = bucket  # at the end: the address that failed last is forgotten last
        if len(self._buckets) > self._addresses:
            self._buckets.popitem(last=False)
        if bucket.left < 1:
            return math.ceil((1 - bucket.left) * REFILL_SECONDS)
        bucket.left -= 1
        return 0

    def __len__(self) -> int:
        return len(self._buckets)


def _source(address: str) -> str:
    # One subscriber has a whole /64 of IPv6 addresses, and could come from another one each time.
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
