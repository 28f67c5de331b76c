"""The clients: one that waits, one for asyncio. Both are thin; what they know stands in `wire.py`."""

from collections.abc import AsyncIterator, Iterable, Iterator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import httpx

from milepost_client import shapes, wire
from milepost_client.wire import Call, EventPage, Page, Resource, Values

T = TypeVar("T")
Item = TypeVar("Item")

TIMEOUT = 30.0  # seconds
LONG_POLL = 25  # seconds that the service may hold an answer back


def _headers(key: str | None) -> dict[str, str]:
    agent = {"User-Agent": "milepost-client"}
    return agent | ({"Authorization": f"Bearer {key}"} if key else {})


class Client:
    """Talks to Milepost. Use it as a context manager, or `close()` it.

    `base_url` is the service's address without `/api`, `key` an API key (`mpk_…`; none: public reading). Whatever the
    service refuses is raised as an `ApiError`; what the network refuses as httpx raises it.
    """

    def __init__(
        self,
        base_url: str,
        key: str | None = None,
        *,
        timeout: float = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(base_url=base_url, headers=_headers(key), timeout=timeout, transport=transport)
        self.jurisdictions = Collection[shapes.Jurisdiction](self, "/jurisdictions")
        self.units = Collection[shapes.Unit](self, "/units")
        self.groups = Collection[shapes.Group](self, "/groups")
        self.plans = Collection[shapes.Plan](self, "/plans")
        self.milestones = Collection[shapes.Milestone](self, "/milestones")
        self.occurrences = Listed[shapes.Occurrence](self, "/occurrences")
        self.feeds = Collection[shapes.Feed](self, "/feeds")
        self.endpoints = Collection[shapes.Endpoint](self, "/endpoints")
        self.firings = Listed[shapes.Firing](self, "/firings")
        self.deliveries = Listed[shapes.Delivery](self, "/deliveries")

    def send(self, call: Call[T]) -> T:
        """Make a call. Raises ApiError, httpx.TransportError."""
        return call.answer(self._http.send(call.request(self._http)))

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def put_plan(
        self,
        slug: str,
        document: bytes,
        *,
        content_type: str = "application/yaml",
        etag: str | None = None,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Load a whole plan document; with `dry_run` only say what would change. `etag` where the plan exists."""
        return self.send(wire.put_plan(slug, document, content_type, etag=etag, dry_run=dry_run))

    def export_plan(self, slug: str) -> str:
        """A plan as a plan file."""
        return self.send(wire.export_plan(slug))

    def progress(self, occurrence: str) -> list[shapes.Progress]:
        """How an occurrence stands with each unit."""
        return self.send(wire.list_progress(occurrence)).items

    def report(
        self,
        occurrence: str,
        unit: str,
        status: shapes.Status,
        *,
        note: str = "",
        evidence: str = "",
        etag: str | None = None,
    ) -> shapes.Progress:
        """Say how an occurrence stands with a unit; `etag` where something was said before."""
        values = {"status": status, "note": note, "evidence": evidence}
        progress: shapes.Progress = self.send(wire.report(occurrence, unit, values, etag))
        return progress

    def events(
        self, after: int = 0, *, types: Iterable[str] = (), wait: int = LONG_POLL, limit: int = 100
    ) -> EventPage:
        """Events that follow a number; waits up to `wait` seconds for one. Ask again from `next`."""
        return self.send(wire.events_after(after, types=types, wait=wait, limit=limit))

    def event(self, id: str) -> shapes.Event:
        """One event, by its `webhook-id`."""
        return self.send(wire.event(id))

    def preview(self, from_at: str, to_at: str, **filters: str) -> Any:
        """What would be sent between two instants; nothing is sent."""
        return self.send(wire.preview(from_at, to_at, **filters))


class Listed(Generic[Item]):
    """A resource that can be listed and read."""

    def __init__(self, client: Client, path: str) -> None:
        self._client = client
        self._calls = Resource[Item](path)

    def page(self, *, limit: int | None = None, cursor: str | None = None, **filters: Any) -> Page[Item]:
        """One page of the list."""
        return self._client.send(self._calls.page({**filters, "limit": limit, "cursor": cursor}))

    def all(self, **filters: Any) -> Iterator[Item]:
        """Every item, page after page."""
        cursor: str | None = None
        while True:
            page = self.page(cursor=cursor, **filters)
            yield from page.items
            if page.next is None:
                return
            cursor = page.next

    def get(self, id: str) -> Item:
        """One item, with its `etag`."""
        return self._client.send(self._calls.get(id))

    def get_if_changed(self, id: str, etag: str) -> Item | None:
        """One item; None when it is still the version that you have."""
        return self._client.send(self._calls.get_if_changed(id, etag))

    def act(self, id: str, verb: str, values: Values | None = None) -> Any:
        """Do something to an item that has a word of its own: `rotate`, `test`, `recover`, `replay`."""
        return self._client.send(self._calls.act(id, verb, values))


class Collection(Listed[Item]):
    """A resource whose items can also be made and changed."""

    def create(self, values: Values, *, idempotency_key: str | None = None) -> Item:
        """A new item. Give an `idempotency_key` of your own where you may have to repeat this after a crash."""
        return self._client.send(self._calls.create(values, idempotency_key))

    def change(self, id: str, changes: Values, *, etag: str) -> Item:
        """Change fields of the version that you read. Raises Stale when somebody was faster."""
        return self._client.send(self._calls.change(id, changes, etag))

    def remove(self, id: str, *, etag: str | None = None) -> None:
        """Retire, cancel, archive or revoke it: nothing is deleted. Feeds need no `etag`."""
        self._client.send(self._calls.remove(id, etag))


class AsyncClient:
    """The same for asyncio: `async with AsyncClient(...) as milepost`."""

    def __init__(
        self,
        base_url: str,
        key: str | None = None,
        *,
        timeout: float = TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, headers=_headers(key), timeout=timeout, transport=transport)
        self.jurisdictions = AsyncCollection[shapes.Jurisdiction](self, "/jurisdictions")
        self.units = AsyncCollection[shapes.Unit](self, "/units")
        self.groups = AsyncCollection[shapes.Group](self, "/groups")
        self.plans = AsyncCollection[shapes.Plan](self, "/plans")
        self.milestones = AsyncCollection[shapes.Milestone](self, "/milestones")
        self.occurrences = AsyncListed[shapes.Occurrence](self, "/occurrences")
        self.feeds = AsyncCollection[shapes.Feed](self, "/feeds")
        self.endpoints = AsyncCollection[shapes.Endpoint](self, "/endpoints")
        self.firings = AsyncListed[shapes.Firing](self, "/firings")
        self.deliveries = AsyncListed[shapes.Delivery](self, "/deliveries")

    async def send(self, call: Call[T]) -> T:
        """Make a call. Raises ApiError, httpx.TransportError."""
        return call.answer(await self._http.send(call.request(self._http)))

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def put_plan(
        self,
        slug: str,
        document: bytes,
        *,
        content_type: str = "application/yaml",
        etag: str | None = None,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Load a whole plan document; with `dry_run` only say what would change. `etag` where the plan exists."""
        return await self.send(wire.put_plan(slug, document, content_type, etag=etag, dry_run=dry_run))

    async def export_plan(self, slug: str) -> str:
        """A plan as a plan file."""
        return await self.send(wire.export_plan(slug))

    async def progress(self, occurrence: str) -> list[shapes.Progress]:
        """How an occurrence stands with each unit."""
        return (await self.send(wire.list_progress(occurrence))).items

    async def report(
        self,
        occurrence: str,
        unit: str,
        status: shapes.Status,
        *,
        note: str = "",
        evidence: str = "",
        etag: str | None = None,
    ) -> shapes.Progress:
        """Say how an occurrence stands with a unit; `etag` where something was said before."""
        values = {"status": status, "note": note, "evidence": evidence}
        progress: shapes.Progress = await self.send(wire.report(occurrence, unit, values, etag))
        return progress

    async def events(
        self, after: int = 0, *, types: Iterable[str] = (), wait: int = LONG_POLL, limit: int = 100
    ) -> EventPage:
        """Events that follow a number; waits up to `wait` seconds for one. Ask again from `next`."""
        return await self.send(wire.events_after(after, types=types, wait=wait, limit=limit))

    async def event(self, id: str) -> shapes.Event:
        """One event, by its `webhook-id`."""
        return await self.send(wire.event(id))

    async def preview(self, from_at: str, to_at: str, **filters: str) -> Any:
        """What would be sent between two instants; nothing is sent."""
        return await self.send(wire.preview(from_at, to_at, **filters))


class AsyncListed(Generic[Item]):
    """A resource that can be listed and read."""

    def __init__(self, client: AsyncClient, path: str) -> None:
        self._client = client
        self._calls = Resource[Item](path)

    async def page(self, *, limit: int | None = None, cursor: str | None = None, **filters: Any) -> Page[Item]:
        """One page of the list."""
        return await self._client.send(self._calls.page({**filters, "limit": limit, "cursor": cursor}))

    async def all(self, **filters: Any) -> AsyncIterator[Item]:
        """Every item, page after page."""
        cursor: str | None = None
        while True:
            page = await self.page(cursor=cursor, **filters)
            for item in page.items:
                yield item
            if page.next is None:
                return
            cursor = page.next

    async def get(self, id: str) -> Item:
        """One item, with its `etag`."""
        return await self._client.send(self._calls.get(id))

    async def get_if_changed(self, id: str, etag: str) -> Item | None:
        """One item; None when it is still the version that you have."""
        return await self._client.send(self._calls.get_if_changed(id, etag))

    async def act(self, id: str, verb: str, values: Values | None = None) -> Any:
        """Do something to an item that has a word of its own: `rotate`, `test`, `recover`, `replay`."""
        return await self._client.send(self._calls.act(id, verb, values))


class AsyncCollection(AsyncListed[Item]):
    """A resource whose items can also be made and changed."""

    async def create(self, values: Values, *, idempotency_key: str | None = None) -> Item:
        """A new item. Give an `idempotency_key` of your own where you may have to repeat this after a crash."""
        return await self._client.send(self._calls.create(values, idempotency_key))

    async def change(self, id: str, changes: Values, *, etag: str) -> Item:
        """Change fields of the version that you read. Raises Stale when somebody was faster."""
        return await self._client.send(self._calls.change(id, changes, etag))

    async def remove(self, id: str, *, etag: str | None = None) -> None:
        """Retire, cancel, archive or revoke it: nothing is deleted. Feeds need no `etag`."""
        await self._client.send(self._calls.remove(id, etag))
