"""What a preview foresees is what happens."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from service.kit.actor import COMMAND, PUBLIC, Actor
from service.kit.errors import Denied, Invalid, NotFound
from service.preview.actions import foreseeing
from service.preview.actions.foreseeing import Foreseen, Place, Wanted, preview
from service.preview.rules.foresight import Span
from tests.reminders.world import SHANGHAI, World, at

READER = Actor(kind="key", name="reader", scopes=frozenset({"read"}))
AUTUMN = Span(at("2024-10-01T00:00"), at("2025-02-01T00:00"))


async def _foreseen(
    world: World,
    *,
    span: Span = AUTUMN,
    plan: str | None = None,
    unit: str | None = None,
    after: Place | None = None,
    limit: int = 500,
    actor: Actor = COMMAND,
) -> list[Foreseen]:
    async with world.database.read() as session:
        return await preview(
            session,
            actor,
            wanted=Wanted(span=span, plan=plan, unit=unit),
            after=after,
            limit=limit,
            zone=SHANGHAI,
            now=world.now,
        )


def _short(found: list[Foreseen]) -> list[tuple[str, str, str]]:
    return [
        (
            f"{one.expected.planned.on}",
            str(one.expected.planned.offset),
            "" if one.expected.goes_out else one.expected.end.cause,
        )
        for one in found
    ]


async def test_what_is_foreseen_to_go_out_is_what_fires_when_the_time_has_passed(world: World) -> None:
    """The year is lived tick by tick, and nothing fires that was not foreseen, nor the other way round."""
    first = await world.milestone("2024-10-08")
    await world.milestone("2024-11-07")
    done = await world.milestone("2024-10-31")
    await world.plan("berlin", time_zone="Europe/Berlin")
    await world.milestone("2024-10-28", plan="berlin")
    await world.milestone("2024-12-01", plan="berlin")
    await world.policy("-3wd -2d -1d 0d +1wd at 02:30", plan="berlin")
    await world.policy("-10d -9d 0d +2d at 08:15 roll none", milestone=first)
    await world.say(done, "submitted")
    foreseen = await _foreseen(world)
    expected = {(one.subject.id, str(one.expected.planned.offset)) for one in foreseen if one.expected.goes_out}
    assert len(expected) > 12
    fired: set[tuple[str, str]] = set()
    for instant in sorted({one.expected.planned.fire_at for one in foreseen if one.expected.goes_out}):
        world.now = instant
        fired |= {(one.firing.occurrence, one.firing.offset) for one in await world.tick() if one.fact is not None}
    world.now = AUTUMN.end
    late = [one for one in await world.tick() if one.fact is not None]
    assert (fired, late) == (expected, [])
    # Looked back at, the same notices have gone out.
    again = {
        (one.subject.id, str(one.expected.planned.offset))
        for one in await _foreseen(world)
        if one.expected.end.cause == "time"
    }
    assert again == expected


async def test_a_draft_is_seen_when_it_is_asked_for_and_beyond_the_horizon(world: World) -> None:
    await world.plan("draft", status="draft")
    await world.milestone("2026-06-30", plan="draft")
    years = Span(at("2024-10-01T00:00"), at("2027-01-01T00:00"))
    assert await _foreseen(world, span=years) == []
    found = await _foreseen(world, span=years, plan="draft")
    assert _short(found) == [
        (day, offset, "draft")
        for day, offset in (
            ("2026-05-29", "-30d"), ("2026-06-23", "-7d"), ("2026-06-29", "-1d"),
            ("2026-06-30", "0d"), ("2026-07-01", "+1d"), ("2026-07-07", "+7d"),
        )
    ]  # fmt: skip
    assert all(one.expected.firing is None for one in found)


async def test_a_unit_sees_its_own_and_who_else_is_told(world: World) -> None:
    await world.milestone("2024-11-07", roles={"demo.justice": "lead", "demo.water": "support"})
    await world.milestone("2024-11-07", roles={"demo.finance": "lead"})
    found = await _foreseen(world, unit="demo.water")
    assert len(found) == 6
    assert [(each.unit, each.role, each.status) for each in found[0].standings] == [
        ("demo.justice", "lead", "pending"),
        ("demo.water", "support", "pending"),
    ]


async def test_pages_follow_each_other_without_a_gap(world: World) -> None:
    for day in ("2024-11-07", "2024-11-07", "2024-12-05"):
        await world.milestone(day)
    whole = [one.place for one in await _foreseen(world)]
    assert len(whole) == 18
    assert whole == sorted(whole)
    paged: list[Place] = []
    while page := await _foreseen(world, after=paged[-1] if paged else None, limit=4):
        paged += [one.place for one in page]
    assert paged == whole


async def test_a_preview_writes_nothing_and_locks_nobody_out(world: World) -> None:
    task = await world.milestone("2024-11-07")
    before = await world.ledger()
    async with world.database.read() as session:
        wanted = Wanted(span=AUTUMN)
        await preview(session, COMMAND, wanted=wanted, limit=10, zone=ZoneInfo("UTC"), now=world.now)
        await world.say(task, "submitted")  # while the reader is still there
    assert [row.id for row in await world.ledger()] == [row.id for row in before]


async def test_endpoints_are_for_administrators(world: World) -> None:
    await world.milestone("2024-11-07")
    assert {one.told for one in await _foreseen(world, actor=READER)} == {None}
    assert {one.told for one in await _foreseen(world)} == {()}
    with pytest.raises(Denied):
        await _foreseen(world, actor=PUBLIC)


async def test_what_cannot_be_asked_is_refused_with_its_field(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    start = AUTUMN.start
    for span in (Span(start, start), Span(start, start + timedelta(days=1831))):
        with pytest.raises(Invalid) as raised:
            await _foreseen(world, span=span)
        assert [fault.path for fault in raised.value.faults] == ["to"]
    with pytest.raises(NotFound):
        await _foreseen(world, plan="nowhere")
    with pytest.raises(NotFound):
        await _foreseen(world, unit="demo.nobody")
    await world.milestone("2024-11-07")
    await world.milestone("2024-11-07")
    monkeypatch.setattr(foreseeing, "MOST_AT_ONCE", 1)
    with pytest.raises(Invalid, match="name a plan or a unit"):
        await _foreseen(world)
