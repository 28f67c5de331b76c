"""钉钉 DingTalk, custom group robot (自定义机器人, open.dingtalk.com/document/robots/custom-robot-access).

Its rules: POST of `{"msgtype": "markdown", "markdown": {"title", "text"}, "at"}`; `title` is what the list of chats
shows; headings, quotes, bold, links and lists, a line ends with two spaces and a line feed; people are mentioned only
where `at` names them and the text says `@`. With 加签, `timestamp` (milliseconds, within an hour) and `sign` stand in
the query: base64 of HMAC-SHA256 with the secret over `{timestamp}\\n{secret}`, percent-encoded. At most 20 messages a
minute, or the robot is cut off for ten minutes; at most 20,000 bytes a message. Answers are 200 with `errcode`: 0; -1
busy; 130101 and 410100 too often; 300005 and 400101 no such token, 400102 robot stopped, 400106 no such robot, 400013
group dissolved; 310000 signature, keyword or address refused; 460101 too long.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote_plus, urlsplit, urlunsplit

from service.webhooks.rules.formats.cards import card
from service.webhooks.rules.formats.request import JSON, Format, FormatName, Limits, Message, Request
from service.webhooks.rules.formats.robots import Codes, judge_robot, left_out, plain_summary
from service.webhooks.rules.formats.text import fit, harmless, safe_link
from service.webhooks.rules.formats.wording import KEYWORD, Card, Urgency
from service.webhooks.rules.outcome import Answer, Judgement
from service.webhooks.rules.payload import to_bytes

MOST_BODY_BYTES = 20_000

CODES = Codes(
    vendor="DingTalk",
    fields=("errcode",),
    throttled=frozenset({130101, 410100}),
    gone=frozenset({300005, 400101, 400102, 400106, 400013}),
    pause=timedelta(minutes=10),
    says={
        -1: "busy at the moment",
        130101: "more than 20 messages a minute",
        410100: "more than 20 messages a minute",
        300005: "no such access_token",
        400101: "no such access_token",
        400102: "robot stopped",
        400106: "no such robot",
        400013: "group dissolved",
        310000: "signature, keyword or sender's address refused: look at the robot's safety settings",
        460101: "message too long",
    },
)

_MARK = {Urgency.CALM: "", Urgency.SOON: "", Urgency.TODAY: "❗", Urgency.LATE: "❗"}


def write(message: Message) -> Request:
    """The request for one attempt; signed where the robot has a secret."""
    shown = card(message.event, zone=message.zone)
    body = fit(shown.entries, lambda entries: _body(shown, entries), most_bytes=MOST_BODY_BYTES)
    url = message.url
    if message.robot_secret:
        url = signed_url(url, secret=message.robot_secret, at=message.sent_at)
    return Request("POST", url, {"content-type": JSON}, body)


def _body(shown: Card, entries: Sequence[str]) -> bytes:
    title = harmless(plain_summary(f"【{KEYWORD}】{shown.headline}", shown.title))
    return to_bytes(
        {
            "msgtype": "markdown",
            "markdown": {"title": title, "text": _text(shown, entries)},
            "at": {"atMobiles": [], "atUserIds": [], "isAtAll": False},
        }
    )


def _text(shown: Card, entries: Sequence[str]) -> str:
    link = safe_link(shown.link)
    lines = [f"{line.label}：{harmless(line.value)}" for line in shown.lines]
    lines += [f"{harmless(entry)}" for entry in entries]
    lines += left_out(len(entries), len(shown.entries))
    blocks = [
        f"#### {_MARK[shown.urgency]}【{KEYWORD}】{harmless(shown.headline)}",
        *([f"**{harmless(shown.title)}**"] if shown.title else []),
        *(["> " + "  \n> ".join(lines)] if lines else []),
        *([f"[查看详情]({link})"] if link else []),
    ]
    return "\n\n".join(blocks)


def signed_url(url: str, *, secret: str, at: datetime) -> str:
    """The robot's address with `timestamp` and `sign`, in place of any that stood there."""
    parts = urlsplit(url)
    milliseconds = str(int(at.timestamp() * 1000))
    kept = [pair for pair in parts.query.split("&") if pair and pair.partition("=")[0] not in {"timestamp", "sign"}]
    query = "&".join([*kept, f"timestamp={milliseconds}", f"sign={quote_plus(sign(secret, milliseconds))}"])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def sign(secret: str, milliseconds: str) -> str:
    """Base64 of HMAC-SHA256 over time and secret, with the secret as its key."""
    content = f"{milliseconds}\n{secret}".encode()
    return base64.b64encode(hmac.digest(secret.encode(), content, hashlib.sha256)).decode("ascii")


def judge(answer: Answer, now: datetime) -> Judgement:
    """By `errcode`, once the status is 200."""
    return judge_robot(answer, CODES, now=now)


FORMAT = Format(
    name=FormatName.DINGTALK,
    limits=Limits(per_minute=20, most_bytes=MOST_BODY_BYTES),
    signed=False,
    write=write,
    judge=judge,
)
