"""Check my feed: what an address answers now, and whether programs can read it."""

import gzip
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

from service.feeds.polled.desk import Desk
from service.feeds.polled.pages import Refusal
from service.feeds.rules.lint import Finding, count_entries, lint


@dataclass(frozen=True, slots=True)
class Checked:
    """What an address answers. `status` is that of HTTP; without 200 the rest is empty. `size`: bytes, uncompressed."""

    status: int
    sentence: str = ""
    entries: int = 0
    size: int = 0
    changed_at: datetime | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> int:
        """How many things are wrong; warnings are not."""
        return sum(each.severity == "error" for each in self.findings)


async def check(desk: Desk, address: str) -> Checked:
    """Check an address of ours, as somebody may have copied it: https, http or webcal, with or without a host.

    Nothing is fetched: the desk is asked what it would send.
    """
    parts = urlsplit(address.strip())
    path = unquote(parts.path)
    path = f"{path[:-5]}.ics" if path.endswith(".json") else path
    found = await desk.find(path, parts.query.encode("ascii", "replace"))
    if isinstance(found, Refusal):
        return Checked(found.status, found.sentence)
    body = found.body
    if body is None:
        return Checked(503)
    plain = gzip.decompress(body.answers["gzip"].body)
    return Checked(200, "", count_entries(plain), len(plain), body.changed_at, lint(plain))
