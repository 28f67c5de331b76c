"""飞书 Feishu (Lark), custom group robot (自定义机器人, open.feishu.cn/document/client-docs/bot-v3/add-custom-bot).

Its rules: POST of `{"msg_type": "interactive", "card"}`; a request at most 20 KB; 5 messages a second and 100 a minute,
better not on the full or half hour; with 签名校验, `timestamp` (seconds, as text, within an hour) and `sign` stand in
the body: base64 of HMAC-SHA256 over nothing, with `{timestamp}\\n{secret}` as its key. Answers are 200 with `code`: 0;
11232 too often; 19001 no such robot; 19021 signature, 19022 sender's address, 19024 keyword refused; 9499 not
understood.

In a card `plain_text` is shown as it is, `lark_md` would read `<at id=all></at>` as a mention: so whatever comes from
elsewhere stands in `plain_text` and needs no escape.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from service.webhooks.rules.formats.cards import card
from service.webhooks.rules.formats.request import JSON, Format, FormatName, Limits, Message, Request
from service.webhooks.rules.formats.robots import Codes, judge_robot, left_out
from service.webhooks.rules.formats.text import fit, one_line, safe_link
from service.webhooks.rules.formats.wording import KEYWORD, Card, Urgency
from service.webhooks.rules.outcome import Answer, Judgement
from service.webhooks.rules.payload import to_bytes

MOST_BODY_BYTES = 20_000

CODES = Codes(
    vendor="Feishu",
    fields=("code", "StatusCode"),  # the second in answers of older robots
    throttled=frozenset({11232}),
    gone=frozenset({19001}),
    pause=timedelta(minutes=1),
    says={
        9499: "request not understood",
        11232: "more than 5 messages a second or 100 a minute",
        19001: "no such robot: removed from its group, or a wrong address",
        19021: "signature refused: a wrong secret, or a clock that is off",
        19022: "sender's address refused",
        19024: "keyword missing",
        19036: "message too long",
    },
)

_TEMPLATE = {Urgency.CALM: "blue", Urgency.SOON: "turquoise", Urgency.TODAY: "orange", Urgency.LATE: "red"}


def write(message: Message) -> Request:
    """The request for one attempt; signed where the robot has a secret."""
    shown = card(message.event, zone=message.zone)
    signed: dict[str, Any] = {}
    if message.robot_secret:
        seconds = str(int(message.sent_at.timestamp()))
        signed = {"timestamp": seconds, "sign": sign(message.robot_secret, seconds)}
    body = fit(
        shown.entries,
        lambda entries: to_bytes({**signed, "msg_type": "interactive", "card": _card(shown, entries)}),
        most_bytes=MOST_BODY_BYTES,
    )
    return Request("POST", message.url, {"content-type": JSON}, body)


def _card(shown: Card, entries: Sequence[str]) -> dict[str, Any]:
    lines = [f"{line.label}：{one_line(line.value)}" for line in shown.lines]
    listed = [*(f"• {one_line(entry)}" for entry in entries), *left_out(len(entries), len(shown.entries))]
    elements = [
        _text(one_line(shown.title)),
        _text("\n".join(lines)),
        *([{"tag": "hr"}] if listed else []),
        _text("\n".join(listed)),
    ]
    if link := safe_link(shown.link):
        button = {"tag": "button", "type": "primary", "text": _plain("查看详情"), "url": link}
        elements.append({"tag": "action", "actions": [button]})
    return {
        "config": {"wide_screen_mode": True},
        "header": {
            "template": _TEMPLATE[shown.urgency],
            "title": _plain(f"【{KEYWORD}】{one_line(shown.headline)}"),
        },
        "elements": [element for element in elements if element],
    }


def _text(content: str) -> dict[str, Any]:
    return {"tag": "div", "text": _plain(content)} if content else {}


def _plain(content: str) -> dict[str, str]:
    return {"tag": "plain_text", "content": content}


def sign(secret: str, seconds: str) -> str:
    """Base64 of HMAC-SHA256 over no bytes at all; time and secret are its key."""
    return base64.b64encode(hmac.digest(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256)).decode("ascii")


def judge(answer: Answer, now: datetime) -> Judgement:
    """By `code`, once the status is 200."""
    return judge_robot(answer, CODES, now=now)


FORMAT = Format(
    name=FormatName.FEISHU,
    limits=Limits(per_minute=100, per_second=5, most_bytes=MOST_BODY_BYTES),
    signed=False,
    write=write,
    judge=judge,
)
