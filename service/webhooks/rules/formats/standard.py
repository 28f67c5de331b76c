"""Standard Webhooks 1.0.0: `{"type", "timestamp", "data"}`, signed in three headers."""

from collections.abc import Iterable
from datetime import datetime

from service.webhooks.rules.formats.request import Format, FormatName, Limits, Message, Request
from service.webhooks.rules.outcome import Answer, Judgement, judge_answer
from service.webhooks.rules.payload import event_body
from service.webhooks.rules.signature import signed_headers


def write(message: Message) -> Request:
    """The request for one attempt. Raises BadKey."""
    body = event_body(message.event, message.position)
    return write_body(body, id=message.event.id, url=message.url, keys=message.keys, sent_at=message.sent_at)


def write_body(body: bytes, *, id: str, url: str, keys: Iterable[str], sent_at: datetime) -> Request:
    """The same where the body is written already, as it is for every stored event. Raises BadKey."""
    headers = signed_headers(keys, id=id, at=sent_at, body=body)
    return Request("POST", url, {"content-type": "application/json"} | headers, body)


def judge(answer: Answer, now: datetime) -> Judgement:
    """By status and headers alone."""
    return judge_answer(answer, now=now)


FORMAT = Format(name=FormatName.STANDARD, limits=Limits(), signed=True, write=write, judge=judge)
