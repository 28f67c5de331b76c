"""The world of reminders with endpoints: what becomes an event, to whom it goes, how it is claimed and settled."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import col, select, update

from service.gate.transaction import change
from service.kit.actor import COMMAND
from service.kit.database import Session
from service.reminders.actions.firing import fire_due
from service.webhooks.actions.claiming import Claim, Claimed, claim
from service.webhooks.actions.endpoints import Listeners
from service.webhooks.actions.enrolling import Address, Setting, create_endpoint
from service.webhooks.actions.fanning import fan_out
from service.webhooks.actions.sealing import Seals
from service.webhooks.actions.settling import Finished, Settlement, settle
from service.webhooks.models import Attempt, Delivery, Endpoint, EndpointStanding, WebhookEvent
from service.webhooks.rules.acknowledgement import Acknowledgement
from service.webhooks.rules.asking import Asked
from service.webhooks.rules.outcome import Answer, judge_answer, judge_failure
from service.webhooks.rules.words import Outcome
from tests.conftest import SECRET
from tests.reminders.world import World

# Deliveries live in real time, which has nothing to do with the world's clock. Tests that step through it begin here.
REAL = datetime(2030, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SEALS = Seals.of(SECRET)


class Post(World):
    """A world whose facts go out. `real` is the instant of deliveries, set by tests."""

    real: datetime = REAL

    async def settle_in(self) -> None:
        """A jurisdiction with units and a plan, of which everybody who listens has heard long ago."""
        await World.settle(self)
        await self.fan()

    async def endpoint(self, url: str = "http://127.0.0.1:9/hook", **values: Any) -> str:
        """A new endpoint; its id."""
        asked = Asked(**{name: values.pop(name) for name in ("format", "signing") if name in values})
        async with self.change() as session:
            setting = Setting(SEALS, "Asia/Shanghai", self.real)
            made = await create_endpoint(
                session,
                COMMAND,
                address=Address(url, "127.0.0.1"),
                asked=asked,
                headers=values.pop("headers", {}),
                values=values,
                setting=setting,
                now=self.now,
            )
            return made.row.id

    async def fire(self, text: str = "", *, limit: int = 1000) -> None:
        """Go to a civil time, end what is due and fan it out, as a tick does."""
        if text:
            self.set(text)

        async def lastly(session: Session) -> None:
            await fan_out(session, now=self.now, limit=limit, real=self.real)

        async with change(self.database, now=self.now, lastly=lastly) as session:
            await fire_due(session, now=self.now)

    async def fan(self, *, limit: int = 1000, speed: float = 1.0, listeners: Listeners | None = None) -> int:
        """Fan out what waits."""
        async with self.change() as session:
            return await fan_out(session, now=self.now, limit=limit, real=self.real, speed=speed, listeners=listeners)

    async def claim(self, limit: int = 100, *, after: timedelta = SECOND) -> list[Claimed]:
        """Claim what is due after some real time has passed."""
        return list((await self.claim_all(limit, after=after)).taken)

    async def claim_all(self, limit: int = 100, *, after: timedelta = SECOND) -> Claim:
        """The same, with what a claim ended besides."""
        self.real += after
        async with self.change() as session:
            return await claim(session, limit=limit, now=self.real)

    async def end(self, *finished: Finished, after: timedelta = SECOND) -> Settlement:
        """Settle attempts after some real time."""
        self.real += after
        async with self.change() as session:
            return await settle(session, finished, service_now=self.now, now=self.real)

    def answered(
        self, claimed: Claimed, status: int = 204, wish: Acknowledgement | None = None, **headers: str
    ) -> Finished:
        """What an answer makes of an attempt."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        judgement = judge_answer(Answer(status, named), now=self.real)
        outcome = Outcome.DELIVERED if judgement.delivered else Outcome.FAILED
        return Finished(
            claimed=claimed,
            outcome=outcome,
            judgement=judgement,
            status=status,
            duration_ms=1,
            headers=named,
            wish=wish,
        )

    def hung(self, claimed: Claimed) -> Finished:
        """What silence makes of an attempt."""
        return Finished(claimed=claimed, outcome=Outcome.TOO_SLOW, judgement=judge_failure("No answer came."))

    async def events(self) -> list[WebhookEvent]:
        """Every event in the order of its fact."""
        return await self._rows(WebhookEvent, col(WebhookEvent.fact))

    async def types(self) -> list[str]:
        """The types of all events."""
        return [row.type for row in await self.events()]

    async def deliveries(self) -> list[Delivery]:
        """Every delivery in the order in which they came up."""
        return await self._rows(Delivery, col(Delivery.created_at), col(Delivery.next_at), col(Delivery.id))

    async def states(self) -> list[tuple[str, str]]:
        """Type and status of every delivery, in the order of their types."""
        return sorted((row.type, row.status) for row in await self.deliveries())

    async def attempts(self) -> list[Attempt]:
        """Every attempt."""
        return await self._rows(Attempt, col(Attempt.delivery), col(Attempt.number))

    async def standing(self, endpoint: str) -> EndpointStanding:
        """How an endpoint fares."""
        rows: list[EndpointStanding] = await self._rows(EndpointStanding)
        return next(row for row in rows if row.endpoint == endpoint)

    async def alter(self, endpoint: str, **values: Any) -> None:
        """Change columns of an endpoint, as the API does."""
        async with self.change() as session:
            raised = {"revision": col(Endpoint.revision) + 1}
            await session.exec(update(Endpoint).where(col(Endpoint.id) == endpoint).values(**values, **raised))

    async def _rows(self, table: type[Any], *order: Any) -> list[Any]:
        async with self.database.read() as session:
            return list((await session.exec(select(table).order_by(*order))).all())


def only(found: Sequence[Any]) -> Any:
    """The one that there is."""
    (one,) = found
    return one
