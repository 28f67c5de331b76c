"""The core of both clients: calls as values, answers read. It talks to nobody."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx

from milepost_client.errors import BY_STATUS, ApiError, FieldError
from milepost_client.shapes import Event

T = TypeVar("T")
Item = TypeVar("Item")

API = "/api/v1"

Params = Mapping[str, str | int | bool | list[str] | None]
Values = Mapping[str, Any]


# None of these has slots: `Resource[Unit](…)` makes typing set `__orig_class__`, which Python 3.11 fails at with slots.


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some items of a list; `next` leads to the following page, None: this was the last."""

    items: list[Item]
    next: str | None


@dataclass(frozen=True)
class EventPage:
    """Events in the order of their numbers; `next` is what to ask for events after, whether any came or not."""

    items: list[Event]
    next: int


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request to be made, and how its answer is read."""

    method: str
    path: str
    read: Callable[[httpx.Response], Any]
    params: Params = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Values | None = None
    content: bytes | None = None

    def request(self, client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """The request as this client's transport sends it."""
        params = {name: value for name, value in self.params.items() if value is not None}
        return client.build_request(
            self.method,
            API + self.path,
            params=params or None,
            headers=dict(self.headers),
            json=self.json,
            content=self.content,
        )

    def answer(self, response: httpx.Response) -> T:
        """What the response says. Raises ApiError."""
        if response.is_success or response.status_code == 304:
            told: T = self.read(response)
            return told
        raise problem(response)


def problem(response: httpx.Response) -> ApiError:
    """A refusal as the exception of its status; also where something in between answered, without a problem's shape."""
    try:
        told = response.json()
    except ValueError:
        told = None
    said: dict[str, Any] = told if isinstance(told, dict) else {}
    errors = tuple(FieldError(each.get("path", ""), each.get("message", "")) for each in said.get("errors") or ())
    return BY_STATUS.get(response.status_code, ApiError)(
        said.get("detail") or f"{response.status_code} {response.reason_phrase}",
        status=response.status_code,
        kind=said.get("type", "about:blank"),
        title=said.get("title", ""),
        request_id=said.get("request_id", "") or response.headers.get("x-request-id", ""),
        errors=errors,
        retry_after=_seconds(response.headers.get("retry-after")),
    )


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isascii() and header.isdigit() else None


# ── reading answers ──────────────────────────────────────────────────────────────────────────────────────────────────


def read_item(response: httpx.Response) -> Any:
    """One item. Where its version stands in the header alone, it is put into the item."""
    item = response.json()
    tag = response.headers.get("etag")
    return {"etag": tag, **item} if tag and isinstance(item, dict) else item


def read_item_or_nothing(response: httpx.Response) -> Any:
    """One item; None for 304: it is the one that you have."""
    return None if response.status_code == 304 else read_item(response)


def read_page(response: httpx.Response) -> Page[Any]:
    """A page of a list."""
    told = response.json()
    return Page(told["items"], told["next"])


def read_events(response: httpx.Response) -> EventPage:
    """A page of events."""
    told = response.json()
    return EventPage(told["items"], told["next"])


def read_nothing(_response: httpx.Response) -> None:
    """It is done."""


def read_text(response: httpx.Response) -> str:
    """A document as text."""
    return response.text


# ── the calls of a resource ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Resource(Generic[Item]):
    """A resource's address, and the calls that can be made there."""

    path: str

    def at(self, id: str, rest: str = "") -> str:
        """The address of one item; whatever its id has in it stays within it."""
        return f"{self.path}/{quote(id, safe='')}{rest}"

    def page(self, params: Params) -> Call[Page[Item]]:
        return Call("GET", self.path, read_page, params=params)

    def get(self, id: str) -> Call[Item]:
        return Call("GET", self.at(id), read_item)

    def get_if_changed(self, id: str, etag: str) -> Call[Item | None]:
        return Call("GET", self.at(id), read_item_or_nothing, headers={"If-None-Match": etag})

    def create(self, values: Values, idempotency_key: str | None) -> Call[Item]:
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        return Call("POST", self.path, read_item, headers=headers, json=values)

    def change(self, id: str, changes: Values, etag: str) -> Call[Item]:
        return Call("PATCH", self.at(id), read_item, headers={"If-Match": etag}, json=changes)

    def remove(self, id: str, etag: str | None) -> Call[None]:
        return Call("DELETE", self.at(id), read_nothing, headers={"If-Match": etag} if etag else {})

    def act(self, id: str, verb: str, values: Values | None = None) -> Call[Any]:
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return Call("POST", self.at(id, f":{verb}"), _read_any, headers=headers, json=values)


def _read_any(response: httpx.Response) -> Any:
    return read_item(response) if response.content else None


# ── calls of their own ───────────────────────────────────────────────────────────────────────────────────────────────


def put_plan(slug: str, document: bytes, content_type: str, *, etag: str | None, dry_run: bool) -> Call[dict[str, Any]]:
    """A whole plan document; `etag` for a plan that exists."""
    headers = {"Content-Type": content_type} | ({"If-Match": etag} if etag else {})
    params: Params = {"dry_run": "true"} if dry_run else {}
    path = f"/plans/{quote(slug, safe='')}"
    return Call("PUT", path, read_item, params=params, headers=headers, content=document)


def export_plan(slug: str) -> Call[str]:
    """A plan as a plan file."""
    return Call("GET", f"/plans/{quote(slug, safe='')}/export", read_text)


def list_progress(occurrence: str) -> Call[Page[Any]]:
    """How an occurrence stands with each unit."""
    return Call("GET", f"/occurrences/{quote(occurrence, safe='')}/progress", read_page)


def report(occurrence: str, unit: str, values: Values, etag: str | None) -> Call[Any]:
    """Say how it stands with a unit; `etag` where something was said before."""
    path = f"/occurrences/{quote(occurrence, safe='')}/progress/{quote(unit, safe='')}"
    return Call("PUT", path, read_item, headers={"If-Match": etag} if etag else {}, json=values)


def events_after(number: int, *, types: Iterable[str], wait: int, limit: int) -> Call[EventPage]:
    """The events that follow a number; the service holds the answer up to `wait` seconds until there is one."""
    params: Params = {"after": number, "types": list(types) or None, "wait": wait, "limit": limit}
    return Call("GET", "/events", read_events, params=params)


def event(id: str) -> Call[Event]:
    """One event."""
    return Call("GET", f"/events/{quote(id, safe='')}", read_item)


def preview(from_at: str, to_at: str, **filters: str) -> Call[Any]:
    """What would be sent between two instants."""
    return Call("GET", "/preview", read_item, params={"from": from_at, "to": to_at, **filters})
