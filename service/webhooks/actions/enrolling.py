"""Making, changing and retiring endpoints. What the journal keeps of them has nothing secret in it.

Two clocks: `now` is the service's, which people read; `real_now` the host's, which deliveries and overlaps follow.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.access.rules import require_scope
from service.journal.kinds import Kind
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.errors import Conflict, Fault, require
from service.kit.ids import new_id
from service.kit.outbound.errors import Refused
from service.kit.outbound.headers import check_header
from service.kit.seal import Unreadable
from service.webhooks.actions.bounds import check_reach
from service.webhooks.actions.sealing import Seals, close, close_headers, read
from service.webhooks.actions.showing import note, snapshot
from service.webhooks.actions.signing import ensure_key
from service.webhooks.models import Endpoint, EndpointStanding
from service.webhooks.rules.asking import Asked, check_asked, check_headers, check_robot_secret, is_robot
from service.webhooks.rules.digest import next_window
from service.webhooks.rules.events import Cadence
from service.webhooks.rules.formats.request import FormatName
from service.webhooks.rules.signature import spell_secret
from service.webhooks.rules.words import Rhythm, Signing
from service.webhooks.store import endpoints as store
from service.webhooks.store import queue
from service.webhooks.store.events import lock_counter

SECRET_BYTES = 32

# Changing one of these changes when the next digest or checkpoint is due.
_OF_CLOCKS = frozenset({"rhythm", "digest_at", "digest_weekday", "checkpoint"})


@dataclass(frozen=True, slots=True)
class Address:
    """An address that the guard has let pass: the whole of it, and what may be shown."""

    url: str = field(repr=False)
    host: str


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An endpoint, and its secret this once; None: nothing is shared (`v1a`, robots)."""

    row: Endpoint
    secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Setting:
    """What actions of endpoints need to know of the service: what seals secrets, its zone, the host's real instant."""

    seals: Seals
    zone: str
    real_now: datetime


async def create_endpoint(
    session: Session,
    actor: Actor,
    *,
    address: Address,
    asked: Asked,
    headers: Mapping[str, str],
    values: Mapping[str, Any],
    setting: Setting,
    now: datetime,
) -> NewEndpoint:
    """A new endpoint; `values` are its other columns. Raises Invalid with every fault, Denied."""
    require_scope(actor, "admin")
    check_new(asked, headers=headers)
    await check_reach(session, values=values, home=actor.jurisdiction)
    secret = _secret_for(asked)
    row = Endpoint(
        id=new_id("ep"),
        jurisdiction=actor.jurisdiction,
        url=setting.seals.address.close(address.url.encode()),
        host=address.host,
        format=asked.format.value,
        signing=asked.signing.value,
        headers=close_headers(headers, by=setting.seals.headers),
        secret=close(secret, by=setting.seals.secret),
        robot_secret=close(asked.robot_secret, by=setting.seals.robot_secret),
        created_at=now,
        created_by=str(actor),
        updated_at=now,
        **values,
    )
    await _add(session, row, setting=setting, now=now)
    after = snapshot(row, seals=setting.seals)
    note(session, actor, row, kind=Kind.ENDPOINT_CREATED, before=None, after=after, now=now)
    return NewEndpoint(row, secret)


def check_new(asked: Asked, *, headers: Mapping[str, str]) -> None:
    """What can be said of a new endpoint before anybody is asked. Raises Invalid with every fault."""
    require([*check_asked(asked), *_header_faults(headers)])


async def _add(session: Session, row: Endpoint, *, setting: Setting, now: datetime) -> None:
    if row.signing == Signing.ASYMMETRIC:
        await ensure_key(session, seals=setting.seals, now=setting.real_now)
    session.add(row)
    await session.flush()
    real = setting.real_now
    standing = EndpointStanding(endpoint=row.id, jurisdiction=row.jurisdiction, served_at=real, allowed_at=real)
    _set_clocks(row, standing, zone=setting.zone, now=now)
    session.add(standing)
    await session.flush()


def make_secret() -> str:
    """`whsec_` and 256 random bits."""
    return spell_secret(secrets.token_bytes(SECRET_BYTES))


def _secret_for(asked: Asked) -> str | None:
    if asked.signing is Signing.ASYMMETRIC or is_robot(asked.format):
        return None
    return asked.secret or make_secret()


def _header_faults(headers: Mapping[str, str]) -> list[Fault]:
    faults = list(check_headers(headers))
    for name, value in headers.items():
        try:
            check_header(name, value)
        except Refused as refused:
            faults.append(Fault(f"headers.{name}", refused.reason))
    return faults


def _set_clocks(row: Endpoint, standing: EndpointStanding, *, zone: str, now: datetime) -> None:
    """When its next digest and checkpoint are due: from now on by what it asks for now."""
    standing.digest_at = standing.checkpoint_at = None
    if row.rhythm != Rhythm.IMMEDIATE:
        window = next_window(Cadence(row.rhythm), after=now, at=row.digest_at, zone=zone, weekday=row.digest_weekday)
        standing.digest_at = window.send_at
    if row.checkpoint:
        standing.checkpoint_at = next_window(Cadence.DAILY, after=now, at=row.digest_at, zone=zone).send_at


async def update_endpoint(
    session: Session,
    actor: Actor,
    row: Endpoint,
    *,
    changes: Mapping[str, Any],
    address: Address | None,
    setting: Setting,
    now: datetime,
) -> None:
    """Change some columns; `headers` (all of them anew) and `robot_secret` come as they are and are sealed here.

    A change that changes nothing is no change: no revision, no record. Raises Invalid, Denied, Conflict.
    """
    require_scope(actor, "admin")
    require_in_use(row)
    fields = dict(changes)
    _check_changes(row, fields)
    if fields.keys() & {"types", "jurisdictions", "plans", "units"}:
        await check_reach(session, values=fields, home=row.jurisdiction)
    before, was = snapshot(row, seals=setting.seals), row.model_dump()
    _seal(row, fields, setting.seals)
    if address is not None and address.url != _url(row, setting.seals):
        row.url, row.host = setting.seals.address.close(address.url.encode()), address.host
    for name, value in fields.items():
        setattr(row, name, value)
    if row.model_dump() == was:
        return
    row.revision, row.updated_at = row.revision + 1, now
    await session.flush()
    if any(row.model_dump()[name] != was[name] for name in _OF_CLOCKS):
        await _reset_clocks(session, row, was=was["rhythm"], setting=setting, now=now)
    after = snapshot(row, seals=setting.seals)
    note(session, actor, row, kind=Kind.ENDPOINT_UPDATED, before=before, after=after, now=now)


def _check_changes(row: Endpoint, fields: Mapping[str, Any]) -> None:
    faults = _header_faults(fields.get("headers") or {})
    if (robot_secret := fields.get("robot_secret")) is not None:
        faults += check_robot_secret(robot_secret, form=FormatName(row.format))
    require(faults)


def _seal(row: Endpoint, fields: dict[str, Any], seals: Seals) -> None:
    if "headers" in fields:
        row.headers = close_headers(fields.pop("headers") or {}, by=seals.headers)
    if "robot_secret" in fields:
        row.robot_secret = close(fields.pop("robot_secret"), by=seals.robot_secret)


async def _reset_clocks(session: Session, row: Endpoint, *, was: str, setting: Setting, now: datetime) -> None:
    standing = await store.standing_locked(session, row.id)
    _set_clocks(row, standing, zone=setting.zone, now=now)
    await session.flush()
    if row.rhythm == Rhythm.IMMEDIATE and was != Rhythm.IMMEDIATE:
        await queue.release_waiting(session, row.id, now=setting.real_now)


async def retire_endpoint(session: Session, actor: Actor, row: Endpoint, *, setting: Setting, now: datetime) -> None:
    """Take an endpoint out of use: what waits for it is cancelled, and it stays for history. Twice changes nothing.

    1. hold the endpoint's standing, as whoever claims does  2. cancel what waits  3. hold fan-out, and cancel what it
    has written meanwhile: that would be left open for ever. In this order: others hold deliveries when they fan out.
    """
    require_scope(actor, "admin")
    if row.retired_at is not None:
        return
    before = snapshot(row, seals=setting.seals)
    standing = await store.standing_locked(session, row.id)
    row.retired_at = row.updated_at = now
    row.revision += 1
    standing.digest_at = standing.checkpoint_at = None
    await session.flush()
    reason = f"its endpoint was retired by {actor}"
    await queue.cancel_open(session, row.id, reason=reason, now=setting.real_now)
    await lock_counter(session)
    await queue.cancel_open(session, row.id, reason=reason, now=setting.real_now)
    after = snapshot(row, seals=setting.seals)
    note(session, actor, row, kind=Kind.ENDPOINT_RETIRED, before=before, after=after, now=now)


def _url(row: Endpoint, seals: Seals) -> str | None:
    try:
        return read(row.url, by=seals.address)
    except Unreadable:
        return None


def require_in_use(row: Endpoint) -> None:
    """Raise Conflict where the endpoint is retired."""
    if row.retired_at is not None:
        raise Conflict("This endpoint is retired: make a new one.")
