"""Answers in XML (RFC 4918, 13): several statuses in one, and refusals that say why."""

import gzip
from collections.abc import Iterable, Sequence
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import Response

from service.caldav.asking import Wish
from service.caldav.properties import Properties, told
from service.caldav.refusals import Refused
from service.caldav.xml import DAV, OURS, Element, element, write_xml

_WORTH_PACKING = 1_000  # bytes


def multistatus(asked: Headers, responses: Iterable[Element], *more: Element, brief: bool = False) -> Response:
    """207 with a response for each address."""
    body = write_xml(element(f"{DAV}multistatus", *responses, *more))
    headers = {"Content-Type": "application/xml; charset=utf-8", "Vary": "Accept-Encoding, Brief, Prefer"}
    if brief:
        headers["Preference-Applied"] = "return=minimal"
    if len(body) > _WORTH_PACKING and "gzip" in asked.get("accept-encoding", ""):
        body = gzip.compress(body, 6, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, HTTPStatus.MULTI_STATUS, headers)


def found(path: str, properties: Properties, wish: Wish) -> Element:
    """What an address says of itself: the properties that it has, then the names of those that it has not."""
    has, lacks = told(properties, wish)
    parts = [_propstat(has, HTTPStatus.OK)] if has or not lacks or wish.brief else []
    if lacks and not wish.brief:
        parts.append(_propstat([element(name) for name in lacks], HTTPStatus.NOT_FOUND))
    return element(f"{DAV}response", element(f"{DAV}href", path), *parts)


def missing(path: str) -> Element:
    """An address at which nothing is, or no longer."""
    return _response(path, HTTPStatus.NOT_FOUND)


def cut_off(path: str) -> Element:
    """There is more than was told (RFC 6578, 3.6)."""
    limits = element(f"{DAV}error", element(f"{DAV}number-of-matches-within-limits"))
    return _response(path, HTTPStatus.INSUFFICIENT_STORAGE, limits)


def _response(path: str, status: HTTPStatus, *more: Element) -> Element:
    return element(f"{DAV}response", element(f"{DAV}href", path), _status(status), *more)


def _propstat(properties: Sequence[Element], status: HTTPStatus) -> Element:
    return element(f"{DAV}propstat", element(f"{DAV}prop", *properties), _status(status))


def _status(status: HTTPStatus) -> Element:
    return element(f"{DAV}status", f"HTTP/1.1 {status.value} {status.phrase}")


def refusal(refused: Refused) -> Response:
    """A refusal: the condition for programs, the sentence for people who read what their program got."""
    said = element(f"{OURS}sentence", refused.sentence)
    inside = (element(refused.condition), said) if refused.condition else (said,)
    body = write_xml(element(f"{DAV}error", *inside))
    headers = {"Content-Type": "application/xml; charset=utf-8", **refused.headers}
    return Response(body, refused.status, headers)
