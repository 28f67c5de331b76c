"""Where attempts go, kept from one claim to the next: opening what is sealed takes longer than all else of a claim."""

from collections.abc import Collection
from datetime import datetime, timedelta

from service.kit.database import Session
from service.webhooks.actions.endpoints import Target, targets
from service.webhooks.actions.sealing import Seals
from service.webhooks.store import endpoints as store

KEPT = timedelta(seconds=10)  # secrets overlap and keys begin to sign at instants, which no revision tells of


class Targets:
    """What attempts need of their endpoints: one a process.

    Asked within the transaction of a claim. Whether an endpoint has changed is found out by one cheap query, as for
    `endpoints.Listeners`.
    """

    def __init__(self, seals: Seals) -> None:
        self._seals = seals
        self._version: tuple[int, int] | None = None
        self._read_at: datetime | None = None
        self._kept: dict[str, Target] = {}

    async def ask(self, session: Session, ids: Collection[str], *, now: datetime) -> dict[str, Target]:
        """Endpoint → its target, where it can be read. `now` is the host's real instant."""
        version = await store.revisions(session)
        if version != self._version or self._read_at is None or not now - KEPT <= self._read_at <= now:
            self._kept, self._version, self._read_at = {}, version, now
        missing = [id for id in ids if id not in self._kept]
        if missing:
            self._kept |= await targets(session, missing, seals=self._seals, now=now)
        return {id: self._kept[id] for id in ids if id in self._kept}
