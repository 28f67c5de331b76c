"""Units and groups written together: what one alone would become, in a handful of statements."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import event

from service.journal.actions import recorded
from service.kit.actor import Actor
from service.kit.database import Database, Session
from service.kit.errors import Conflict, Invalid, Unmet
from service.units import actions, store
from service.units.actions import Edit
from service.units.models import Unit, UnitGroup
from service.units.rules import Member


@pytest.fixture(autouse=True)
async def home(session: Session, actor: Actor, now: datetime) -> None:
    await actions.create_jurisdiction(session, actor, code="a", values={"name": "甲区"}, now=now)


def _units(words: Sequence[str]) -> list[Edit[Unit]]:
    return [Edit(f"a.{word}", "a", {"name": f"单位{word}", "aliases": [word]}) for word in words]


def _group(word: str, *members: str, row: UnitGroup | None = None) -> Edit[UnitGroup]:
    return Edit(f"a.{word}", "a", {"name": f"组{word}"}, [Member(f"a.{one}") for one in members], row)


async def test_five_hundred_units_take_as_many_statements_as_five(
    database: Database, session: Session, actor: Actor, now: datetime
) -> None:
    said: list[str] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def _(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    async def statements(words: Sequence[str], group: str) -> int:
        del said[:]
        await actions.write(session, actor, Unit, edits=_units(words), now=now)
        await actions.write(session, actor, UnitGroup, edits=[_group(group, *words)], now=now)
        return len(said)

    few = await statements([f"x{place}" for place in range(5)], "few")
    assert await statements([f"y{place}" for place in range(500)], "many") == few
    assert len((await store.memberships_of(session, ["a.many"]))["a.many"]) == 500
    assert [fact.subject for fact in recorded(session)[:3]] == ["a", "a.x0", "a.x1"]


async def test_what_is_made_together_may_refer_to_each_other(session: Session, actor: Actor, now: datetime) -> None:
    await actions.write(session, actor, Unit, edits=_units("xy"), now=now)
    made = await actions.write(session, actor, UnitGroup, edits=[_group("o", "x", "i"), _group("i", "y")], now=now)
    assert [row.code for row in made] == ["a.o", "a.i"]
    below = await store.membership_below(session, ["a.o"])
    assert below == {"a.o": [Member("a.x"), Member("a.i")], "a.i": [Member("a.y")]}
    turned = [_group("o", "x", "i", row=made[0]), _group("i", "o", row=made[1])]
    with pytest.raises(Invalid, match="contain itself"):
        await actions.write(session, actor, UnitGroup, edits=turned, now=now)


async def test_only_what_changed_is_recorded_and_with_its_members(
    session: Session, actor: Actor, now: datetime
) -> None:
    await actions.write(session, actor, Unit, edits=_units("xy"), now=now)
    one, two = await actions.write(session, actor, UnitGroup, edits=[_group("g", "x"), _group("h", "x")], now=now)
    before = len(recorded(session))
    again = [_group("g", "x", row=one), _group("h", "y", "x", row=two)]
    await actions.write(session, actor, UnitGroup, edits=again, now=now)
    (fact,) = recorded(session)[before:]
    assert (fact.kind, fact.subject, one.revision, two.revision) == ("group.updated", "a.h", 1, 2)
    assert [member["member"] for member in (fact.before or {})["members"]] == ["a.x"]
    assert [member["member"] for member in (fact.after or {})["members"]] == ["a.y", "a.x"]


async def test_one_that_is_refused_keeps_all_of_them_out(session: Session, actor: Actor, now: datetime) -> None:
    await actions.write(session, actor, Unit, edits=_units("x"), now=now)
    with pytest.raises(Conflict, match=r"a\.x"):
        await actions.write(session, actor, Unit, edits=_units("yx"), now=now)
    with pytest.raises(Conflict, match=r"a\.z"):
        await actions.write(session, actor, Unit, edits=_units("zz"), now=now)
    with pytest.raises(Unmet) as unknown:
        await actions.write(session, actor, UnitGroup, edits=[_group("g", "x"), _group("h", "nobody")], now=now)
    assert [fault.path for fault in unknown.value.faults] == ["members.0"]
    assert await store.member_codes(session, ["a.x", "a.y", "a.z", "a.g"]) == {"a.x"}
    assert len(recorded(session)) == 2
