"""The lint finds what breaks real programs, and nothing in what we send."""

import pytest

from service.feeds.rules.lint import count_entries, lint
from tests.feeds.world import World

GOOD = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//A//B//ZH\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n"
    b"X-PUBLISHED-TTL:PT1H\r\nBEGIN:VEVENT\r\nUID:1@a\r\nDTSTAMP:20241001T000000Z\r\n"
    b"DTSTART;VALUE=DATE:20241031\r\nDTEND;VALUE=DATE:20241101\r\nSUMMARY:\xe6\xa2\xb3\xe7\x90\x86\\, \\\\ \\; \\n\r\n"
    b"STATUS:CONFIRMED\r\nBEGIN:VALARM\r\nUID:2@a\r\nACTION:DISPLAY\r\nDESCRIPTION:a\r\nTRIGGER:-PT15H\r\nEND:VALARM\r\n"
    b"END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def test_a_good_calendar_has_no_fault() -> None:
    assert lint(GOOD) == ()
    assert count_entries(GOOD) == 1


@pytest.mark.parametrize(
    ("before", "after", "told"),
    (
        (b"BEGIN:VCALENDAR", b"\xef\xbb\xbfBEGIN:VCALENDAR", "byte order mark"),
        (b"VERSION:2.0\r\n", b"VERSION:2.0\n", "without carriage return"),
        (b"SUMMARY:", b"SUMMARY:" + b"x" * 80, "octets"),
        (b"\xe6\xa2\xb3", b"\xe6\r\n \xa2\xb3", "within a character"),
        (b"SUMMARY:", b"SUMMARY:\x07", "control character"),
        (b"-//A//B//ZH", b"\xff", "not UTF-8"),
        (b"X-PUBLISHED-TTL:PT1H", b"X-PUBLISHED-TTL:P1H", "no duration"),
        (b"X-PUBLISHED-TTL:PT1H", b"X-PUBLISHED-TTL:1:00:00", "no duration"),
        (b"TRIGGER:-PT15H", b"TRIGGER:-P15H", "neither a duration"),
        (b"TRIGGER:-PT15H\r\n", b"", "An alarm without TRIGGER"),
        (b"VERSION:2.0", b"METHOD:PUBLISH", "METHOD"),
        (b"UID:1@a\r\n", b"", "without UID"),
        (b"20241101", b"20241031", "ends before"),
        (b"20241031", b"20240231", "no date"),
        (b"STATUS:CONFIRMED", b"STATUS:COMPLETED", "is none of VEVENT"),
        (b"STATUS:CONFIRMED", b"ATTENDEE:mailto:a@b", "invitation"),
        (b"DTSTART;VALUE=DATE:20241031", b"DTSTART;TZID=Asia/Shanghai:20241031T090000", "not described"),
        (b"\\, ", b", ", "not escaped"),
        (b"END:VALARM\r\n", b"", "ends nothing"),
        (b"STATUS:CONFIRMED", b"STATUS CONFIRMED", "no property"),
        (b"END:VCALENDAR\r\n", b"END:VCALENDAR", "no end"),
    ),
)
def test_a_fault_is_found(before: bytes, after: bytes, told: str) -> None:
    assert before in GOOD
    found = lint(GOOD.replace(before, after, 1))
    assert any(told in each.message for each in found), found
    assert found[0].severity == "error"


def test_two_entries_with_one_uid_and_an_empty_calendar_are_faults() -> None:
    entry = GOOD[GOOD.index(b"BEGIN:VEVENT") : GOOD.index(b"END:VCALENDAR")]
    assert "entries have the UID" in lint(GOOD.replace(entry, entry * 2))[0].message
    assert "There is no entry" in lint(GOOD.replace(entry, b""))[0].message
    mixed = entry.replace(b"VEVENT", b"VTODO").replace(b"1@a", b"3@a").replace(b"CONFIRMED", b"COMPLETED")
    assert [each.message for each in lint(GOOD.replace(entry, entry + mixed)) if "mixed" in each.message]


async def test_everything_that_a_feed_can_show_is_without_fault(quick_world: World) -> None:
    world = quick_world
    for number, title in enumerate(
        ("逗号，分号；,; 反斜杠\\n", "👩‍👩‍👧‍👦🇨🇳", "长" * 190, "BEGIN:VEVENT", 'é "﷽" א:;=')
    ):
        await world.milestone(title, {"value": f"2024-11-{number + 10}"}, hand_in="一；\n二,三")
    for number in range(10):
        await world.milestone(f"第{number}件事", {"value": "2024-12-31"})
    await world.milestone("下午五点", {"value": "2024-11-20", "time": "17:00"})
    cancelled = await world.milestone("取消的事", {"value": "2024-12"})
    await world.edit(cancelled, status="cancelled")
    options = {"alarms": "on", "changes": "on"}
    for subject in ("unit:demo.justice", "unit:demo.idle", "plan:demo-2024", "holidays:CN"):
        for more in (
            {},
            options,
            options | {"component": "vtodo"},
            {"expand": "all", "content": "title", "lang": "en"},
        ):
            if subject != "holidays:CN" or not more:
                text = await world.text(subject, **more)
                assert lint(text.encode()) == (), (subject, more)
