"""Whatever comes in, only a plan file or faults come out."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.planfiles.rules.emit import emit_plan_file
from service.planfiles.rules.faults import PlanFileFaults
from service.planfiles.rules.parse import parse_plan_file, parse_plan_mapping
from service.planfiles.rules.shapes import PlanFile

SEED = (Path(__file__).parents[2] / "seed_data" / "chongming.yaml").read_text(encoding="utf-8")
LINES = SEED.splitlines(keepends=True)
FIELDS = (
    "milepost", "jurisdictions", "units", "groups", "plan", "milestones", "code", "name", "aliases", "kind",
    "note", "key",
    "vague", "members", "member", "from", "until", "slug", "title", "period", "time_zone", "default_due",
    "source", "due",
    "parent", "lines", "value", "rrule", "quota", "count", "within_term", "years", "open", "published_on",
    "lead", "url",
)  # fmt: skip
SCALARS = st.sampled_from(
    (
        "1",
        "a",
        "a.b",
        "true",
        "",
        "null",
        "2024-02-30",
        "2024-01-01/2024-12-31",
        "FREQ=DAILY",
        "9" * 5000,
        "-0",
        ".nan",
        "1e999",
    )
) | st.text(max_size=8)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS) | SCALARS, inner, max_size=6),
    max_leaves=25,
)
FILES = st.fixed_dictionaries(
    {"milepost": st.just(1)}, optional={name: TREES | st.lists(TREES, max_size=3) for name in FIELDS[1:6]}
)


def outcome(text: str | bytes) -> PlanFile | None:
    """The file, or None with faults that each say something; anything else raised fails the test."""
    return checked(lambda: parse_plan_file(text, file="f", limit=10_000_000))


def checked(read: Callable[[], PlanFile]) -> PlanFile | None:
    found: PlanFileFaults | None = None
    try:
        return read()
    except PlanFileFaults as raised:
        found = raised
    assert found.faults
    assert all(fault.message and fault.message.isprintable() for fault in found.faults)
    assert str(found)
    return None


@given(st.binary(max_size=200))
def test_arbitrary_bytes_give_a_file_or_faults(raw: bytes) -> None:
    outcome(raw)


@given(st.text(max_size=200))
@example("\ud800")
@example("%YAML 9.9\n---\na")
@example("{}")
@example("? ")
def test_arbitrary_text_gives_a_file_or_faults(text: str) -> None:
    outcome(text)


@given(st.text(alphabet="ab:-?[]{}&*!|>'\"%@`#,~<= \n\t1", max_size=60))
def test_arbitrary_yaml_gives_a_file_or_faults(text: str) -> None:
    outcome(text)
    outcome("milepost: 1\nmilestones:\n" + text)


@settings(max_examples=150, deadline=None)
@given(FILES)
def test_arbitrary_trees_give_faults_or_a_file_that_comes_back(tree: object) -> None:
    file = checked(lambda: parse_plan_mapping(tree))
    if file is not None:
        assert outcome(emit_plan_file(file)) == file


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_mutated_plan_files_give_faults_or_a_file_that_comes_back(chance: random.Random) -> None:
    """Characters lost, doubled, moved and replaced: what still reads must come back as what it was read as."""
    lines = LINES[:40] + LINES[chance.randrange(40, 160) : 200]
    text = list("".join(lines))
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(text))
        match chance.randrange(4):
            case 0:
                del text[place : place + chance.choice((1, 3, 40))]
            case 1:
                text[place:place] = text[place - 30 : place]
            case 2:
                text[place] = chance.choice(":-[]{},#&*!|>'\"%\n\t 0\u3000崇\x07")
            case _:
                other = chance.randrange(len(text))
                text[place : place + 20], text[other : other + 20] = text[other : other + 20], text[place : place + 20]
    file = outcome("".join(text))
    if file is not None:
        assert outcome(emit_plan_file(file)) == file


@pytest.mark.parametrize(
    "value", (object(), {1: 2}, {"milepost": object()}, [[]], {("a",): 1}, b"x", {"units": {1, 2}})
)
def test_values_that_json_does_not_have_are_refused(value: object) -> None:
    with pytest.raises(PlanFileFaults):
        parse_plan_mapping(value)


def test_a_list_that_holds_itself_is_refused() -> None:
    endless: list[object] = []
    endless += [endless, endless]
    with pytest.raises(PlanFileFaults, match="deep"):
        parse_plan_mapping({"milepost": 1, "units": endless})


def test_a_chain_of_thousands_of_parents_needs_no_recursion() -> None:
    count = 5_000
    rows = "".join(f"  - {{key: k{number}, title: x, parent: k{number + 1}}}\n" for number in range(count - 1))
    head = "milepost: 1\nplan: {slug: p, title: t, jurisdiction: a}\nmilestones:\n"
    file = outcome(f"{head}{rows}  - {{key: k{count - 1}, title: x}}\n")
    assert file is not None
    assert len(file.milestones) == count
    with pytest.raises(PlanFileFaults, match="its own parent"):
        parse_plan_file(f"{head}{rows}  - {{key: k{count - 1}, title: x, parent: k0}}\n", file="f", limit=10_000_000)


def test_a_plan_has_a_bounded_number_of_milestones() -> None:
    rows = "".join(f"- {{key: k{number}, title: x}}\n" for number in range(5_001))
    with pytest.raises(PlanFileFaults, match="at most 5,000 milestones, not 5,001"):
        parse_plan_file(
            f"milepost: 1\nplan: {{slug: p, title: t, jurisdiction: a}}\nmilestones:\n{rows}",
            file="f",
            limit=10_000_000,
        )


def test_a_plan_has_a_bounded_number_of_different_rules_and_any_number_of_repeated_ones() -> None:
    head = "milepost: 1\nplan: {slug: p, title: t, jurisdiction: a, period: 2020-01-01/2029-12-31}\nmilestones:\n"
    repeated = "".join(f"- {{key: k{number}, title: x, due: {{rrule: FREQ=DAILY}}}}\n" for number in range(400))
    dated = "".join(f"- {{key: d{number}, title: x, due: {{value: {1900 + number}}}}}\n" for number in range(400))
    assert outcome(head + repeated + dated) is not None
    different = "".join(
        f"- {{key: k{number}, title: x, due: {{rrule: FREQ=WEEKLY;COUNT={number + 1}}}}}\n" for number in range(201)
    )
    with pytest.raises(PlanFileFaults, match="at most 200 different recurrence rules"):
        parse_plan_file(head + different, file="f", limit=10_000_000)
