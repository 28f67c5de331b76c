"""The administrator's way in."""

import asyncio
from datetime import datetime, timedelta

import pytest

from service.access import actions, store
from service.journal.store import FactFilter, list_facts
from service.kit.actor import SERVICE
from service.kit.database import Database, Session
from service.kit.errors import Conflict, Unknown

FIRST = "mpk_" + "a" * 43
SECOND = "mpk_" + "b" * 43


async def _enter(session: Session, secret: str, now: datetime) -> frozenset[str]:
    actor, _ = await actions.authenticate(session, secret=secret, now=now)
    return actor.scopes


async def test_where_there_is_no_key_one_is_made_and_told_once(session: Session, now: datetime) -> None:
    secret = await actions.ensure_admin_key(session, configured=None, now=now)
    assert secret
    assert "admin" in await _enter(session, secret, now)
    assert await actions.ensure_admin_key(session, configured=None, now=now) is None


async def test_replicas_that_start_together_make_one_key(database: Database, now: datetime) -> None:
    async def start() -> str | None:
        async with database.write() as session:
            return await actions.ensure_admin_key(session, configured=None, now=now)

    made = [secret for secret in await asyncio.gather(*(start() for _ in range(5))) if secret]
    assert len(made) == 1


async def test_replicas_that_start_together_take_one_key_from_the_environment(
    database: Database, now: datetime
) -> None:
    async def start() -> None:
        async with database.write() as session:
            await actions.ensure_admin_key(session, configured=FIRST, now=now)

    await asyncio.gather(*(start() for _ in range(5)))
    async with database.read() as session:
        assert len(await store.keys_named(session, actions.ENVIRONMENT_KEY)) == 1


async def test_a_new_key_in_the_environment_replaces_the_one_before(session: Session, now: datetime) -> None:
    await actions.ensure_admin_key(session, configured=FIRST, now=now)
    await actions.ensure_admin_key(session, configured=SECOND, now=now + timedelta(days=1))
    assert "admin" in await _enter(session, SECOND, now)
    with pytest.raises(Unknown):
        await _enter(session, FIRST, now)


async def test_a_key_of_the_environment_that_was_revoked_stays_revoked(session: Session, now: datetime) -> None:
    await actions.ensure_admin_key(session, configured=FIRST, now=now)
    (key,) = await store.keys_named(session, actions.ENVIRONMENT_KEY)
    await actions.revoke_key(session, SERVICE, key, now=now)
    with pytest.raises(Conflict, match="MILEPOST_ADMIN_KEY"):
        await actions.ensure_admin_key(session, configured=FIRST, now=now)


async def test_revoking_twice_is_one_fact(session: Session, now: datetime) -> None:
    made = await actions.create_key(session, SERVICE, name="x", scopes=["read"], now=now)
    for _ in range(2):
        await actions.revoke_key(session, SERVICE, made.key, now=now)
    facts = await list_facts(session, where=FactFilter(subject=made.key.id), before_id=None, limit=9)
    assert [fact.kind for fact in facts] == ["key.revoked", "key.created"]


async def test_no_key_is_kept_in_a_form_that_opens_anything(session: Session, now: datetime) -> None:
    made = await actions.create_key(session, SERVICE, name="x", scopes=["read"], now=now)
    kept = str(made.key.model_dump())
    assert made.secret not in kept
    assert made.secret not in repr(made)
    assert made.key.prefix == made.secret[:8]
