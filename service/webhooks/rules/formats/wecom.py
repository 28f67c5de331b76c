"""企业微信 WeCom, group robot (群机器人, developer.work.weixin.qq.com/document/path/91770 and 99110).

Its rules: POST of `{"msgtype": "markdown", "markdown": {"content"}}`; content at most 4,096 bytes of UTF-8; a subset of
markdown (headings, bold, links, `code`, quotes, `<font color="info|comment|warning">`); `<@userid>` in the content
mentions somebody; at most 20 messages a minute a robot; no signature, the key in the address is the secret. Answers are
200 with `errcode` (global codes, path/90313): 0; -1 busy; 45009 and 45033 too often; 93000 address invalid or robot
removed from its group, 93004 robot stopped, 93008 not in the group.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from service.webhooks.rules.formats.cards import card
from service.webhooks.rules.formats.request import JSON, Format, FormatName, Limits, Message, Request
from service.webhooks.rules.formats.robots import Codes, judge_robot, left_out
from service.webhooks.rules.formats.text import fit, harmless, safe_link
from service.webhooks.rules.formats.wording import KEYWORD, Card, Line, Urgency
from service.webhooks.rules.outcome import Answer, Judgement
from service.webhooks.rules.payload import to_bytes

MOST_CONTENT = 4096  # bytes

CODES = Codes(
    vendor="WeCom",
    fields=("errcode",),
    throttled=frozenset({45009, 45033}),
    gone=frozenset({93000, 93004, 93008}),
    pause=timedelta(minutes=1),
    says={
        -1: "busy at the moment",
        40008: "kind of message not accepted",
        40058: "content not accepted, or too long",
        44004: "content empty",
        45009: "more than 20 messages a minute",
        45033: "too many at once",
        93000: "address invalid, or robot removed from its group",
        93004: "robot stopped",
        93008: "robot not in the group",
    },
)

_COLOUR = {Urgency.CALM: "comment", Urgency.SOON: "info", Urgency.TODAY: "warning", Urgency.LATE: "warning"}


def write(message: Message) -> Request:
    """The request for one attempt."""
    content = content_of(card(message.event, zone=message.zone))
    body = to_bytes({"msgtype": "markdown", "markdown": {"content": content}})
    return Request("POST", message.url, {"content-type": JSON}, body)


def content_of(shown: Card) -> str:
    """The card as WeCom's markdown, at most `MOST_CONTENT` bytes: what does not fit is counted."""
    lines = [_line(line) for line in shown.lines] + [f"> {harmless(entry)}" for entry in shown.entries]
    return fit(lines, lambda kept: _content(shown, kept, len(lines)).encode("utf-8"), most_bytes=MOST_CONTENT).decode()


def _content(shown: Card, kept: Sequence[str], total: int) -> str:
    link = safe_link(shown.link)
    colour = _COLOUR[shown.urgency]
    return "\n".join(
        [
            f'**【{KEYWORD}】**<font color="{colour}">{harmless(shown.headline)}</font>',
            *([f"**{harmless(shown.title)}**"] if shown.title else []),
            *kept,
            *(f"> {line}" for line in left_out(len(kept), total)),
            *([f"[查看详情]({link})"] if link else []),
        ]
    )


def _line(line: Line) -> str:
    return f'> {line.label}：<font color="comment">{harmless(line.value)}</font>'


def judge(answer: Answer, now: datetime) -> Judgement:
    """By `errcode`, once the status is 200."""
    return judge_robot(answer, CODES, now=now)


FORMAT = Format(
    name=FormatName.WECOM,
    limits=Limits(per_minute=20, most_bytes=MOST_CONTENT),
    signed=False,
    write=write,
    judge=judge,
)
