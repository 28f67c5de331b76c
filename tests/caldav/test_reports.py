"""What meets a filter, and what these entries are."""

import pytest
from icalendar import Calendar

from service.feeds.rules.forms import Component, Form
from tests.caldav.conftest import CAL, DAV, Reader, condition, link_to, multiget, query, statuses
from tests.feeds.world import World

DATA = f"{CAL}calendar-data"
PLANS = {
    "十一月的事": {"value": "2024-11-15"},
    "五点前的事": {"value": "2024-12-02", "time": "17:00"},
    "Quarter, in English": {"value": "2024-12-31"},
    "明年的事": {"value": "2025-03-31"},
}


@pytest.fixture
async def furnished(quick_reader: Reader, quick_town: World) -> Reader:
    for title, due in PLANS.items():
        await quick_town.milestone(title, due)
    return quick_reader


async def _asked(reader: Reader, filters: str) -> set[str]:
    """Which of the tasks meet a filter."""
    answer = await reader.ask("REPORT", reader.calendar, query(filters), depth="1")
    assert answer.status_code == 207, answer.text
    found = {told.text(DATA).replace("\r\n ", "").replace("\\,", ",") for told in statuses(answer).values()}
    return {title for title in PLANS for text in found if title in text}


def _events(inside: str) -> str:
    return f'<C:comp-filter name="VEVENT">{inside}</C:comp-filter>'


def _between(start: str, end: str) -> str:
    ends = "".join(f' {name}="{text}"' for name, text in (("start", start), ("end", end)) if text)
    return _events(f"<C:time-range{ends}/>")


def _free_busy(**ends: str) -> str:
    said = " ".join(f'{name}="{text}"' for name, text in ends.items())
    inside = f"<C:time-range {said}/>" if ends else ""
    return f'<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav">{inside}</C:free-busy-query>'


def _text(name: str, text: str, more: str = "") -> str:
    return _events(f'<C:prop-filter name="{name}"><C:text-match{more}>{text}</C:text-match></C:prop-filter>')


async def test_a_query_finds_what_meets_its_filter(furnished: Reader) -> None:
    everything, first, timed, english, later = set(PLANS), *PLANS
    for filters, wanted in {
        "": everything,
        _events(""): everything,
        '<C:comp-filter name="VTODO"/>': set(),
        '<C:comp-filter name="VTODO"><C:is-not-defined/></C:comp-filter>': everything,
        '<C:comp-filter name="VTIMEZONE"/>': {timed},
        _events('<C:comp-filter name="VALARM"/>'): set(),
        _events('<C:comp-filter name="VALARM"><C:is-not-defined/></C:comp-filter>'): everything,
        _events('<C:prop-filter name="SUMMARY"/>'): everything,
        _events('<C:prop-filter name="COMPLETED"><C:is-not-defined/></C:prop-filter>'): everything,
        _events('<C:prop-filter name="STATUS"><C:is-not-defined/></C:prop-filter>'): set(),
        _text("SUMMARY", "十一月"): {first},
        _text("summary", "QUARTER"): {english},
        _text("SUMMARY", "QUARTER", ' collation="i;octet"'): set(),
        _text("SUMMARY", "quarter", ' collation="i;unicode-casemap"'): {english},
        _text("SUMMARY", "quarter", ' negate-condition="yes"'): everything - {english},
        _text("CATEGORIES", "任务"): everything,
        _text("LOCATION", "anywhere"): set(),
        _between("20241101T000000Z", "20241201T000000Z"): {first},
        # a day ends at midnight in Shanghai, 16:00 in UTC, and the end of a span is not part of it
        _between("20241115T155959Z", "20241115T160000Z"): {first},
        _between("20241115T160000Z", "20241116T000000Z"): set(),
        _between("20241114T000000Z", "20241114T160000Z"): set(),
        # 17:00 in Shanghai is 09:00 in UTC; the half hour before it is what stands in calendars
        _between("20241202T083000Z", "20241202T083100Z"): {timed},
        _between("20241202T090000Z", "20241202T100000Z"): set(),
        _between("20250101T000000Z", ""): {later},
        _between("", "20241116T000000Z"): {first},
    }.items():
        assert await _asked(furnished, filters) == wanted, filters


async def test_a_query_for_to_dos_goes_by_what_is_due(furnished: Reader, quick_town: World) -> None:
    await quick_town.milestone("长期坚持的事", {"open": True})
    feed, token = await link_to(quick_town, form=Form(component=Component.VTODO))
    todos = Reader(furnished.http, feed, token)

    async def asked(inside: str) -> int:
        body = query(f'<C:comp-filter name="VTODO">{inside}</C:comp-filter>')
        return len(statuses(await todos.ask("REPORT", todos.calendar, body, depth="1")))

    assert await asked("") == 5
    # the open one has no date: it is part of every span that ends after it was made
    assert await asked('<C:time-range start="20241101T000000Z" end="20241201T000000Z"/>') == 2
    assert await asked('<C:time-range start="20200101T000000Z" end="20200201T000000Z"/>') == 0
    assert await asked('<C:prop-filter name="COMPLETED"><C:is-not-defined/></C:prop-filter>') == 5
    assert await asked('<C:prop-filter name="STATUS"><C:text-match>NEEDS-ACTION</C:text-match></C:prop-filter>') == 5


async def test_filters_that_mean_nothing_here_are_refused_by_name(furnished: Reader) -> None:
    param = '<C:prop-filter name="SUMMARY"><C:param-filter name="LANGUAGE"/></C:prop-filter>'
    for body, wanted in {
        query(_events(param)): f"{CAL}supported-filter",
        query('<C:prop-filter name="VERSION"/>'): f"{CAL}supported-filter",
        query(_text("SUMMARY", "x", ' collation="i;klingon"')): f"{CAL}supported-collation",
        query(_between("20241201T000000Z", "20241101T000000Z")): f"{CAL}valid-filter",
        query(_between("2024-12-01", "")): f"{CAL}valid-filter",
        query(_events("<C:time-range/>")): f"{CAL}valid-filter",
        query("").replace("VCALENDAR", "VEVENT"): f"{CAL}valid-filter",
        query(_events(""), props='<C:calendar-data content-type="application/xml"/>'): f"{CAL}supported-calendar-data",
        _free_busy(start="20241101T000000Z", end="20241001T000000Z"): f"{CAL}valid-filter",
        '<D:principal-property-search xmlns:D="DAV:"/>': f"{DAV}supported-report",
    }.items():
        answer = await furnished.ask("REPORT", furnished.calendar, body, depth="1")
        assert answer.status_code == 403, body
        assert condition(answer) == {wanted}
    elsewhere = await furnished.ask("REPORT", furnished.home, query(""), depth="1")
    assert condition(elsewhere) == {f"{DAV}supported-report"}


async def test_deadlines_make_nobody_busy(furnished: Reader) -> None:
    asked = _free_busy(start="20241001T000000Z", end="20251001T000000Z")
    answer = await furnished.ask("REPORT", furnished.calendar, asked, depth="1")
    assert answer.status_code == 200
    (found,) = Calendar.from_ical(answer.content).walk("VFREEBUSY")
    assert {name: found[name].to_ical() for name in ("DTSTART", "DTEND")} == {
        "DTSTART": b"20241001T000000Z",
        "DTEND": b"20251001T000000Z",
    }
    assert "FREEBUSY" not in found
    for half in (_free_busy(start="20241001T000000Z"), _free_busy()):
        answer = await furnished.ask("REPORT", furnished.calendar, half, depth="1")
        assert answer.status_code in (400, 403), half


async def test_entries_are_fetched_many_at_once(reader: Reader, town: World) -> None:
    for title, due in PLANS.items():
        await town.milestone(title, due)
    tags = await reader.tags()
    first, *rest = tags
    strangers = (f"{reader.calendar}fe_nothing.ics", "/dav/calendars/fd_other/x/y.ics", "/elsewhere", "%zz")
    asked = (f"https://milepost.test{first}", *rest, first, *strangers)
    answer = await reader.ask("REPORT", reader.calendar, multiget(*asked), depth="1")
    found = statuses(answer)
    assert {path: told.text(f"{DAV}getetag") for path, told in found.items() if not told.status} == tags
    assert {path for path, told in found.items() if told.status == 404} == set(strangers)
    for path in tags:
        # a reader of XML must get the very bytes that GET gives, carriage returns among them
        assert found[path].text(DATA).encode() == (await reader.ask("GET", path)).content
    assert (await reader.ask("REPORT", reader.calendar, multiget(), depth="1")).status_code == 400


async def test_large_answers_come_packed_to_those_who_unpack(furnished: Reader) -> None:
    whole = await furnished.ask("REPORT", furnished.calendar, query(""), depth="1", Accept_Encoding="gzip")
    assert whole.headers["content-encoding"] == "gzip"
    plain = await furnished.ask("REPORT", furnished.calendar, query(""), depth="1", Accept_Encoding="identity")
    assert "content-encoding" not in plain.headers
    assert whole.content == plain.content
