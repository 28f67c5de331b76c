"""`/calendars/…`: the door that calendar programs poll. Bare ASGI on prepared bytes, before the framework.

It answers 200, 304, 404, 405 and 410, and 503 where there is nothing to send yet; never 401, 403, 429, a redirect (but
to https, see `secure.py`), a page or an exception: one such answer makes some programs stop asking for good.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from service.feeds.cache import EMPTY, Answer, Body, Prepared, prepared
from service.feeds.polled.desk import Desk
from service.feeds.polled.pages import AWAY, Refusal
from service.feeds.rules.media import AS_JCAL, prefers_jcal
from service.feeds.rules.negotiation import Encoding, choose_encoding, is_current

Headers = Sequence[tuple[bytes, bytes]]

_LISTS = frozenset({b"accept", b"accept-encoding", b"if-none-match"})
_ENCODINGS_KEPT = 1_000
_NOT_ALLOWED = Refusal(405, "A calendar can be read (GET, HEAD), nothing else.")


class Calendars:
    """Answers polls. What a poll asks for is in its path, its query and a few headers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._counted = desk.counts.statuses
        self._encodings: dict[bytes | None, Encoding] = {}

    def ready(self, method: str, path: str, query: bytes, headers: Headers) -> Prepared | None:
        """The answer to a poll for which nothing has to be made or asked for. None: `find` has to look closer.

        Every call is felt here, so there is one way through it, and whatever is rare is left to `find`.
        """
        desk = self._desk
        slot = desk.slots.get((path, query) if query else path)
        if slot is None or desk.suspect or method != "GET":
            return None
        link, page, body, now = slot.link, slot.page, slot.page.body, desk.seconds()
        if body is None or not link.good_until > now < page.good_until:
            return None
        accepted = agent = if_none_match = since = None
        for name, value in headers:
            if name == b"accept-encoding":
                accepted = value if accepted is None else accepted + b"," + value
            elif name == b"if-none-match":
                if_none_match = value if if_none_match is None else if_none_match + b"," + value
            elif name == b"user-agent":
                agent = value
            elif name == b"if-modified-since":
                since = value
            elif name == b"accept" and b"json" in value:
                return None
        encoding = self._encodings.get(accepted)
        answer = body.answers.get(encoding) if encoding is not None else None
        if answer is None:
            return None
        page.used = True
        desk.fetched[link, agent] = now, page.revision  # for the link ledger, which is written now and then
        if if_none_match == answer.tag:
            self._counted[304] += 1
            return answer.not_modified
        if if_none_match is None and since is None:
            self._counted[200] += 1
            return answer.ok
        return self._told(body, answer, if_none_match, since)

    async def find(self, method: str, path: str, query: bytes, headers: Headers) -> Prepared:
        """The answer to any poll, made first where it has to be. Never raises."""
        if method not in ("GET", "HEAD"):
            return self._refused(_NOT_ALLOWED, method=method)
        # jCal is another form of the same page, which is known under the other ending.
        as_jcal = path.endswith(".json")
        path = f"{path[:-5]}.ics" if as_jcal else path
        page = await self._desk.find(path, query)
        slot = self._desk.slots.get((path, query) if query else path)
        if isinstance(page, Refusal) or slot is None or (body := page.body) is None:
            return self._refused(page if isinstance(page, Refusal) else AWAY, method=method)
        page.used = True
        told = _joined(headers)
        encoding = self._choose(told.get(b"accept-encoding"))
        if as_jcal or prefers_jcal(told.get(b"accept", b"")):
            encoding = AS_JCAL[encoding]
        answer = body.answers.get(encoding) or await self._desk.answer(page, encoding)
        self._desk.fetched[slot.link, told.get(b"user-agent")] = self._desk.seconds(), page.revision
        found = self._told(body, answer, told.get(b"if-none-match"), told.get(b"if-modified-since"))
        return found if method == "GET" else replace(found, body=EMPTY)

    def _told(self, body: Body, answer: Answer, if_none_match: bytes | None, since: bytes | None) -> Prepared:
        """The whole answer, or that the client has it already."""
        if if_none_match == answer.tag or (
            (if_none_match is not None or since is not None)
            and is_current(
                tag=answer.tag,
                changed_at=body.changed_at,
                if_none_match=if_none_match,
                if_modified_since=since,
            )
        ):
            self._counted[304] += 1
            return answer.not_modified
        self._counted[200] += 1
        return answer.ok

    def _choose(self, accepted: bytes | None) -> Encoding:
        chosen = self._encodings.get(accepted)
        if chosen is None:
            if len(self._encodings) >= _ENCODINGS_KEPT:
                self._encodings.clear()
            self._encodings[accepted] = chosen = choose_encoding(accepted)
        return chosen

    def _refused(self, refusal: Refusal, *, method: str) -> Prepared:
        self._counted[refusal.status] += 1
        told = f"{refusal.sentence}\n".encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(told)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-robots-tag", b"noindex"),
            (b"referrer-policy", b"no-referrer"),
            (b"x-content-type-options", b"nosniff"),
        ]
        if refusal.status == _NOT_ALLOWED.status:
            headers.append((b"allow", b"GET, HEAD"))
        if refusal.status == AWAY.status:
            headers.append((b"retry-after", b"60"))
        return prepared(
            refusal.status, headers, {"type": "http.response.body", "body": told} if method != "HEAD" else EMPTY
        )


def _joined(headers: Headers) -> dict[bytes, bytes]:
    """Headers by name; a list that came in several lines is one list (RFC 9110, 5.3)."""
    told: dict[bytes, bytes] = {}
    for name, value in headers:
        told[name] = told[name] + b"," + value if name in told and name in _LISTS else value
    return told


class Polled(Collector):
    """What was answered, for Prometheus: read when somebody asks, counted as plain numbers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterable[Metric]:
        """The counts as metric families."""
        polls = CounterMetricFamily("milepost_feed_polls", "Polls of feeds answered, by status.", labels=("status",))
        for status, count in self._desk.counts.statuses.items():
            polls.add_metric((str(status),), count)
        yield polls
        made = CounterMetricFamily("milepost_feed_bodies_made", "Feed bodies made anew.", self._desk.counts.made)
        yield made
        yield CounterMetricFamily("milepost_feed_entries_rendered", "Entries rendered.", self._desk.maker.rendered)
        yield CounterMetricFamily(
            "milepost_feed_last_good", "Polls answered with bytes that may be old.", self._desk.counts.last_good
        )
