"""`/calendars/…`: the door that calendar programs poll. Bare ASGI on prepared bytes, before the framework.

It answers 200, 304, 404, 405 and 410, and 503 where there is nothing to send yet; never 401, 403, 429, a redirect, a
page or an exception: one such answer makes some programs stop asking for good.
"""

from collections.abc import Iterable

from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import Receive, Scope, Send

from service.feeds.cache import EMPTY, Message
from service.feeds.polled.desk import Desk
from service.feeds.polled.pages import AWAY, Page, Refusal, Slot
from service.feeds.rules.media import AS_JCAL, prefers_jcal
from service.feeds.rules.negotiation import Encoding, choose_encoding, is_current

_ENCODINGS_KEPT = 1_000
_NOT_ALLOWED = Refusal(405, "A calendar can be read (GET, HEAD), nothing else.")


class Calendars:
    """Answers polls. What a poll asks for is in its path, its query and three headers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._counted = desk.counts.statuses
        self._encodings: dict[bytes | None, Encoding] = {}

    async def answer(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one poll. What is ready goes out without another function being called: here every call is felt."""
        desk, method = self._desk, scope["method"]
        if method != "GET" and method != "HEAD":  # noqa: PLR1714  # a tuple would be walked with every poll
            await self._refuse(_NOT_ALLOWED, send, method=method)
            return
        page: Page | Refusal
        path, query, as_jcal = scope["path"], scope["query_string"], False
        slot = desk.slots.get((path, query) if query else path)
        now = desk.now()
        if slot is not None and not desk.suspect and slot.link.good_until > now < slot.page.good_until:
            page = slot.page
            page.used = True
        else:
            as_jcal = path.endswith(".json")
            page, slot = await self._find(path, query)
        if isinstance(page, Refusal) or slot is None or (body := page.body) is None:
            await self._refuse(page if isinstance(page, Refusal) else AWAY, send, method=method)
            return
        accepted = agent = if_none_match = if_modified_since = None
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                accepted = value if accepted is None else accepted + b"," + value
            elif name == b"if-none-match":
                if_none_match = value if if_none_match is None else if_none_match + b"," + value
            elif name == b"if-modified-since":
                if_modified_since = value
            elif name == b"user-agent":
                agent = value
            elif name == b"accept" and b"json" in value:
                as_jcal = as_jcal or prefers_jcal(value)
        encoding = self._encodings.get(accepted) or self._choose(accepted)
        if as_jcal:
            encoding = AS_JCAL[encoding]
        answer = body.answers.get(encoding) or await desk.answer(page, encoding)
        desk.fetched[slot.link, agent] = now, page.revision  # for the link ledger, which is written now and then
        if if_none_match == answer.tag or (
            (if_none_match is not None or if_modified_since is not None)
            and is_current(
                tag=answer.tag,
                changed_at=body.changed_at,
                if_none_match=if_none_match,
                if_modified_since=if_modified_since,
            )
        ):
            self._counted[304] += 1
            await send(answer.not_modified)
            await send(EMPTY)
            return
        self._counted[200] += 1
        await send(answer.ok)
        await send(answer.ok_body if method == "GET" else EMPTY)

    async def _find(self, path: str, query: bytes) -> tuple[Page | Refusal, Slot | None]:
        """What has to be looked for. jCal is another form of the same page, which is known under the other ending."""
        path = f"{path[:-5]}.ics" if path.endswith(".json") else path
        page = await self._desk.find(path, query)
        return page, self._desk.slots.get((path, query) if query else path)

    def _choose(self, accepted: bytes | None) -> Encoding:
        if len(self._encodings) >= _ENCODINGS_KEPT:
            self._encodings.clear()
        self._encodings[accepted] = chosen = choose_encoding(accepted)
        return chosen

    async def _refuse(self, refusal: Refusal, send: Send, *, method: str) -> None:
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
        start: Message = {"type": "http.response.start", "status": refusal.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": told} if method != "HEAD" else EMPTY)


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
