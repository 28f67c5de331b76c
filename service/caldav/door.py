"""`/dav/`: who asks, of what, and which of a few methods. Plain ASGI, because routers know nothing of PROPFIND.

Authentication is HTTP Basic: any user name, a feed's token as the password. A token opens one principal with one home
and one calendar; everything else is not there for it.
"""

import base64
import binascii
from http import HTTPStatus
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from service.caldav.addresses import ROOT, Kind, Target, read_path
from service.caldav.answers import found, multistatus, refusal
from service.caldav.asking import Depth, Wish, depth_of, is_brief, read_propfind
from service.caldav.properties import CALENDAR_DATA, content_type, http_date, of_collection, of_member
from service.caldav.refusals import AWAY, NOT_YOURS, READ_ONLY, Refused, nowhere
from service.caldav.reports import report
from service.caldav.xml import DAV, Element
from service.feeds.polled.desk import Desk
from service.feeds.polled.pages import GONE, OpenLink, Refusal
from service.feeds.polled.reach import Unreached
from service.feeds.polled.resources import Resources
from service.feeds.rules.negotiation import is_current
from service.feeds.rules.subjects import TOKEN

# Classes 1 and 3 of RFC 4918, without locks (2); access-control, because RFC 4791 (2) wants its properties.
COMPLIANCE = "1, 3, access-control, calendar-access"
ALLOWED = "OPTIONS, GET, HEAD, PROPFIND, REPORT"
# What programs ask of the bare host, before they know of `/dav/`; everything else there is the pages'.
ASKED_OF_HOST = ("OPTIONS", "PROPFIND")
_WRITING = frozenset({"PUT", "DELETE", "PATCH", "PROPPATCH", "MKCOL", "MKCALENDAR", "MOVE", "COPY", "ACL"})
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Milepost", charset="UTF-8"'}


class _Route(NamedTuple):
    """What the log and the measures call these requests: no path, because paths name links."""

    path: str


class Dav:
    """The door."""

    def __init__(self, desk: Desk, resources: Resources) -> None:
        self._desk = desk
        self._resources = resources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        scope["route"] = _Route(ROOT)
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except Refused as refused:
            answer = refusal(refused)
        except Unreached:
            answer = refusal(Refused(HTTPStatus.SERVICE_UNAVAILABLE, AWAY, headers={"Retry-After": "60"}))
        answer.headers["DAV"] = COMPLIANCE
        if request.method == "HEAD":
            answer.body = b""
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        method = request.method
        if method == "OPTIONS":  # without a password: this much anybody may know
            return Response(status_code=HTTPStatus.OK, headers={"Allow": ALLOWED})
        link = await self._link(request)
        target = read_path(request.url.path)
        if target is None or not _belongs(target, link):
            raise nowhere()
        if method in _WRITING:
            raise Refused(HTTPStatus.FORBIDDEN, READ_ONLY, f"{DAV}need-privileges", {"Allow": ALLOWED})
        if method in ("GET", "HEAD"):
            return await self._get(request, link, target)
        if method == "PROPFIND":
            return await self._propfind(request, link, target)
        if method == "REPORT":
            body = await request.body()
            return await report(self._resources, link, target, headers=request.headers, body=body)
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, READ_ONLY, headers={"Allow": ALLOWED})

    async def _link(self, request: Request) -> OpenLink:
        """What the password opens. Raises Refused.

        Revoked is 401 too, not 410 as for a feed: the token is a password here, and 401 is what makes programs ask
        their user for another one; 410 would be said of the address.
        """
        token = _password(request.headers.get("authorization", ""))
        opened: OpenLink | Refusal | None = await self._desk.open_link(token) if TOKEN.match(token) else None
        if isinstance(opened, OpenLink):
            return opened
        if opened is not None and opened.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, AWAY, headers={"Retry-After": "60"})
        sentence = GONE.sentence if opened is GONE else NOT_YOURS
        raise Refused(HTTPStatus.UNAUTHORIZED, sentence, headers=_CHALLENGE)

    async def _get(self, request: Request, link: OpenLink, target: Target) -> Response:
        if target.kind is not Kind.ENTRY:
            sentence = "Only entries can be fetched; ask a collection with PROPFIND or REPORT."
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, sentence, headers={"Allow": "OPTIONS, PROPFIND, REPORT"})
        entries = await self._resources.resources(link, [target.entry])
        if not entries:
            raise nowhere()
        (entry,) = entries
        member = entry.member
        headers = {
            "ETag": member.tag,
            "Last-Modified": http_date(member.changed_at),
            "Cache-Control": "private, max-age=0, must-revalidate",
        }
        asked = (request.headers.get("if-none-match"), request.headers.get("if-modified-since"))
        if is_current(
            tag=member.tag.encode(),
            changed_at=member.changed_at,
            if_none_match=asked[0].encode("latin-1") if asked[0] is not None else None,
            if_modified_since=asked[1].encode("latin-1") if asked[1] is not None else None,
        ):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(entry.body, headers=headers, media_type=content_type(member))

    async def _propfind(self, request: Request, link: OpenLink, target: Target) -> Response:
        depth = depth_of(request.headers)
        wish = read_propfind(await request.body(), brief=is_brief(request.headers))
        if target.kind is Kind.ENTRY:
            responses = await self._says_entry(link, target, wish)
        else:
            responses = await self._says_collection(request, link, target, wish=wish, depth=depth)
        return multistatus(request.headers, responses, brief=wish.brief)

    async def _says_entry(self, link: OpenLink, target: Target, wish: Wish) -> list[Element]:
        entries = await self._resources.resources(link, [target.entry])
        if not entries:
            raise nowhere()
        (entry,) = entries
        properties = of_member(entry.member, feed=link.feed, body=entry.body)
        del properties[CALENDAR_DATA]  # no property, but what a report holds (9.6)
        return [found(target.path, properties, wish)]

    async def _says_collection(
        self, request: Request, link: OpenLink, target: Target, *, wish: Wish, depth: Depth
    ) -> list[Element]:
        collection = await self._resources.collection(link)
        if collection is None:
            raise nowhere()
        if target.kind is Kind.CALENDAR:
            self._resources.note(link, request.headers.get("user-agent"), revision=collection.revision)
        below = list(_below(target, link)) if depth is Depth.ONE else []
        responses = [
            found(each.path, of_collection(each, collection, feed=link.feed), wish) for each in (target, *below)
        ]
        if depth is Depth.ONE and target.kind is Kind.CALENDAR:
            for member in await self._resources.members(link):
                path = Target(Kind.ENTRY, target.feed, target.calendar, member.name).path
                responses.append(found(path, of_member(member, feed=link.feed), wish))
        return responses


def _belongs(target: Target, link: OpenLink) -> bool:
    """Whether an address is one of those that a link opens."""
    if target.feed and target.feed != link.feed:
        return False
    return not target.calendar or target.calendar == link.subject.short_name


def _below(target: Target, link: OpenLink) -> list[Target]:
    """The collections that stand right below one."""
    match target.kind:
        case Kind.HOST:
            return [Target(Kind.ROOT)]
        case Kind.ROOT:
            return [Target(Kind.PRINCIPALS), Target(Kind.HOMES)]
        case Kind.PRINCIPALS:
            return [Target(Kind.PRINCIPAL, link.feed)]
        case Kind.HOMES:
            return [Target(Kind.HOME, link.feed)]
        case Kind.HOME:
            return [Target(Kind.CALENDAR, link.feed, link.subject.short_name)]
        case _:
            return []


def _password(authorization: str) -> str:
    """The password of HTTP Basic (RFC 7617); empty where there is none that can be read."""
    scheme, _, coded = authorization.partition(" ")
    if scheme.lower() != "basic" or len(coded) > 2_000:
        return ""
    try:
        return base64.b64decode(coded.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


class WellKnown:
    """`/.well-known/caldav` (RFC 6764, 5): programs that know nothing but a host's name are sent to the root."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever its method. The new address is a path: no host name enters from outside."""
        scope["route"] = _Route("/.well-known/caldav")
        answer = RedirectResponse(ROOT, HTTPStatus.MOVED_PERMANENTLY)
        answer.headers["Cache-Control"] = "public, max-age=86400"
        await answer(scope, receive, send)
