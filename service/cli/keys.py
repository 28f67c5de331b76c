"""`milepost keys create|list|revoke`: API keys."""

import argparse
import asyncio
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from service.access import actions, store
from service.access.models import ApiKey
from service.cli.opening import opened
from service.gate.jurisdictions import require_jurisdiction
from service.kit.actor import COMMAND
from service.kit.errors import invalid

_ALL = 10_000


def declare(commands: Any) -> None:
    """Add the commands."""
    keys = commands.add_parser("keys", help="API keys").add_subparsers(metavar="COMMAND", required=True)
    create = keys.add_parser("create", help="make a key; it is shown once")
    create.add_argument("--name", required=True, help="who or what uses it")
    create.add_argument(
        "--scope",
        required=True,
        action="append",
        help="read, edit, admin or report:UNIT; may be given several times",
    )
    create.add_argument("--jurisdiction", help="bound to this jurisdiction and those below it")
    create.add_argument("--expires", metavar="INSTANT", help="until when it holds, such as 2026-12-31T18:00")
    create.set_defaults(run=lambda options: asyncio.run(_create(options)))
    listing = keys.add_parser("list", help="the keys, without what is secret in them")
    listing.set_defaults(run=lambda _options: asyncio.run(_list()))
    revoke = keys.add_parser("revoke", help="make a key useless from now on")
    revoke.add_argument("id", help="the key's id, such as key_4xq2…")
    revoke.set_defaults(run=lambda options: asyncio.run(_revoke(options.id)))


async def _create(options: argparse.Namespace) -> None:
    async with opened() as house:
        async with house.change() as (session, now):
            await require_jurisdiction(session, options.jurisdiction)
            made = await actions.create_key(
                session,
                COMMAND,
                name=options.name,
                scopes=options.scope,
                jurisdiction=options.jurisdiction,
                expires_at=_instant(options.expires, zone=house.settings.timezone),
                now=now,
            )
        # After the commit, so that no key is shown that does not exist; alone on standard output, for scripts.
        print(made.secret)


async def _list() -> None:
    async with opened() as house, house.database.read() as session:
        for key in await store.list_keys(session, jurisdiction=None, after=None, limit=_ALL):
            print(_line(key))


async def _revoke(key_id: str) -> None:
    async with opened() as house, house.change() as (session, now):
        key = await store.get_key(session, key_id, jurisdiction=None)
        await actions.revoke_key(session, COMMAND, key, now=now)


def _line(key: ApiKey) -> str:
    standing = "revoked" if key.revoked_at else f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "valid"
    return "\t".join((key.id, f"{key.prefix}…", standing, ",".join(key.scopes), key.jurisdiction or "-", key.name))


def _instant(text: str | None, *, zone: str) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise invalid("--expires", f"'{text}' is no instant; write it like 2026-12-31T18:00") from None
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
