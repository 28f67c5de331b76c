"""Standard Webhooks 1.0.0: `{"type", "timestamp", "data"}`, signed in three headers."""

from datetime import datetime

from service.webhooks.rules.formats.request import Format, FormatName, Limits, Message, Request
from service.webhooks.rules.outcome import Answer, Judgement, judge_answer
from service.webhooks.rules.payload import event_body
from service.webhooks.rules.signature import signed_headers


def write(message: Message) -> Request:
    """The request for one attempt. Raises BadKey."""
    body = event_body(message.event, message.position)
    headers = signed_headers(message.keys, id=message.event.id, at=message.sent_at, body=body)
    return Request("POST", message.url, {"content-type": "application/json"} | headers, body)


def judge(answer: Answer, now: datetime) -> Judgement:
    """By status and headers alone."""
    return judge_answer(answer, now=now)


FORMAT = Format(name=FormatName.STANDARD, limits=Limits(), signed=True, write=write, judge=judge)
