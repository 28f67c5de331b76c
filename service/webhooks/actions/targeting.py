"""Where attempts go, kept from one claim to the next: opening what is sealed takes longer than all else of a claim."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from service.kit.database import Session
from service.webhooks.actions.endpoints import Target, targets
from service.webhooks.actions.sealing import Seals

KEPT = timedelta(seconds=10)  # secrets overlap and keys begin to sign at instants, which no revision tells of


class Targets:
    """What attempts need of their endpoints: one a process. Asked within the transaction of a claim, which has read the
    endpoints' revisions: every change of one raises its own.
    """

    def __init__(self, seals: Seals) -> None:
        self._seals = seals
        self._read_at: datetime | None = None
        self._kept: dict[tuple[str, int], Target | None] = {}

    async def ask(self, session: Session, revisions: Mapping[str, int], *, now: datetime) -> dict[str, Target]:
        """Endpoint → its revision; answers its target, where that can be read. `now` is the host's real instant."""
        if self._read_at is None or not now - KEPT <= self._read_at <= now:
            self._kept, self._read_at = {}, now
        missing = [id for id, revision in revisions.items() if (id, revision) not in self._kept]
        if missing:
            found = await targets(session, missing, seals=self._seals, now=now)
            self._kept |= {(id, revisions[id]): found.get(id) for id in missing}
        return {id: target for id, revision in revisions.items() if (target := self._kept[id, revision]) is not None}
