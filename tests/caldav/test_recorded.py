"""The requests of real programs, in their order, written from what their makers publish.

Each sequence begins with what a person types (a host, a token) and ends with the entries in the program.
"""

from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.caldav.conftest import CAL, DAV, Reader, statuses
from tests.feeds.world import World

SPACES = (
    'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/" '
    'xmlns:A="http://apple.com/ns/ical/" xmlns:E="http://me.com/_namespace/"'
)
DATA = f"{CAL}calendar-data"


@pytest.fixture
async def furnished(quick_reader: Reader, quick_town: World) -> Reader:
    for number in range(3):
        await quick_town.milestone(f"第{number}件事", {"value": f"2024-11-{number + 10}"})
    return quick_reader


def _propfind(*names: str) -> str:
    return f"<D:propfind {SPACES}><D:prop>{''.join(f'<{name}/>' for name in names)}</D:prop></D:propfind>"


def _first(answer: httpx.Response, name: str) -> str:
    """The first address that a property names."""
    assert answer.status_code == 207, answer.text
    found = next(ET.fromstring(answer.content).iter(name))
    return found.findtext(f"{DAV}href", "")


def _entries(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 207, answer.text
    return [path for path, told in statuses(answer).items() if path.endswith(".ics") and not told.status]


def _multiget(hrefs: list[str], data: str = "<C:calendar-data/>") -> str:
    named = "".join(f"<D:href>{href}</D:href>" for href in hrefs)
    return f"<C:calendar-multiget {SPACES}><D:prop><D:getetag/>{data}</D:prop>{named}</C:calendar-multiget>"


def _has_all(answer: httpx.Response) -> bool:
    texts = "".join(told.text(DATA) for told in statuses(answer).values())
    return all(f"第{number}件事" in texts for number in range(3))


@pytest.mark.compatible("Thunderbird (its requests)", "CalDAV: discovery, read-only, differences")
async def test_thunderbird_on_a_desk(furnished: Reader, quick_town: World) -> None:
    ask = furnished.ask
    asked = await furnished.http.request("PROPFIND", "/.well-known/caldav", headers={"Depth": "0"})
    root = asked.headers["location"]
    # it asks without a password first, and takes the challenge as the sign that there is something
    bare = await furnished.http.request("PROPFIND", root, headers={"Depth": "0"})
    assert bare.status_code == 401
    names = ("D:resourcetype", "D:owner", "D:displayname", "D:current-user-principal", "D:current-user-privilege-set")
    body = _propfind(*names, "A:calendar-color", "C:calendar-home-set")
    principal = _first(await ask("PROPFIND", root, body, depth="0"), f"{DAV}current-user-principal")
    home = _first(await ask("PROPFIND", principal, body, depth="0"), f"{CAL}calendar-home-set")
    listed = statuses(await ask("PROPFIND", home, body, depth="1"))
    (calendar,) = [
        path for path, told in listed.items() if told.has[f"{DAV}resourcetype"].find(f"{CAL}calendar") is not None
    ]
    # no privilege to write: it is shown as read-only
    assert listed[calendar].has[f"{DAV}current-user-privilege-set"].find(f"{DAV}privilege/{DAV}write") is None
    body = _propfind(*names, "D:supported-report-set", "C:supported-calendar-component-set", "CS:getctag")
    opened = statuses(await ask("PROPFIND", calendar, body, depth="0"))[calendar]
    assert not opened.lacks
    options = await ask("OPTIONS", home)
    assert "calendar-access" in options.headers["dav"]
    assert "schedule" not in options.headers["dav"]

    def sync(token: str) -> str:
        return (
            f"<D:sync-collection {SPACES}><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>"
            "<D:prop><D:getcontenttype/><D:getetag/></D:prop></D:sync-collection>"
        )

    first = await ask("REPORT", calendar, sync(""), depth="1")
    for told in statuses(first).values():
        assert told.text(f"{DAV}getcontenttype").startswith("text/calendar")
    assert _has_all(await ask("REPORT", calendar, _multiget(_entries(first)), depth="1"))
    token = ET.fromstring(first.content).findtext(f"{DAV}sync-token", "")
    await quick_town.milestone("又一件事", {"value": "2024-11-30"})
    assert len(_entries(await ask("REPORT", calendar, sync(token), depth="1"))) == 1


@pytest.mark.compatible("Apple Calendar (its requests)", "CalDAV: discovery, a query by time, entries")
async def test_apple_calendar_on_a_phone(furnished: Reader) -> None:
    ask = furnished.ask
    body = _propfind("D:current-user-principal", "D:principal-URL", "D:resourcetype")
    bare = await furnished.http.request("PROPFIND", "/.well-known/caldav", content=body, headers={"Depth": "0"})
    principal = _first(
        await ask("PROPFIND", bare.headers["location"], body, depth="0", Brief="t"), f"{DAV}current-user-principal"
    )
    assert (await ask("OPTIONS", principal)).status_code == 200
    body = _propfind(
        *("C:calendar-home-set", "C:calendar-user-address-set", "D:current-user-principal", "D:displayname"),
        *("CS:dropbox-home-URL", "CS:email-address-set", "CS:notification-URL", "D:principal-collection-set"),
        *(
            "D:principal-URL",
            "D:resource-id",
            "C:schedule-inbox-URL",
            "C:schedule-outbox-URL",
            "D:supported-report-set",
        ),
    )
    told = await ask("PROPFIND", principal, body, depth="0")
    home = _first(told, f"{CAL}calendar-home-set")
    # no inbox: it takes the account for one without invitations
    assert f"{CAL}schedule-inbox-URL" in statuses(told)[principal].lacks
    search = f"<D:principal-search-property-set {SPACES}/>"
    assert (await ask("REPORT", "/dav/principals/", search, depth="0")).status_code == 403
    body = _propfind(
        *("D:add-member", "CS:allowed-sharing-modes", "A:autoprovisioned", "E:bulk-requests", "A:calendar-color"),
        *("C:calendar-description", "C:calendar-free-busy-set", "A:calendar-order", "C:calendar-timezone"),
        *("D:current-user-privilege-set", "C:default-alarm-vevent-date", "D:displayname", "CS:getctag"),
        *("A:language-code", "D:owner", "CS:pre-publish-url", "CS:publish-url", "CS:push-transports", "CS:pushkey"),
        *("D:quota-available-bytes", "D:quota-used-bytes", "A:refreshrate", "D:resource-id", "D:resourcetype"),
        *("C:schedule-calendar-transp", "C:schedule-default-calendar-URL", "CS:source", "CS:subscribed-strip-alarms"),
        *("C:supported-calendar-component-set", "C:supported-calendar-component-sets", "D:supported-report-set"),
        *("D:sync-token", "CS:xmpp-server", "CS:xmpp-uri"),
    )
    listed = await ask("PROPFIND", home, body, depth="1", Brief="t")
    assert "404 Not Found" not in listed.text
    (calendar,) = [path for path, each in statuses(listed).items() if f"{DAV}sync-token" in each.has]
    order = "<D:set><D:prop><A:calendar-order>1</A:calendar-order></D:prop></D:set>"
    update = f"<D:propertyupdate {SPACES}>{order}</D:propertyupdate>"
    assert (await ask("PROPPATCH", calendar, update)).status_code == 403
    body = (
        f"<C:calendar-query {SPACES}><D:prop><D:getcontenttype/><D:getetag/></D:prop><C:filter>"
        '<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="20240924T000000Z"/>'
        "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    )
    found = _entries(await ask("REPORT", calendar, body, depth="1"))
    data = "<C:schedule-tag/><CS:created-by/><CS:updated-by/><C:calendar-data/>"
    assert _has_all(await ask("REPORT", calendar, _multiget(found, data), depth="1"))


@pytest.mark.compatible("DAVx⁵ (its requests)", "CalDAV: discovery, a query by time, differences, deletions")
async def test_davx5_on_android(furnished: Reader, quick_town: World) -> None:
    ask = furnished.ask
    body = _propfind("D:current-user-principal")
    # what a person typed is tried first, then the well-known address: both lead to the principal
    typed = statuses(await ask("PROPFIND", "/", body, depth="0"))["/"]
    assert typed.hrefs(f"{DAV}current-user-principal") == [f"/dav/principals/{furnished.feed}/"]
    asked = await ask("PROPFIND", "/.well-known/caldav", body, depth="0")
    principal = _first(
        await ask("PROPFIND", asked.headers["location"], body, depth="0"), f"{DAV}current-user-principal"
    )
    assert "calendar-access" in (await ask("OPTIONS", principal)).headers["dav"]
    body = _propfind(
        "C:calendar-home-set", "CS:calendar-proxy-read-for", "CS:calendar-proxy-write-for", "D:group-membership"
    )
    home = _first(await ask("PROPFIND", principal, body, depth="0"), f"{CAL}calendar-home-set")
    body = _propfind(
        *("D:resourcetype", "D:displayname", "D:owner", "D:current-user-privilege-set", "A:calendar-color"),
        *("C:calendar-description", "C:calendar-timezone", "C:calendar-timezone-id", "CS:source"),
        "C:supported-calendar-component-set",
    )
    listed = statuses(await ask("PROPFIND", home, body, depth="1"))
    (calendar,) = [path for path, told in listed.items() if f"{CAL}supported-calendar-component-set" in told.has]
    body = _propfind("C:max-resource-size", "CS:getctag", "D:sync-token", "D:supported-report-set")
    state = statuses(await ask("PROPFIND", calendar, body, depth="0"))[calendar].text(f"{DAV}sync-token")
    reports = {
        each[0][0].tag
        for each in statuses(await ask("PROPFIND", calendar, body, depth="0"))[calendar].has[
            f"{DAV}supported-report-set"
        ]
    }
    assert f"{DAV}sync-collection" in reports
    query = (
        f'<C:calendar-query {SPACES}><D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name="VCALENDAR">'
        '<C:comp-filter name="VEVENT"><C:time-range start="20240703T000000Z"/></C:comp-filter>'
        "</C:comp-filter></C:filter></C:calendar-query>"
    )
    found = _entries(await ask("REPORT", calendar, query, depth="1"))
    data = '<C:calendar-data content-type="text/calendar" version="2.0"/>'
    assert _has_all(await ask("REPORT", calendar, _multiget(found, data), depth="0"))
    milestone = await quick_town.milestone("又一件事", {"value": "2024-11-30"})
    sync = (
        "<D:sync-collection {spaces}><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>"
        "<D:prop><D:getetag/></D:prop></D:sync-collection>"
    )
    changed = await ask("REPORT", calendar, sync.format(spaces=SPACES, token=state), depth="0")
    assert len(_entries(changed)) == 1
    state = ET.fromstring(changed.content).findtext(f"{DAV}sync-token", "")
    await quick_town.edit(milestone, status="cancelled")
    quick_town.clock.set("2024-12-01T09:00")
    gone = statuses(await ask("REPORT", calendar, sync.format(spaces=SPACES, token=state), depth="0"))
    assert 404 in {told.status for told in gone.values()}
