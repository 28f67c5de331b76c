"""What the three group robots have in common: a JSON body, and answers of 200 that carry an error code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.webhooks.rules.formats.text import cut, one_line
from service.webhooks.rules.outcome import Answer, Effect, Judgement, judge_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """A vendor's error codes, by what follows from them; every other one is a failure to be tried again.

    `field`: where the code stands in the body, the first that is there. `pause`: how long a robot that was told to
    slow down is left alone.
    """

    vendor: str
    fields: tuple[str, ...]
    throttled: frozenset[int]
    gone: frozenset[int]
    pause: timedelta
    says: Mapping[int, str]


def judge_robot(answer: Answer, codes: Codes, *, now: datetime) -> Judgement:
    """By status first; then a success is only what says so in its body.

    A body without a code (a proxy's login page, say) is a failure: nobody has seen the message.
    """
    by_status = judge_answer(answer, now=now)
    if not by_status.delivered or by_status.effect is Effect.DISABLE:
        return by_status
    found = _object(answer.body)
    code = next((found[name] for name in codes.fields if isinstance(found.get(name), int)), None)
    if not isinstance(code, int) or isinstance(code, bool):
        return Judgement(delivered=False, reason=f"answered 200, but not as {codes.vendor} does")
    if code == 0:
        return Judgement(delivered=True, reason="answered 200, code 0")
    return _refused(code, codes)


def _refused(code: int, codes: Codes) -> Judgement:
    says = codes.says.get(code)
    reason = f"{codes.vendor} answered code {code}" + (f": {says}" if says else "")
    if code in codes.throttled:
        return Judgement(delivered=False, reason=reason, effect=Effect.THROTTLE, retry_after=codes.pause, counts=False)
    if code in codes.gone:
        return Judgement(delivered=False, reason=reason, effect=Effect.DISABLE)
    return Judgement(delivered=False, reason=reason)


def _object(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def left_out(shown: int, total: int) -> tuple[str, ...]:
    """The line that stands for the entries that did not fit."""
    return (f"…… 另有 {total - shown} 项未列出",) if shown < total else ()


def plain_summary(headline: str, title: str) -> str:
    """What a lock screen shows."""
    return cut(one_line(f"{headline} {title}"), 120)
