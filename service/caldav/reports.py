"""The questions about a calendar: what meets a filter, what these are, what has changed since, who is busy."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import Response

from service.caldav.addresses import Kind, Target, read_href
from service.caldav.answers import cut_off, found, missing, multistatus
from service.caldav.asking import Manner, Wish, is_brief, read_wish
from service.caldav.filters import read_filter, read_span
from service.caldav.properties import CALENDAR_DATA, of_member
from service.caldav.refusals import Refused, bad_request, nowhere, precondition
from service.caldav.xml import CAL, DAV, Element, element, read_xml
from service.feeds.actions.syncing import StaleToken
from service.feeds.polled.pages import OpenLink
from service.feeds.polled.resources import Resources
from service.feeds.polled.synced import Member, Resource
from service.feeds.render.resource import render_free
from service.feeds.rules.spans import ALWAYS

MOST_ADDRESSES = 5_000


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it was asked: of which calendar, with which headers."""

    resources: Resources
    link: OpenLink
    target: Target
    headers: Headers
    root: Element
    wish: Wish

    def path_of(self, name: str) -> str:
        """The address of an entry of this calendar."""
        return Target(Kind.ENTRY, self.target.feed, self.target.calendar, name).path

    def says(self, member: Member, resource: Resource | None) -> Element:
        """The response for an entry; with its bytes where they were asked for."""
        body = resource.body if resource is not None and CALENDAR_DATA in self.wish.names else None
        properties = of_member(resource.member if resource else member, feed=self.target.feed, body=body)
        return found(self.path_of(member.name), properties, self.wish)

    def answer(self, responses: Iterable[Element], *more: Element) -> Response:
        """The responses as one answer."""
        return multistatus(self.headers, responses, *more, brief=self.wish.brief)


async def report(resources: Resources, link: OpenLink, target: Target, *, headers: Headers, body: bytes) -> Response:
    """Answer a REPORT. Raises Refused."""
    root = read_xml(body)
    answer = _REPORTS.get(root.tag)
    if answer is None or target.kind is not Kind.CALENDAR:
        raise precondition(f"{DAV}supported-report", "This cannot be asked here: see DAV:supported-report-set.")
    wish = read_wish(root, brief=is_brief(headers))
    _check_data(root)
    return await answer(Report(resources, link, target, headers, root, wish))


def _check_data(root: Element) -> None:
    """Entries come as iCalendar 2.0 and in no other form (RFC 4791, 5.2.4)."""
    for asked in root.iter(CALENDAR_DATA):
        if asked.get("content-type", "text/calendar") != "text/calendar" or asked.get("version", "2.0") != "2.0":
            raise precondition(f"{CAL}supported-calendar-data", "Entries come as text/calendar, version 2.0.")


async def _query(asked: Report) -> Response:
    """calendar-query (RFC 4791, 7.8): the entries that meet a filter."""
    wanted = read_filter(asked.root)
    near = await asked.resources.resources_between(asked.link, wanted.spans)
    return asked.answer(asked.says(each.member, each) for each in near if wanted.meets(each))


async def _multiget(asked: Report) -> Response:
    """calendar-multiget (7.9): entries by address, in the order in which they were asked for."""
    hrefs = list(dict.fromkeys((each.text or "").strip() for each in asked.root.findall(f"{DAV}href")))
    if not hrefs or len(hrefs) > MOST_ADDRESSES:
        raise bad_request(f"Ask for 1 to {MOST_ADDRESSES} addresses at once.")
    names = {href: _name_in(asked.target, href) for href in hrefs}
    known = await asked.resources.resources(asked.link, [name for name in names.values() if name])
    by_name = {each.member.name: each for each in known}
    return asked.answer(_one(asked, href, by_name.get(name)) for href, name in names.items())


def _one(asked: Report, href: str, resource: Resource | None) -> Element:
    return asked.says(resource.member, resource) if resource is not None else missing(href)


def _name_in(calendar: Target, href: str) -> str:
    """The name of an entry of this calendar; empty for an address elsewhere."""
    target = read_href(href)
    if target is None or target.kind is not Kind.ENTRY:
        return ""
    return target.entry if (target.feed, target.calendar) == (calendar.feed, calendar.calendar) else ""


async def _sync(asked: Report) -> Response:
    """sync-collection (RFC 6578, 3.2): what changed since a token, deletions as 404; and the next token."""
    token = asked.root.findtext(f"{DAV}sync-token", "").strip()
    try:
        changes = await asked.resources.changes(asked.link, token, limit=_limit(asked.root))
    except StaleToken:
        raise precondition(
            f"{DAV}valid-sync-token", "What changed since this token cannot be told: begin again without one."
        ) from None
    if not changes.cut:
        asked.resources.note(asked.link, asked.headers.get("user-agent"), revision=changes.revision)
    bodies: Mapping[str, Resource] = {}
    if CALENDAR_DATA in asked.wish.names and asked.wish.manner is Manner.NAMED:
        rendered = await asked.resources.resources(asked.link, [each.name for each in changes.members])
        bodies = {each.member.name: each for each in rendered}
    responses = [asked.says(each, bodies.get(each.name)) for each in changes.members]
    responses += [missing(asked.path_of(name)) for name in changes.gone]
    if changes.cut:
        responses.append(cut_off(asked.target.path))
    return asked.answer(responses, element(f"{DAV}sync-token", changes.token))


def _limit(root: Element) -> int | None:
    """How many responses a program wants at most (RFC 5323, 5.17). Raises Refused."""
    said = root.findtext(f"{DAV}limit/{DAV}nresults")
    if said is None:
        return None
    if not said.strip().isascii() or not said.strip().isdigit() or len(said.strip()) > 9:
        raise bad_request("DAV:nresults is a number.")
    number = int(said)
    if number < 1:
        raise Refused(
            HTTPStatus.INSUFFICIENT_STORAGE,
            "Nothing at all fits into a limit of none.",
            f"{DAV}number-of-matches-within-limits",
        )
    return number


async def _free_busy(asked: Report) -> Response:
    """free-busy-query (RFC 4791, 7.10): nobody, at any time, because a deadline makes nobody busy. No multistatus."""
    ranges = asked.root.findall(f"{CAL}time-range")
    span = read_span(ranges[0]) if len(ranges) == 1 else ALWAYS
    if span.start is None or span.end is None:
        raise bad_request("A free-busy-query holds one time-range with a start and an end.")
    collection = await asked.resources.collection(asked.link)
    if collection is None:
        raise nowhere()
    body = render_free(span.start, span.end, at=collection.changed_at, lang=asked.link.form.lang)
    return Response(body, media_type="text/calendar; charset=utf-8; component=VFREEBUSY")


_REPORTS: Mapping[str, Callable[[Report], Awaitable[Response]]] = {
    f"{CAL}calendar-query": _query,
    f"{CAL}calendar-multiget": _multiget,
    f"{DAV}sync-collection": _sync,
    f"{CAL}free-busy-query": _free_busy,
}
