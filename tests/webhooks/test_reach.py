"""How far a filter reaches in the tree of jurisdictions."""

from collections.abc import Set

from service.webhooks.rules.filters import Filter
from service.webhooks.rules.reach import below, resolved

TREE = {"city": None, "east": "city", "west": "city", "town": "east", "elsewhere": None}


def test_a_jurisdiction_reaches_everything_below_it() -> None:
    assert below(TREE, "city") == {"city", "east", "west", "town"}
    assert below(TREE, "town") == {"town"}
    assert below(TREE, "unheard-of") == {"unheard-of"}


def test_a_tree_that_bites_its_own_tail_ends_all_the_same() -> None:
    assert below({"a": "b", "b": "a"}, "a") == {"a", "b"}


def _reach(*asked: str, home: str | None) -> Set[str] | None:
    found = resolved(Filter(jurisdictions=frozenset(asked)), TREE, home=home)
    return found.jurisdictions if found else None


def test_a_filter_keeps_within_its_endpoints_own_jurisdiction() -> None:
    assert _reach(home=None) == frozenset()  # everything
    assert _reach("east", home=None) == {"east", "town"}
    assert _reach(home="east") == {"east", "town"}
    assert _reach("city", home="east") == {"east", "town"}
    assert _reach("town", home="east") == {"town"}


def test_a_filter_of_which_nothing_is_left_does_not_come_to_mean_everything() -> None:
    assert _reach("west", home="east") is None


def test_what_else_was_asked_for_stays() -> None:
    wanted = Filter(types=frozenset({"plan.*"}), units=frozenset({"east.x"}), plans=frozenset({"p"}))
    found = resolved(wanted, TREE, home="town")
    assert found is not None
    assert (found.types, found.units, found.plans) == (wanted.types, wanted.units, wanted.plans)
