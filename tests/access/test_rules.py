"""Keys and scopes."""

from datetime import datetime, timedelta

import pytest

from service.access import rules
from service.kit.actor import Actor
from service.kit.errors import Conflict, Denied, Invalid


def _with(*scopes: str, jurisdiction: str | None = None) -> Actor:
    return Actor(kind="key", name="x", scopes=frozenset(scopes), jurisdiction=jurisdiction)


@pytest.mark.parametrize(
    ("has", "may"),
    (
        ("admin", {"admin", "edit", "read", "report:chongming.justice"}),
        ("edit", {"edit", "read", "report:chongming.justice"}),
        ("read", {"read"}),
        ("report:chongming.justice", {"read", "report:chongming.justice"}),
    ),
)
def test_a_scope_brings_those_that_it_implies_and_no_other(has: str, may: set[str]) -> None:
    for wanted in ("admin", "edit", "read", "report:chongming.justice", "report:chongming.finance"):
        if wanted in may or (wanted.startswith("report:") and "edit" in may):
            rules.require_scope(_with(has), wanted)
        else:
            with pytest.raises(Denied, match=wanted):
                rules.require_scope(_with(has), wanted)


def test_nobody_may_do_anything_without_a_scope() -> None:
    with pytest.raises(Denied):
        rules.require_scope(_with(), "read")


def test_a_key_holds_until_the_instant_at_which_it_expires(now: datetime) -> None:
    standing = rules.Standing(expires_at=now, revoked_at=None)
    assert rules.holds(standing, now=now - timedelta(microseconds=1))
    assert not rules.holds(standing, now=now)
    assert rules.holds(rules.Standing(None, None), now=now)
    assert not rules.holds(rules.Standing(None, now), now=now)


def test_everything_wrong_with_a_wanted_key_is_named_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        rules.check_wanted(name=" ", scopes=["read", "write", "report:", "report:chongming.justice"])
    assert [fault.path for fault in caught.value.faults] == ["name", "scopes.1", "scopes.2"]
    with pytest.raises(Invalid, match="one scope or more"):
        rules.check_wanted(name="office", scopes=[])


def test_a_key_that_would_never_work_or_takes_a_reserved_name_cannot_be_had(now: datetime) -> None:
    with pytest.raises(Conflict) as caught:
        rules.check_possible(name=" Milepost_Admin_Key", expires_at=now, now=now)
    assert [fault.path for fault in caught.value.faults] == ["name", "expires_at"]
    rules.check_possible(name="office", expires_at=now + timedelta(seconds=1), now=now)


def test_nobody_gives_away_more_than_they_have() -> None:
    rules.check_grant(_with("admin"), jurisdiction=None)
    rules.check_grant(_with("admin", jurisdiction="a"), jurisdiction="a")
    for actor, jurisdiction in (
        (_with("edit"), None),
        (_with("admin", jurisdiction="a"), None),
        (_with("admin", jurisdiction="a"), "b"),
    ):
        with pytest.raises(Denied):
            rules.check_grant(actor, jurisdiction=jurisdiction)


@pytest.mark.parametrize("text", ("", "mpk_", "mpk_" + "x" * 31, "xxx_" + "x" * 43, "mpk_" + "ü" * 43))
def test_what_could_be_no_key_is_not_looked_up(text: str) -> None:
    assert not rules.is_well_formed(text)
