"""Who gets in, what is where, and what is refused."""

from datetime import timedelta

from service.feeds.actions import links
from service.feeds.rules.forms import Component, Form
from service.feeds.store.links import get_feed_locked
from service.kit.actor import COMMAND
from tests.caldav.conftest import CAL, DAV, Reader, basic, condition, header_of, link_to, propfind
from tests.conftest import SECRET
from tests.feeds.world import World

WRITING = ("PUT", "DELETE", "PATCH", "PROPPATCH", "MKCOL", "MKCALENDAR", "MOVE", "COPY", "ACL")


WRONG = ("", "Basic", "Basic !!!", "Bearer mpf_x", basic("wrong"), basic(f"mpf_{'A' * 43}"), "Basic " + "QQ" * 2_000)


async def test_the_well_known_address_leads_to_the_root(quick_reader: Reader) -> None:
    for method in ("GET", "PROPFIND", "OPTIONS", "HEAD"):
        answer = await quick_reader.http.request(method, "/.well-known/caldav", headers={"Host": "evil.example"})
        assert answer.status_code == 301
        assert answer.headers["location"] == "/dav/"


async def test_anybody_may_ask_what_is_offered(quick_reader: Reader) -> None:
    for path in ("/dav", "/dav/", "/dav/calendars/fd_x/y/", "/dav/nothing"):
        answer = await quick_reader.http.options(path)
        assert answer.status_code == 200
        assert header_of(answer.headers, "dav") == {"1", "3", "access-control", "calendar-access"}
        assert header_of(answer.headers, "allow") == {"OPTIONS", "GET", "HEAD", "PROPFIND", "REPORT"}


async def test_the_bare_host_names_the_principal_too(quick_reader: Reader) -> None:
    for depth in ("0", "1"):
        found = await quick_reader.find("/", f"{DAV}current-user-principal", f"{DAV}resourcetype", depth=depth)
        assert list(found) == (["/", "/dav/"] if depth == "1" else ["/"])
        assert found["/"].hrefs(f"{DAV}current-user-principal") == [f"/dav/principals/{quick_reader.feed}/"]
    offered = await quick_reader.http.options("/")
    assert (offered.status_code, "calendar-access" in offered.headers["dav"]) == (200, True)
    challenge = await quick_reader.http.request("PROPFIND", "/", headers={"Depth": "0"})
    assert (challenge.status_code, "www-authenticate" in challenge.headers) == (401, True)
    assert "dav" not in (await quick_reader.http.get("/")).headers  # it is a page for people
    assert (await quick_reader.http.request("PUT", "/")).status_code == 405


async def test_without_the_token_there_is_a_challenge(quick_reader: Reader) -> None:
    for authorization in WRONG:
        headers = {"Authorization": authorization} if authorization else {}
        answer = await quick_reader.http.request("PROPFIND", "/dav/", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Basic realm="Milepost", charset="UTF-8"'
        assert condition(answer) == set()


async def test_any_user_name_will_do(quick_reader: Reader) -> None:
    for user in ("", "司法局", "a@b.example"):
        headers = {"Authorization": basic(quick_reader.token, user), "Depth": "0"}
        assert (await quick_reader.http.request("PROPFIND", "/dav/", headers=headers)).status_code == 207


async def test_a_link_opens_its_own_calendar_and_no_other(quick_reader: Reader, quick_town: World) -> None:
    other, _ = await link_to(quick_town, "unit:demo.water")
    for path in (
        f"/dav/calendars/{other}/water/",
        f"/dav/calendars/{other}/",
        f"/dav/principals/{other}/",
        f"{quick_reader.home}water/",
        f"{quick_reader.calendar}fe_nothing.ics",
        f"{quick_reader.calendar}a/b.ics",
        "/dav/nothing",
    ):
        answer = await quick_reader.ask("PROPFIND", path, depth="0")
        assert answer.status_code == 404, path


async def test_a_revoked_link_is_asked_for_another_password(reader: Reader, town: World) -> None:
    assert (await reader.ask("PROPFIND", reader.calendar, depth="0")).status_code == 207
    async with town.change() as session:
        await links.revoke_feed(session, COMMAND, await get_feed_locked(session, reader.feed), now=town.clock.now())
    answer = await reader.ask("PROPFIND", reader.calendar, depth="0")
    assert answer.status_code == 401
    assert "closed" in answer.text
    assert "www-authenticate" in answer.headers


async def test_after_a_rotation_both_passwords_open_the_same_calendar(quick_reader: Reader, quick_town: World) -> None:
    town, reader = quick_town, quick_reader
    async with town.change() as session:
        row = await get_feed_locked(session, reader.feed)
        await links.rotate_feed(session, COMMAND, row, secret=SECRET, now=town.clock.now())
        new = links.current_token(row, secret=SECRET)
    headers = {"Authorization": basic(new), "Depth": "0"}
    assert (await reader.http.request("PROPFIND", reader.calendar, headers=headers)).status_code == 207
    town.clock.moment += timedelta(days=30) - timedelta(seconds=1)
    assert (await reader.ask("PROPFIND", reader.calendar, depth="0")).status_code == 207
    town.clock.moment += timedelta(seconds=1)
    assert (await reader.ask("PROPFIND", reader.calendar, depth="0")).status_code == 401


async def test_the_calendar_is_found_from_nothing_but_the_host(reader: Reader) -> None:
    (root,) = (await reader.find("/dav/", f"{DAV}current-user-principal", f"{DAV}resourcetype")).values()
    (principal,) = root.hrefs(f"{DAV}current-user-principal")
    (me,) = (await reader.find(principal, f"{CAL}calendar-home-set", f"{DAV}displayname")).values()
    assert me.text(f"{DAV}displayname") == "区司法局"
    (home,) = me.hrefs(f"{CAL}calendar-home-set")
    found = await reader.find(home, f"{DAV}resourcetype", f"{CAL}supported-calendar-component-set", depth="1")
    types = {path: told.has[f"{DAV}resourcetype"] for path, told in found.items()}
    calendars = [path for path, each in types.items() if each.find(f"{CAL}calendar") is not None]
    assert calendars == [reader.calendar]
    kinds = found[reader.calendar].has[f"{CAL}supported-calendar-component-set"]
    assert [each.get("name") for each in kinds] == ["VEVENT"]
    assert (await reader.ask("PROPFIND", reader.calendar.rstrip("/"), depth="0")).status_code == 207


async def test_the_calendar_says_what_programs_want_to_know(quick_reader: Reader) -> None:
    names = ("displayname", "current-user-privilege-set", "supported-report-set", "sync-token", "owner")
    told = (
        await quick_reader.find(
            quick_reader.calendar,
            *(f"{DAV}{name}" for name in names),
            f"{CAL}calendar-timezone",
            f"{CAL}calendar-description",
            "{http://calendarserver.org/ns/}getctag",
            "{http://apple.com/ns/ical/}calendar-color",
            "{urn:nobody}knows",
        )
    )[quick_reader.calendar]
    assert told.lacks == {"{urn:nobody}knows"}
    assert told.text(f"{DAV}displayname") == "区司法局"
    assert {each[0].tag for each in told.has[f"{DAV}current-user-privilege-set"]} == {
        f"{DAV}read",
        f"{DAV}read-current-user-privilege-set",
    }
    assert {each[0][0].tag for each in told.has[f"{DAV}supported-report-set"]} == {
        f"{CAL}calendar-query",
        f"{CAL}calendar-multiget",
        f"{CAL}free-busy-query",
        f"{DAV}sync-collection",
    }
    assert "TZOFFSETTO:+0800\r\n" in told.text(f"{CAL}calendar-timezone")
    assert told.text("{http://calendarserver.org/ns/}getctag") == told.text(f"{DAV}sync-token")


async def test_everything_that_writes_is_refused_with_a_sentence(quick_reader: Reader, quick_town: World) -> None:
    await quick_town.milestone("梳理问题清单", {"value": "2024-12"})
    (entry,) = await quick_reader.tags()
    for method in WRITING:
        for path in (entry, quick_reader.calendar):
            answer = await quick_reader.ask(method, path, "BEGIN:VCALENDAR")
            assert answer.status_code == 403
            assert condition(answer) == {f"{DAV}need-privileges"}
    for method in ("POST", "LOCK", "UNLOCK", "SEARCH", "BREW"):
        answer = await quick_reader.ask(method, entry)
        assert answer.status_code == 405
        assert "PROPFIND" in answer.headers["allow"]
    assert list(await quick_reader.tags()) == [entry]


async def test_an_entry_is_fetched_with_its_tag(reader: Reader, town: World) -> None:
    await town.milestone("下午五点前报送", {"value": "2024-11-15", "time": "17:00"})
    ((path, tag),) = (await reader.tags()).items()
    answer = await reader.ask("GET", path)
    assert answer.headers["etag"] == tag
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8; component=VEVENT"
    assert answer.text.count("BEGIN:VEVENT\r\n") == answer.text.count("BEGIN:VTIMEZONE\r\n") == 1
    # the same lines as in the feed, to the octet
    block = answer.text[answer.text.index("BEGIN:VEVENT") : answer.text.index("END:VCALENDAR")]
    assert block in await town.text("unit:demo.justice")
    assert (await reader.ask("GET", path, If_None_Match=tag)).status_code == 304
    head = await reader.ask("HEAD", path)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)
    assert head.headers["content-length"] == str(len(answer.content))
    assert (await reader.ask("GET", reader.calendar)).status_code == 405
    assert (await reader.ask("GET", f"{reader.calendar}fe_nothing.ics")).status_code == 404


async def test_the_whole_tree_at_once_is_refused(quick_reader: Reader) -> None:
    for depth in ("infinity", None):
        answer = await quick_reader.ask("PROPFIND", "/dav/", propfind(f"{DAV}displayname"), depth=depth)
        assert answer.status_code == 403
        assert condition(answer) == {f"{DAV}propfind-finite-depth"}
    assert (await quick_reader.ask("PROPFIND", "/dav/", depth="2")).status_code == 400


async def test_properties_are_asked_for_in_three_ways(quick_reader: Reader) -> None:
    body = '<propfind xmlns="DAV:"><propname/></propfind>'
    names = await quick_reader.ask("PROPFIND", quick_reader.calendar, body, depth="0")
    assert "<D:sync-token" in names.text
    assert "区司法局" not in names.text
    for body in ("", '<propfind xmlns="DAV:"><allprop/></propfind>'):
        usual = await quick_reader.ask("PROPFIND", quick_reader.calendar, body, depth="0")
        assert "区司法局" in usual.text
        assert "sync-token" not in usual.text
    brief = await quick_reader.ask(
        "PROPFIND", quick_reader.calendar, propfind("{urn:nobody}knows"), depth="0", Prefer="return=minimal"
    )
    assert brief.headers["preference-applied"] == "return=minimal"
    assert "404" not in brief.text


HOSTILE = {
    "laughs": '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><propfind xmlns="DAV:"><prop>&y;</prop></propfind>',
    "outside": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><propfind xmlns="DAV:">&x;</propfind>',
    "type": '<!DOCTYPE propfind SYSTEM "http://nowhere.example/x.dtd"><propfind xmlns="DAV:"/>',
    "deep": "<a>" * 5_000 + "</a>" * 5_000,
    "wide": '<propfind xmlns="DAV:"><prop>' + "<a/>" * 30_000 + "</prop></propfind>",
    "many": '<propfind xmlns="DAV:"><prop>' + "".join(f"<a{n}/>" for n in range(200)) + "</prop></propfind>",
    "torn": '<propfind xmlns="DAV:"><prop>',
    "none": "BEGIN:VCALENDAR",
    "other": '<multistatus xmlns="DAV:"/>',
    "coding": '<?xml version="1.0" encoding="no-such"?><a/>',
}


async def test_hostile_xml_is_refused_with_a_sentence(quick_reader: Reader) -> None:
    for name, body in HOSTILE.items():
        answer = await quick_reader.ask("PROPFIND", "/dav/", body, depth="0")
        if name in ("laughs", "outside", "type"):
            assert answer.status_code == 403, name
            assert condition(answer) == {f"{DAV}no-external-entities"}
        else:
            assert answer.status_code == 400, name
            assert condition(answer) == set()
        assert "root:" not in answer.text


async def test_a_body_that_is_too_large_is_not_read(quick_reader: Reader) -> None:
    answer = await quick_reader.ask("PROPFIND", "/dav/", "<a/>" * 300_000, depth="0")
    assert answer.status_code == 413


async def test_no_token_enters_the_log(quick_reader: Reader, logged: object) -> None:
    await quick_reader.ask("PROPFIND", quick_reader.calendar, depth="0")
    text = logged.getvalue()  # type: ignore[attr-defined]  # an io.StringIO
    assert "PROPFIND" in text
    assert quick_reader.token not in text
    assert basic(quick_reader.token).split()[1] not in text


async def test_requests_are_measured_under_one_name(quick_reader: Reader) -> None:
    await quick_reader.ask("PROPFIND", quick_reader.calendar, depth="0")
    page = (await quick_reader.http.get("/metrics")).text
    assert 'method="PROPFIND",route="/dav/"' in page
    assert quick_reader.feed not in page


async def test_to_dos_are_a_calendar_of_to_dos(quick_reader: Reader, quick_town: World) -> None:
    await quick_town.milestone("长期坚持的事", {"open": True})
    await quick_town.milestone("有日期的事", {"value": "2024-12-31"})
    feed, token = await link_to(quick_town, form=Form(component=Component.VTODO))
    todos = Reader(quick_reader.http, feed, token)
    assert len(await todos.tags()) == 2
    assert len(await quick_reader.tags()) == 1
    for path in await todos.tags():
        answer = await todos.ask("GET", path)
        assert "BEGIN:VTODO" in answer.text
        assert answer.headers["content-type"].endswith("component=VTODO")
