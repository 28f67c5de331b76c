"""Group robots: each against its vendor's published rules."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import example as always
from hypothesis import given

from service.webhooks.rules.digest import Window, digests
from service.webhooks.rules.events import Cadence, Event, EventType
from service.webhooks.rules.examples import example
from service.webhooks.rules.formats import dingtalk, feishu, wecom
from service.webhooks.rules.formats.known import FORMATS
from service.webhooks.rules.formats.request import FormatName, Message, Request
from service.webhooks.rules.formats.wording import KEYWORD, Urgency, remaining
from service.webhooks.rules.outcome import Answer, Effect
from tests.webhooks.strategies import NOW, events, patient
from tests.webhooks.test_digest import _notice

ROBOTS = (FormatName.WECOM, FormatName.DINGTALK, FormatName.FEISHU)
MOST_BYTES = {FormatName.WECOM: 4096, FormatName.DINGTALK: 20_000, FormatName.FEISHU: 20 * 1024}
URLS = {
    FormatName.WECOM: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6",
    FormatName.DINGTALK: "https://oapi.dingtalk.com/robot/send?access_token=566cc69da782ec",
    FormatName.FEISHU: "https://open.feishu.cn/open-apis/bot/v2/hook/5e3d587e",
}


def _write(name: FormatName, event: Event, *, secret: str | None = None, sent_at: datetime = NOW) -> Request:
    return FORMATS[name].write(Message(event=event, url=URLS[name], sent_at=sent_at, robot_secret=secret))


def _shown(name: FormatName, request: Request) -> str:
    """Everything that people read of a message."""
    told = json.loads(request.body)
    match name:
        case FormatName.WECOM:
            return str(told["markdown"]["content"])
        case FormatName.DINGTALK:
            return f"{told['markdown']['title']}\n{told['markdown']['text']}"
        case _:
            return "\n".join(each["content"] for each in _texts(told["card"]))


def _texts(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "content" in node:
            yield node
        for each in node.values():
            yield from _texts(each)
    elif isinstance(node, list):
        for each in node:
            yield from _texts(each)


def _crowded(entries: int) -> Event:
    told = [_notice(number, occurrence=f"oc_{number}", due_on=date(2024, 10, 31)) for number in range(entries)]
    day = date(2024, 10, 24)
    window = Window(Cadence.DAILY, day, day, datetime(2024, 10, 24, 1, tzinfo=UTC))
    return digests(told, window, endpoint="ep_a", now=window.send_at, zone="Asia/Shanghai")[0]


# ── what all of them have in common ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ROBOTS)
@patient
@given(event=events)
@always(event=_crowded(100))
def test_a_message_is_json_in_utf_8_that_is_not_too_large(name: FormatName, event: Event) -> None:
    request = _write(name, event, secret="secret")
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert "\\u" not in request.body.decode()
    measured = _shown(name, request).encode() if name is FormatName.WECOM else request.body
    assert len(measured) <= MOST_BYTES[name]
    assert KEYWORD in _shown(name, request)


@pytest.mark.parametrize("name", (FormatName.WECOM, FormatName.DINGTALK))
@patient
@given(event=events)
def test_nobody_is_mentioned_and_no_markup_is_smuggled_in(name: FormatName, event: Event) -> None:
    shown = _shown(name, _write(name, event))
    assert "@" not in shown
    # Our own colours are the only tags, the link at the end is the only link.
    bare = re.sub(r'<font color="(?:info|comment|warning)">|</font>', "", shown)
    assert "<" not in bare
    assert len(re.findall(r"\]\(", shown)) <= 1
    assert "evil.example)" not in shown.replace("https：//evil.example)", "")
    assert "\u202e" not in shown


@patient
@given(event=events)
def test_in_feishu_whatever_comes_from_elsewhere_is_plain_text(event: Event) -> None:
    card = json.loads(_write(FormatName.FEISHU, event).body)["card"]
    assert {each["tag"] for each in _texts(card)} == {"plain_text"}
    assert all("\r" not in each["content"] and "\u202e" not in each["content"] for each in _texts(card))


@pytest.mark.parametrize("name", ROBOTS)
@pytest.mark.parametrize(
    ("event_type", "words"),
    (
        (
            EventType.OCCURRENCE_DUE_SOON,
            [
                "还有 7 天到期",
                "三年行动计划中期评估",
                "2024年10月31日（周四）",
                "区司法局（进行中）",
                "责任单位：",
                "查看详情",
            ],
        ),
        (EventType.OCCURRENCE_DUE, ["今天到期"]),
        (EventType.OCCURRENCE_OVERDUE, ["已逾期 1 天"]),
        (EventType.OCCURRENCE_RESCHEDULED, ["期限调整", "2024年10月15日（周二）", "2024年10月31日（周四）"]),
        (EventType.PROGRESS_UPDATED, ["进展更新", "区司法局：未反馈 → 进行中", "已印发评估方案"]),
        (EventType.MILESTONE_CREATED, ["新增节点", "2024年10月底前"]),
        (EventType.MILESTONE_UPDATED, ["节点有变更", "期限变更：", "2024年10月 → 2024年10月底前"]),
        (EventType.MILESTONE_CANCELLED, ["节点已取消"]),
        (EventType.PLAN_PUBLISHED, ["计划发布", "59 个", "2025年12月31日（周三）"]),
        (EventType.FEED_STALE, ["日历订阅久未更新", "区司法局办公室", "30 天"]),
        (EventType.ENDPOINT_FAILING, ["推送持续失败", "oa.example.cn", "6 次，始于 10月8日 08:50"]),
        (EventType.ENDPOINT_DISABLED, ["推送已停用", "3 条"]),
        (EventType.ENDPOINT_PING, ["测试消息"]),
        (EventType.ENDPOINT_CHECKPOINT, ["每日核对", "418", "10月24日 09:00"]),
        (
            EventType.ENDPOINT_DIGEST,
            ["每日汇总（10月24日）", "1 项（即将到期 1）", "7天后｜三年行动计划中期评估｜10月31日"],
        ),
    ),
)
def test_a_card_says_what_matters(name: FormatName, event_type: EventType, words: list[str]) -> None:
    shown = re.sub(r"</?font[^>]*>", "", _shown(name, _write(name, example(event_type))))
    assert [word for word in words if word not in shown] == []


@pytest.mark.parametrize("name", ROBOTS)
def test_a_digest_that_is_too_long_says_how_much_is_missing(name: FormatName) -> None:
    shown = _shown(name, _write(name, _crowded(100)))
    listed = shown.count("三年行动计划中期评估")
    missing = re.search(r"另有 (\d+) 项未列出", shown)
    assert (int(missing[1]) if missing else 0) + listed == 100
    assert (missing is not None) is (name is FormatName.WECOM)
    assert listed >= 30


def test_a_weeks_digest_names_its_days_and_its_part() -> None:
    told = [_notice(number, occurrence=f"oc_{number}", due_on=date(2024, 10, 31)) for number in range(101)]
    window = Window(Cadence.WEEKLY, date(2024, 10, 28), date(2024, 11, 3), datetime(2024, 10, 28, 1, tzinfo=UTC))
    _, second = digests(told, window, endpoint="ep_a", now=window.send_at, zone="Asia/Shanghai")
    shown = _shown(FormatName.FEISHU, _write(FormatName.FEISHU, second))
    assert "【期限提醒】每周汇总（10月28日至11月3日） 2/2" in shown
    assert "合计：101 项（即将到期 1）" in shown


@pytest.mark.parametrize(
    ("days", "words", "urgency"),
    (
        (None, "期限提醒", Urgency.CALM),
        (-3, "已逾期 3 天", Urgency.LATE),
        (0, "今天到期", Urgency.TODAY),
        (1, "明天到期", Urgency.SOON),
        (30, "还有 30 天到期", Urgency.SOON),
    ),
)
def test_the_time_that_is_left_is_said_as_people_say_it(days: int | None, words: str, urgency: Urgency) -> None:
    assert remaining(days) == (words, urgency)


@pytest.mark.parametrize("name", ROBOTS)
def test_an_address_without_a_secret_is_left_as_it_is(name: FormatName) -> None:
    request = _write(name, example(EventType.ENDPOINT_PING))
    assert (request.method, request.url) == ("POST", URLS[name])
    assert "sign" not in json.loads(request.body)


# ── signatures ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_dingtalk_signs_as_its_sample_program_does() -> None:
    # Secret and time of the vendor's sample; the result from
    # printf '1577262236757\nthis is secret' | openssl dgst -sha256 -hmac 'this is secret' -binary | base64
    assert dingtalk.sign("this is secret", "1577262236757") == "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="


def test_dingtalks_signature_stands_in_the_query_percent_encoded() -> None:
    at = datetime.fromtimestamp(1577262236.757, UTC)
    url = _write(FormatName.DINGTALK, example(EventType.ENDPOINT_PING), secret="this is secret", sent_at=at).url
    assert url == (
        "https://oapi.dingtalk.com/robot/send?access_token=566cc69da782ec&timestamp=1577262236757"
        "&sign=hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D"
    )
    again = dingtalk.signed_url(url, secret="this is secret", at=at)
    assert again == url
    assert parse_qs(urlsplit(dingtalk.signed_url("https://robot.example/send", secret="s", at=at)).query).keys() == {
        "timestamp",
        "sign",
    }


def test_feishu_signs_as_its_guide_says() -> None:
    # Secret "demo" and the guide's example of a time, as two other programs have it in their tests.
    assert feishu.sign("demo", "1599360473") == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="
    # The guide's sample in Python: hmac.new(string_to_sign.encode("utf-8"), digestmod=hashlib.sha256)
    digest = hmac.new(b"1599360473\ndemo", digestmod=hashlib.sha256).digest()
    assert feishu.sign("demo", "1599360473") == base64.b64encode(digest).decode()


def test_feishus_signature_stands_in_the_body_beside_a_time_in_seconds() -> None:
    at = datetime.fromtimestamp(1599360473, UTC)
    told = json.loads(_write(FormatName.FEISHU, example(EventType.ENDPOINT_PING), secret="demo", sent_at=at).body)
    assert (told["timestamp"], told["sign"]) == ("1599360473", "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=")
    assert told["msg_type"] == "interactive"


def test_wecom_and_dingtalk_have_the_shapes_that_their_pages_show() -> None:
    told = json.loads(_write(FormatName.WECOM, example(EventType.ENDPOINT_PING)).body)
    assert told.keys() == {"msgtype", "markdown"}
    assert (told["msgtype"], told["markdown"].keys()) == ("markdown", {"content"})
    told = json.loads(_write(FormatName.DINGTALK, example(EventType.ENDPOINT_PING)).body)
    assert (told["msgtype"], told["markdown"].keys()) == ("markdown", {"title", "text"})
    assert told["at"] == {"atMobiles": [], "atUserIds": [], "isAtAll": False}


# ── 200 is not enough ────────────────────────────────────────────────────────────────────────────────────────────────

Case = tuple[FormatName, str, bool, Effect, bool]
ANSWERS: dict[str, Case] = {
    "WeCom ok": (FormatName.WECOM, '{"errcode":0,"errmsg":"ok"}', True, Effect.NONE, False),
    "WeCom too often": (
        FormatName.WECOM,
        '{"errcode":45009,"errmsg":"api freq out of limit, hint: [1653710540075724015410106]"}',
        False,
        Effect.THROTTLE,
        False,
    ),
    "WeCom robot removed": (
        FormatName.WECOM,
        '{"errcode":93000,"errmsg":"invalid webhook url"}',
        False,
        Effect.DISABLE,
        True,
    ),
    "WeCom busy": (FormatName.WECOM, '{"errcode":-1,"errmsg":"system busy"}', False, Effect.NONE, True),
    "WeCom empty": (FormatName.WECOM, '{"errcode":44004,"errmsg":"empty content"}', False, Effect.NONE, True),
    "DingTalk ok": (FormatName.DINGTALK, '{"errcode":0,"errmsg":"ok"}', True, Effect.NONE, False),
    "DingTalk too often": (
        FormatName.DINGTALK,
        '{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}',
        False,
        Effect.THROTTLE,
        False,
    ),
    "DingTalk too often, newer": (FormatName.DINGTALK, '{"errcode":410100}', False, Effect.THROTTLE, False),
    "DingTalk punished": (
        FormatName.DINGTALK,
        '{"status":1111,"wait":5,"source":"x5","punish":"deny","errcode":130101}',
        False,
        Effect.THROTTLE,
        False,
    ),
    "DingTalk no such token": (
        FormatName.DINGTALK,
        '{"errcode":300005,"errmsg":"token is not exist"}',
        False,
        Effect.DISABLE,
        True,
    ),
    "DingTalk keyword": (
        FormatName.DINGTALK,
        '{"errcode":310000,"errmsg":"keywords not in content"}',
        False,
        Effect.NONE,
        True,
    ),
    "Feishu ok": (FormatName.FEISHU, '{"code":0,"msg":"success","data":{}}', True, Effect.NONE, False),
    "Feishu ok, older": (FormatName.FEISHU, '{"StatusCode":0,"StatusMessage":"success"}', True, Effect.NONE, False),
    "Feishu too often": (FormatName.FEISHU, '{"code":11232,"msg":"frequency limited"}', False, Effect.THROTTLE, False),
    "Feishu no such robot": (
        FormatName.FEISHU,
        '{"code":19001,"msg":"param invalid: incoming webhook access token invalid"}',
        False,
        Effect.DISABLE,
        True,
    ),
    "Feishu signature": (FormatName.FEISHU, '{"code":19021,"msg":"sign match fail"}', False, Effect.NONE, True),
    "Feishu not understood": (FormatName.FEISHU, '{"code":9499,"msg":"Bad Request"}', False, Effect.NONE, True),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_the_code_in_the_body_decides(case: str) -> None:
    name, body, delivered, effect, counts = ANSWERS[case]
    judgement = FORMATS[name].judge(Answer(200, body=body.encode()), NOW)
    assert (judgement.delivered, judgement.effect) == (delivered, effect)
    if not delivered:
        assert judgement.counts is counts
        assert "errmsg" not in judgement.reason


@pytest.mark.parametrize("name", ROBOTS)
@pytest.mark.parametrize(
    "body",
    (
        b"",
        b"ok",
        b"<html>Please log in</html>",
        b"[]",
        b"{}",
        b'{"errcode": "0", "code": "0"}',
        b'{"errcode": false, "code": false, "StatusCode": false}',
        b'{"errcode": null, "code": null}',
        b"[" * 10_000,
        b'{"errcode":' + b"9" * 10_000 + b"}",
    ),
)
def test_200_without_a_code_of_success_is_a_failure(name: FormatName, body: bytes) -> None:
    judgement = FORMATS[name].judge(Answer(200, body=body), NOW)
    assert (judgement.delivered, judgement.effect) == (False, Effect.NONE)
    assert "not as" in judgement.reason


@pytest.mark.parametrize("name", ROBOTS)
def test_any_other_status_counts_as_everywhere(name: FormatName) -> None:
    judge: Callable[[Answer, datetime], Any] = FORMATS[name].judge
    body = b'{"errcode":0,"code":0}'
    assert not judge(Answer(502, body=body), NOW).delivered
    assert judge(Answer(429, {"retry-after": "7"}, body), NOW).retry_after == timedelta(seconds=7)
    assert judge(Answer(410, body=body), NOW).effect is Effect.DISABLE


@pytest.mark.parametrize(
    ("name", "pause"),
    (
        (FormatName.WECOM, timedelta(minutes=1)),
        (FormatName.DINGTALK, timedelta(minutes=10)),
        (FormatName.FEISHU, timedelta(minutes=1)),
    ),
)
def test_the_pause_after_too_many_is_the_vendors(name: FormatName, pause: timedelta) -> None:
    codes = {FormatName.WECOM: wecom.CODES, FormatName.DINGTALK: dingtalk.CODES, FormatName.FEISHU: feishu.CODES}[name]
    for code in codes.throttled:
        body = json.dumps({codes.fields[0]: code}).encode()
        assert FORMATS[name].judge(Answer(200, body=body), NOW).retry_after == pause


def test_the_published_limits_are_known() -> None:
    limits = {name: FORMATS[name].limits for name in ROBOTS}
    assert [limits[name].per_minute for name in ROBOTS] == [20, 20, 100]
    assert limits[FormatName.FEISHU].per_second == 5
