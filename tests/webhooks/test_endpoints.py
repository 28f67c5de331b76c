"""Endpoints as fan-out and the sender see them: who wants what, and everything that an attempt needs."""

from collections.abc import Sequence, Set
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.gate.transaction import change
from service.kit.actor import Actor
from service.kit.database import Database, Session
from service.units import actions as units
from service.units.models import Jurisdiction
from service.units.store import get_locked
from service.webhooks.actions.endpoints import Listeners, targets
from service.webhooks.actions.enrolling import Address, Setting, create_endpoint, retire_endpoint, update_endpoint
from service.webhooks.actions.sealing import Seals
from service.webhooks.actions.signing import ensure_key, published_keys, rotate_keys, signing_keys
from service.webhooks.models import Endpoint
from service.webhooks.rules.asking import Asked
from service.webhooks.rules.formats.request import FormatName
from service.webhooks.rules.published_keys import PublishedKey
from service.webhooks.rules.signature import public_half, signed_headers, verify
from service.webhooks.rules.words import Rhythm, Signing

SEALS = Seals.of("a secret of the service")
DAY = timedelta(days=1)


@pytest.fixture
def setting(now: datetime) -> Setting:
    return Setting(SEALS, "Asia/Shanghai", now)


async def _town(session: Session, actor: Actor, *, now: datetime) -> None:
    for code, parent in (("a", None), ("a-town", "a"), ("b", None)):
        values: dict[str, Any] = {"name": code, "aliases": [], "parent": parent}
        await units.create_jurisdiction(session, actor, code=code, values=values, now=now)


async def _make(
    session: Session, actor: Actor, setting: Setting, *, asked: Asked | None = None, now: datetime, **values: Any
) -> Endpoint:
    headers = values.pop("headers", {})
    made = await create_endpoint(
        session,
        actor,
        address=Address("https://oa.example/hook", "oa.example"),
        asked=asked or Asked(),
        headers=headers,
        values=values,
        setting=setting,
        now=now,
    )
    return made.row


async def test_listeners_have_their_subtrees_resolved(
    session: Session, actor: Actor, setting: Setting, now: datetime
) -> None:
    await _town(session, actor, now=now)
    below = await _make(session, actor, setting, jurisdictions=["a"], rhythm=Rhythm.DAILY.value, now=now)
    bound = Actor(kind="key", name="office", scopes=frozenset({"admin"}), jurisdiction="a-town")
    own = await _make(session, bound, setting, types=["plan.*"], now=now)
    found = {each.endpoint: each for each in await Listeners().ask(session)}
    assert found[below.id].filter.jurisdictions == {"a", "a-town"}
    assert found[below.id].rhythm is Rhythm.DAILY
    assert found[own.id].filter.jurisdictions == {"a-town"}
    assert found[own.id].filter.types == {"plan.*"}


async def test_what_is_kept_of_listeners_follows_every_change(
    database: Database, actor: Actor, setting: Setting, now: datetime
) -> None:
    """Also one that another process has made: nobody is told, the revisions tell."""
    listeners = Listeners()

    async def ask() -> Sequence[Set[str]]:
        async with database.read() as session:
            return [each.filter.jurisdictions for each in await listeners.ask(session)]

    async with change(database, now=now) as session:
        await _town(session, actor, now=now)
        made = await _make(session, actor, setting, jurisdictions=["a"], now=now)
    assert await ask() == [{"a", "a-town"}]
    async with database.read() as session:
        assert await listeners.ask(session) is await listeners.ask(session)  # nothing is read anew
    async with change(database, now=now) as session:
        town = await get_locked(session, Jurisdiction, "a-town")
        await units.update(session, actor, town, changes={"parent": "b"}, now=now)
    assert await ask() == [{"a"}]
    async with change(database, now=now) as session:
        row = await session.get_one(Endpoint, made.id)
        await update_endpoint(
            session, actor, row, changes={"jurisdictions": ["b"]}, address=None, setting=setting, now=now
        )
    assert await ask() == [{"b", "a-town"}]
    async with change(database, now=now) as session:
        row = await session.get_one(Endpoint, made.id)
        await retire_endpoint(session, actor, row, setting=setting, now=now)
    assert await ask() == []


async def test_a_target_is_everything_that_an_attempt_needs(
    session: Session, actor: Actor, setting: Setting, now: datetime
) -> None:
    robot = Asked(format=FormatName.DINGTALK, robot_secret="SEC1")
    made = await _make(session, actor, setting, asked=robot, headers={"X-Key": "k"}, per_minute=90, now=now)
    target = (await targets(session, [made.id], seals=SEALS, now=now))[made.id]
    assert (target.url, target.headers, target.robot_secret) == ("https://oa.example/hook", {"X-Key": "k"}, "SEC1")
    assert (target.keys, target.per_minute) == ((), 20)  # the vendor bears no more
    assert not any(secret in repr(target) for secret in ("hook", "SEC1", "X-Key"))


async def test_an_endpoint_that_cannot_be_read_any_more_is_no_target(
    session: Session, actor: Actor, setting: Setting, now: datetime
) -> None:
    made = await _make(session, actor, setting, now=now)
    other = Seals.of("another secret of the service")
    assert await targets(session, [made.id], seals=other, now=now) == {}


async def test_whoever_has_the_published_key_can_check_what_is_signed_with_it(
    session: Session, actor: Actor, setting: Setting, now: datetime
) -> None:
    made = await _make(session, actor, setting, asked=Asked(signing=Signing.ASYMMETRIC), now=now)
    assert made.secret is None
    await _make(session, actor, setting, asked=Asked(signing=Signing.ASYMMETRIC), now=now)
    target = (await targets(session, [made.id], seals=SEALS, now=now))[made.id]
    (published,) = await published_keys(session, now=now)  # one key for all
    headers = signed_headers(target.keys, id="evt_1", at=now, body=b"{}")
    assert verify(headers, b"{}", [published.key], now=now).id == "evt_1"


async def test_a_new_key_is_published_a_day_before_it_signs(session: Session, now: datetime) -> None:
    every = 90 * DAY
    assert await rotate_keys(session, seals=SEALS, now=now, every=every) is None  # nobody needs one yet
    await ensure_key(session, seals=SEALS, now=now)
    (first,) = await published_keys(session, now=now)
    assert first == PublishedKey(first.key, now, None)
    assert await rotate_keys(session, seals=SEALS, now=now + 88 * DAY, every=every) is None
    assert await rotate_keys(session, seals=SEALS, now=now + 89 * DAY, every=every) is not None
    assert await rotate_keys(session, seals=SEALS, now=now + 89 * DAY, every=every) is None  # done once
    second, first = await published_keys(session, now=now + 89 * DAY)
    assert (second.from_at, first.until_at) == (now + 90 * DAY, now + 91 * DAY)
    assert await _signers(session, now=now + 89 * DAY) == [first.key]
    assert await _signers(session, now=now + 90 * DAY) == [second.key, first.key]
    assert await _signers(session, now=now + 91 * DAY) == [second.key]
    assert len(await published_keys(session, now=now + 91 * DAY)) == 1


async def _signers(session: Session, *, now: datetime) -> list[str]:
    """The public keys with which something that is signed now can be checked, the newest first."""
    return [public_half(key) for key in await signing_keys(session, seals=SEALS, now=now)]


async def test_keys_of_a_lost_secret_are_replaced_at_once(session: Session, now: datetime) -> None:
    await ensure_key(session, seals=Seals.of("the secret before"), now=now)
    assert await _signers(session, now=now) == []
    made = await rotate_keys(session, seals=SEALS, now=now)
    assert made is not None
    assert await _signers(session, now=now) == [made.public]
