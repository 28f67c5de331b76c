"""One attempt to deliver: what is sent, and what is made of what comes back. No transaction is open meanwhile."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import structlog

from service.gate.state import Gate
from service.kit.failpoints import failpoint
from service.kit.outbound.client import Answer, Outbound
from service.kit.outbound.errors import BadAnswer, OutboundError, Refused, TooSlow, Unreachable
from service.webhooks.actions.claiming import DEADLINE, Claimed
from service.webhooks.actions.endpoints import Target
from service.webhooks.actions.settling import Finished
from service.webhooks.rules import outcome as outcomes
from service.webhooks.rules.acknowledgement import Acknowledgement, read_acknowledgement
from service.webhooks.rules.formats import standard
from service.webhooks.rules.formats.known import FORMATS
from service.webhooks.rules.formats.request import FormatName, Message, Request, with_headers
from service.webhooks.rules.outcome import Judgement, judge_failure
from service.webhooks.rules.stored import body_of, event_of
from service.webhooks.rules.words import Outcome

_log = structlog.stdlib.get_logger("milepost.runner")

UNREADABLE = "the secrets of this endpoint cannot be read: the service's own secret is another one now"
_OUTCOMES: dict[type[OutboundError], Outcome] = {
    Refused: Outcome.REFUSED,
    Unreachable: Outcome.UNREACHABLE,
    TooSlow: Outcome.TOO_SLOW,
    BadAnswer: Outcome.BAD_ANSWER,
}


@dataclass(frozen=True, slots=True)
class Attempting:
    """Makes attempts, each within `deadline_s` seconds altogether. One a process."""

    gate: Gate
    outbound: Outbound
    deadline_s: float = DEADLINE.total_seconds()

    async def make(self, claimed: Claimed, target: Target | None) -> Finished:
        """Make one attempt. Whatever happens, it comes to an end that can be settled."""
        if target is None:
            return _failed(claimed, Outcome.REFUSED, UNREADABLE)
        try:
            finished = await self._send(claimed, target)
        except OutboundError as error:
            finished = _not_reached(claimed, error)
        except Exception as error:  # noqa: BLE001 - a mistake of ours with one message must not end all the others
            _log.exception("an attempt failed by a mistake of ours", delivery=claimed.delivery)
            finished = not_sent(claimed, f"a mistake of ours: {type(error).__name__}")
        self.gate.metrics.attempts.labels(finished.outcome.value).inc()
        return finished

    async def _send(self, claimed: Claimed, target: Target) -> Finished:
        """Raises OutboundError, BadKey."""
        request = self._request(claimed, target)
        failpoint("deliver.sending")
        answer = await self.outbound.send(
            request.method,
            request.url,
            headers=request.headers,
            body=request.body,
            deadline_s=self.deadline_s,
        )
        failpoint("deliver.sent")
        received = outcomes.Answer(answer.status, answer.headers, answer.body)
        judgement = FORMATS[target.format].judge(received, self.gate.host_clock.now())
        return Finished(
            claimed=claimed,
            outcome=Outcome.DELIVERED if judgement.delivered else Outcome.FAILED,
            judgement=judgement,
            status=answer.status,
            duration_ms=answer.duration_ms,
            # PostgreSQL keeps no NUL in JSON; a receiver must not be able to make its own attempt unsettleable.
            headers={name: value.replace("\0", "") for name, value in answer.headers.items()},
            body=answer.body,
            truncated=answer.truncated,
            wish=self._wish(claimed, answer) if judgement.delivered else None,
        )

    def _request(self, claimed: Claimed, target: Target) -> Request:
        """What is sent: the instant is the host's real one, which receivers compare with theirs. Raises BadKey."""
        source, sent_at = self.gate.settings.public_url, self.gate.host_clock.now()
        if target.format is FormatName.STANDARD:
            body = body_of(claimed.message, claimed.position, source=source)
            request = standard.write_body(body, id=claimed.event, url=target.url, keys=target.keys, sent_at=sent_at)
        else:
            message = Message(
                event=event_of(claimed.event, claimed.message, source=source),
                url=target.url,
                sent_at=sent_at,
                keys=target.keys,
                robot_secret=target.robot_secret,
                position=claimed.position,
                source=source,
                zone=self.gate.settings.timezone,
            )
            request = FORMATS[target.format].write(message)
        return with_headers(request, target.headers) if target.headers else request

    def _wish(self, claimed: Claimed, answer: Answer) -> Acknowledgement | None:
        if not claimed.is_notice or not answer.body:
            return None
        return read_acknowledgement(answer.body, today=_today(claimed.message, self.gate.clock.now()))


def _today(message: str, now: datetime) -> date:
    """The civil date where the plan is."""
    zone: str = json.loads(message)["data"]["occurrence"]["time_zone"]
    return now.astimezone(ZoneInfo(zone)).date()


def _not_reached(claimed: Claimed, error: OutboundError) -> Finished:
    return Finished(
        claimed=claimed,
        outcome=next((each for kind, each in _OUTCOMES.items() if isinstance(error, kind)), Outcome.FAILED),
        judgement=judge_failure(error.reason),
        status=error.status if isinstance(error, TooSlow) else None,
        duration_ms=error.duration_ms,
    )


def not_sent(claimed: Claimed, reason: str) -> Finished:
    """An attempt that came to nothing through no fault of the endpoint's."""
    judgement = Judgement(delivered=False, reason=reason, counts=False)
    return Finished(claimed=claimed, outcome=Outcome.FAILED, judgement=judgement)


def _failed(claimed: Claimed, outcome: Outcome, reason: str) -> Finished:
    return Finished(claimed=claimed, outcome=outcome, judgement=judge_failure(reason))
