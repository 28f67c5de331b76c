"""Endpoints as the journal keeps them: whatever people may read, and nothing that opens or signs anything."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from service.journal.actions import record
from service.journal.kinds import Kind
from service.journal.models import JournalEntry
from service.kit.actor import Actor
from service.kit.database import Session
from service.kit.seal import Unreadable
from service.webhooks.actions.sealing import Seals, read_headers
from service.webhooks.models import Endpoint
from service.webhooks.rules.asking import shown_address
from service.webhooks.rules.formats.request import FormatName

_KEPT = (
    "label",
    "host",
    "format",
    "types",
    "jurisdictions",
    "plans",
    "units",
    "roles",
    "kinds",
    "signing",
    "rhythm",
    "digest_weekday",
    "numbered",
    "checkpoint",
    "per_minute",
    "concurrency",
    "paused",
)


def shown_url(row: Endpoint, *, seals: Seals) -> str | None:
    """Its address as it may be shown; None: it was sealed with another secret of the service."""
    try:
        url = seals.address.open(row.url).decode()
    except Unreadable:
        return None
    return shown_address(url, form=FormatName(row.format))


def header_names(row: Endpoint, *, seals: Seals) -> list[str]:
    """The names of the headers that are added; their values are never shown."""
    try:
        return sorted(read_headers(row.headers, by=seals.headers))
    except Unreadable:
        return []


def snapshot(row: Endpoint, *, seals: Seals) -> dict[str, Any]:
    """An endpoint in JSON."""
    told = {name: getattr(row, name) for name in _KEPT}
    return told | {
        "url": shown_url(row, seals=seals),
        "headers": header_names(row, seals=seals),
        "robot_secret": row.robot_secret is not None,
        "digest_at": f"{row.digest_at:%H:%M}",
        "former_until": row.former_until.isoformat() if row.former_until else None,
        "retired_at": row.retired_at.isoformat() if row.retired_at else None,
    }


def note(
    session: Session,
    actor: Actor,
    row: Endpoint,
    *,
    kind: Kind,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    now: datetime,
) -> JournalEntry:
    """Record a fact about an endpoint."""
    return record(
        session, actor, kind=kind, subject=row.id, jurisdiction=row.jurisdiction, before=before, after=after, now=now
    )
