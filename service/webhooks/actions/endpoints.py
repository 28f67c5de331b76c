"""What others have to know of endpoints: where attempts go (`targets`), and who wants what (`filters`)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time

from service.kit.database import Session
from service.kit.seal import Unreadable
from service.milestones.rules import MilestoneKind, Role
from service.webhooks.actions.sealing import Seals, read, read_headers
from service.webhooks.actions.signing import signing_keys
from service.webhooks.models import Endpoint
from service.webhooks.rules.filters import ANY, Filter
from service.webhooks.rules.formats.known import FORMATS
from service.webhooks.rules.formats.request import FormatName
from service.webhooks.rules.reach import resolved
from service.webhooks.rules.words import Rhythm, Signing
from service.webhooks.store import endpoints as store


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Everything that one attempt needs to know of its endpoint. Nothing of it that is secret shows in its text.

    `keys` (`whsec_`, `whsk_`) are the newest first, with the former ones while they overlap; a robot has none.
    `per_minute` is the smaller of what the endpoint asks for and what its format bears; None: any number.
    """

    endpoint: str
    jurisdiction: str | None
    host: str
    url: str = field(repr=False)
    keys: tuple[str, ...] = field(repr=False)
    robot_secret: str | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    format: FormatName
    numbered: bool
    concurrency: int
    per_minute: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """An endpoint as fan-out sees it. `filter` has its jurisdictions' subtrees resolved, within the endpoint's own."""

    endpoint: str
    jurisdiction: str | None
    filter: Filter
    rhythm: Rhythm
    digest_at: time
    digest_weekday: int
    checkpoint: bool


class Listeners:
    """The listeners, kept from one fan-out to the next: one a process.

    Asked within the transaction that fans out, after it has locked the counter. What is kept is checked by one cheap
    query each time (the sums of all revisions of endpoints and jurisdictions, which every change raises), so that no
    process has to be told of what another one changed.
    """

    def __init__(self) -> None:
        self._version: tuple[int, int] | None = None
        self._kept: list[Listener] = []

    async def ask(self, session: Session, version: tuple[int, int] | None = None) -> list[Listener]:
        """Everybody who listens, as this transaction sees it; `version`: it has just asked for the revisions."""
        version = version or await store.revisions(session)
        if version != self._version:
            self._kept, self._version = await filters(session), version
        return self._kept


async def filters(session: Session) -> list[Listener]:
    """Who listens to what: every endpoint that is not retired, paused ones too; in order of their ids."""
    parents = await store.parents(session)
    found = []
    for row in await store.in_use(session):
        reach = resolved(filter_of(row), parents, home=row.jurisdiction)
        if reach is not None:
            found.append(_listener(row, reach))
    return found


def filter_of(row: Endpoint) -> Filter:
    """What an endpoint asked for, as it asked."""
    return Filter(
        types=frozenset(row.types or (ANY,)),
        jurisdictions=frozenset(row.jurisdictions),
        plans=frozenset(row.plans),
        units=frozenset(row.units),
        roles=frozenset(map(Role, row.roles)),
        kinds=frozenset(map(MilestoneKind, row.kinds)),
    )


def _listener(row: Endpoint, reach: Filter) -> Listener:
    return Listener(
        endpoint=row.id,
        jurisdiction=row.jurisdiction,
        filter=reach,
        rhythm=Rhythm(row.rhythm),
        digest_at=row.digest_at,
        digest_weekday=row.digest_weekday,
        checkpoint=row.checkpoint,
    )


async def targets(session: Session, ids: Collection[str], *, seals: Seals, now: datetime) -> dict[str, Target]:
    """Endpoint → everything that an attempt needs. `now` is the host's real instant: secrets overlap in real time.

    One whose sealed parts cannot be read is left out: the service's secret is another one than when it was made, and
    nothing can be sent there until its owner makes it anew.
    """
    rows = await store.by_id(session, ids)
    shared: tuple[str, ...] = ()
    if any(row.signing == Signing.ASYMMETRIC for row in rows):
        shared = await signing_keys(session, seals=seals, now=now)
    found = {}
    for row in rows:
        try:
            found[row.id] = _target(row, seals, shared=shared, now=now)
        except Unreadable:
            continue
    return found


def _target(row: Endpoint, seals: Seals, *, shared: tuple[str, ...], now: datetime) -> Target:
    chosen = FormatName(row.format)
    limits = [each for each in (row.per_minute, FORMATS[chosen].limits.per_minute) if each is not None]
    return Target(
        endpoint=row.id,
        jurisdiction=row.jurisdiction,
        host=row.host,
        url=seals.address.open(row.url).decode(),
        keys=shared if row.signing == Signing.ASYMMETRIC else _keys(row, seals, now=now),
        robot_secret=read(row.robot_secret, by=seals.robot_secret),
        headers=read_headers(row.headers, by=seals.headers),
        format=chosen,
        numbered=row.numbered,
        concurrency=row.concurrency,
        per_minute=min(limits, default=None),
    )


def _keys(row: Endpoint, seals: Seals, *, now: datetime) -> tuple[str, ...]:
    former = row.former_secret if row.former_until is not None and now < row.former_until else None
    return tuple(text for each in (row.secret, former) if (text := read(each, by=seals.secret)) is not None)
