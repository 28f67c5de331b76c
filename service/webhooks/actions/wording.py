"""What the events of notices say, as far as it can be said before they go out."""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from service.kit.database import Session
from service.reminders.actions.telling import Draft
from service.webhooks.rules.notices import Around, Json, notice_middle
from service.webhooks.store import subjects as store

_READY = "milepost_middles_ready"

Lookup = Callable[[str], str | None]


class Wordings:
    """Middles of events, made ready together with the drafts of their notices, and good as long as those are."""

    def __init__(self) -> None:
        self._ready: dict[str, str] = {}

    async def add(self, session: Session, drafts: Sequence[Draft]) -> None:
        """Make those of some drafts ready."""
        self._ready |= await write_middles(
            session, [(each.ahead(), each.one.jurisdiction) for each in drafts if each.told]
        )

    def clear(self) -> None:
        """Forget all of them."""
        self._ready = {}

    def lend(self, session: Session, drafts: Container[str]) -> None:
        """Let the followers of this transaction have those whose draft is still good."""

        def look_up(firing: str) -> str | None:
            return self._ready.get(firing) if firing in drafts else None

        session.info[_READY] = look_up


def middles_of(session: Session) -> Lookup:
    """Firing → what was made ready for it; None: nothing."""
    found: Lookup = session.info.get(_READY, _nothing)
    return found


def _nothing(_firing: str) -> None:
    return None


async def write_middles(session: Session, those: Sequence[tuple[Mapping[str, Any], str | None]]) -> dict[str, str]:
    """Firing → its `notice_middle`; of what facts say, each with its jurisdiction."""
    if not those:
        return {}
    told: list[Json] = [one for one, _ in those]
    plans = await store.plans_of(session, {one["plan"] for one in told})
    around = Around(
        milestones=await store.words_of(session, {one["milestone"] for one in told}),
        numbers={slug: plan.number for slug, plan in plans.items()},
        names=await store.names_of(session, {unit["code"] for one in told for unit in one["units"]}),
    )
    return {
        one["notice"]["firing"]: notice_middle(one, around, jurisdiction=jurisdiction) for one, jurisdiction in those
    }
