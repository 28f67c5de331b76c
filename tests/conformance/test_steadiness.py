"""The same state gives the same bytes in every form, and whatever changes bytes changes what programs compare."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, time
from typing import Any, get_args, get_type_hints

from hypothesis import given, settings
from hypothesis import strategies as st

from service.feeds.render.entry import Entry, render_entry
from service.feeds.rules.facts import EntryFacts, fingerprint, to_mapping
from service.feeds.rules.forms import Component, Content, Form, Language, Switch
from service.feeds.rules.phase import phase_on
from tests.conformance.conftest import EVENTS, feed_of
from tests.feeds.world import PUBLIC_URL, World

TODAY = date(2024, 10, 1)
NOW = datetime(2024, 10, 1, tzinfo=UTC)
FORMS = (
    Form(),
    Form(component=Component.VTODO),
    Form(lang=Language.EN, alarms=Switch.ON),
    Form(content=Content.UNITS, rich=Switch.ON),
    Form(rich=Switch.ON),
)

_WORDS = st.sampled_from(("", "甲", "乙，丙", "a;b", "👍", "长" * 40))
_DAYS = st.sampled_from((date(2024, 9, 20), date(2024, 10, 1), date(2024, 10, 20), date(2025, 3, 31)))
_BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    str: _WORDS,
    tuple[str, ...]: st.lists(_WORDS.filter(bool), max_size=2, unique=True).map(tuple),
    date | None: st.none() | _DAYS,
    time | None: st.sampled_from((None, time(9), time(17, 30))),
    datetime | None: st.sampled_from((None, NOW, datetime(2024, 10, 18, 1, tzinfo=UTC))),
    bool: st.booleans(),
}
_BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "time_zone": st.sampled_from(("Asia/Shanghai", "Europe/Paris")),
    "role": st.sampled_from(("", "lead")),
    "kind": st.sampled_from(("task", "duty")),
}


def _value(name: str, kind: Any) -> st.SearchStrategy[Any]:
    if name in _BY_NAME:
        return _BY_NAME[name]
    return _BY_TYPE[kind] if kind in _BY_TYPE else st.sampled_from(get_args(kind))  # a Literal


_KINDS = get_type_hints(EntryFacts)
_FACTS = st.builds(EntryFacts, **{each.name: _value(each.name, _KINDS[each.name]) for each in fields(EntryFacts)})


def _rendered(facts: EntryFacts) -> tuple[bytes, ...]:
    entry = Entry(
        uid="fe_x@milepost", revision=0, revised_at=NOW, created_at=NOW, facts=facts, phase=phase_on(facts, TODAY)
    )
    return tuple(render_entry(entry, form, public_url=PUBLIC_URL) for form in FORMS)


def _compared(facts: EntryFacts) -> str:
    """What tells a revision of an entry from the one before: ETags and SEQUENCE follow from it."""
    phase = phase_on(facts, TODAY)
    return fingerprint(to_mapping(facts), light=phase.light, state=phase.state, moved=phase.moved)


@settings(max_examples=60, deadline=None)
@given(facts=_FACTS, other=_FACTS, name=st.sampled_from([each.name for each in fields(EntryFacts)]))
def test_no_rendered_change_goes_unnoticed(facts: EntryFacts, other: EntryFacts, name: str) -> None:
    changed = replace(facts, **{name: getattr(other, name)})
    if _compared(changed) == _compared(facts):
        assert _rendered(changed) == _rendered(facts)


async def test_a_minute_that_passes_changes_no_byte(world: World) -> None:
    await world.milestone("梳理问题清单", {"value": "2024-12"})
    await world.milestone("下午五点前报送", {"value": "2024-11-15", "time": "17:00"})
    subjects = ("unit:demo.justice", "unit:demo.idle", "jurisdiction:demo")
    world.clock.set("2024-10-01T08:00:59")
    before = [await feed_of(world, subject, EVENTS) for subject in subjects]
    world.clock.set("2024-10-01T08:01:00")
    # in this process, and in one that was started a second ago
    for desk in (world.desk, world.another_desk()):
        world.desk = desk
        assert [await feed_of(world, subject, EVENTS) for subject in subjects] == before
