"""Addresses, options and tokens."""

import re

import pytest

from service.feeds.rules.subjects import (
    TOKEN,
    Address,
    Component,
    Form,
    Language,
    Subject,
    SubjectKind,
    address,
    make_token,
    read_address,
    read_query,
    read_subject,
    token_digest,
    webcal,
)

SECRET = "a secret that only the tests know, long enough"
OTHER = "another secret that only the tests know, also long"


def test_a_token_has_256_bits_behind_a_recognisable_prefix() -> None:
    token = make_token(SECRET, feed="fd_1", generation=1)
    assert re.fullmatch(r"mpf_[A-Za-z0-9_-]{43}", token)
    assert TOKEN.match(token)


def test_a_token_follows_from_secret_feed_and_generation() -> None:
    assert make_token(SECRET, feed="fd_1", generation=1) == make_token(SECRET, feed="fd_1", generation=1)
    others = {
        make_token(SECRET, feed="fd_1", generation=1),
        make_token(SECRET, feed="fd_1", generation=2),
        make_token(SECRET, feed="fd_2", generation=1),
        make_token(OTHER, feed="fd_1", generation=1),
    }
    assert len(others) == 4


def test_under_another_secret_every_address_is_unknown() -> None:
    token = make_token(SECRET, feed="fd_1", generation=1)
    assert token_digest(SECRET, token) != token_digest(OTHER, token)
    assert token not in token_digest(SECRET, token)


TOKEN_1 = make_token(SECRET, feed="fd_1", generation=1)


@pytest.mark.parametrize(
    ("path", "found"),
    (
        (f"/calendars/{TOKEN_1}/justice.ics", Address(token=TOKEN_1)),
        (f"/calendars/{TOKEN_1}/区司法局.ics", Address(token=TOKEN_1)),
        ("/calendars/demo/justice.ics", Address(unit="demo.justice")),
        ("/calendars/pu-dong/civil-affairs.ics", Address(unit="pu-dong.civil-affairs")),
        (f"/calendars/{TOKEN_1}", None),
        (f"/calendars/{TOKEN_1}/", None),
        (f"/calendars/{TOKEN_1}/.ics", None),
        (f"/calendars/{TOKEN_1}/a/b.ics", None),
        (f"/calendars/{TOKEN_1}/justice.ICS", None),
        (f"/calendars/{TOKEN_1}x/justice.ics", None),
        (f"/calendars/{TOKEN_1[:-1]}/justice.ics", None),
        ("/calendars/demo/justice", None),
        ("/calendars/demo/justice.ics\n", None),
        ("/calendars/demo.justice.ics", None),
        ("/calendars/../etc/passwd.ics", None),
        ("/calendars/", None),
    ),
)
def test_an_address_says_what_it_opens(path: str, found: Address | None) -> None:
    assert read_address(path) == found


@pytest.mark.parametrize(
    ("query", "form"),
    (
        (b"", Form()),
        (b"component=vtodo", Form(Component.VTODO)),
        (b"lang=en&component=vevent", Form(Component.VEVENT, Language.EN)),
        (b"component=VTODO", None),
        (b"component=", None),
        (b"component", None),
        (b"colour=red", None),
        (b"lang=zh&lang=en", None),
        (b"lang=de", None),
        (b"lang=\xff", None),
        (b"&".join(b"x=1" for _ in range(50)), None),
        (b"lang=" + b"z" * 10_000, None),
    ),
)
def test_an_unknown_option_is_no_address(query: bytes, form: Form | None) -> None:
    assert read_query(query, default=Form()) == form


def test_a_links_own_options_hold_where_the_address_says_nothing() -> None:
    bound = Form(Component.VTODO, Language.EN)
    assert read_query(b"", default=bound) == bound
    assert read_query(b"lang=zh", default=bound) == Form(Component.VTODO, Language.ZH)


def test_addresses_are_spelled_for_browsers_and_for_calendar_programs() -> None:
    url = address("https://milepost.test", token=TOKEN_1, subject=Subject(SubjectKind.UNIT, "demo.justice"))
    assert url == f"https://milepost.test/calendars/{TOKEN_1}/justice.ics"
    assert webcal(url) == f"webcal://milepost.test/calendars/{TOKEN_1}/justice.ics"


def test_a_subject_comes_back_from_its_key() -> None:
    for subject in (Subject(SubjectKind.UNIT, "demo.justice"), Subject(SubjectKind.JURISDICTION, "demo")):
        assert read_subject(str(subject)) == subject
