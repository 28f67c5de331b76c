"""The small receiver: what it believes, what it prints, what it answers."""

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from milepost_client.lines import line
from milepost_client.receiver import Check, Inbox, checker_of, parser, serve
from milepost_client.verification import VerificationError

from service.webhooks.rules.events import Event, EventType, Position
from service.webhooks.rules.examples import example
from service.webhooks.rules.payload import event_body, event_json
from service.webhooks.rules.signature import public_half, signed_headers, spell_private, spell_secret
from tests.house.tree import ROOT
from tests.webhooks.strategies import SECRET, events, patient

OTHER = spell_secret(bytes(range(32)))
PRIVATE = spell_private(bytes(range(32)))


def _request(event: Event, *keys: str, position: Position | None = None, ago: int = 0) -> tuple[dict[str, str], bytes]:
    body = event_body(event, position)
    at = datetime.fromtimestamp(int(time.time()) - ago, UTC)
    return signed_headers(keys or (SECRET,), id=event.id, at=at, body=body), body


DUE = example(EventType.OCCURRENCE_DUE_SOON)


@pytest.mark.parametrize(
    ("event_type", "says"),
    (
        (
            EventType.OCCURRENCE_DUE_SOON,
            "即将到期 due soon | 还有 7 天 7 d left | 三年行动计划中期评估 (三(四)) | 期限 due 2024-10-31",
        ),
        (EventType.OCCURRENCE_DUE, "到期 due | 今天 today"),
        (EventType.OCCURRENCE_OVERDUE, "已逾期 overdue | 逾期 1 天 1 d late"),
        (EventType.OCCURRENCE_RESCHEDULED, "期限 due 2024-10-15 → 2024-10-31"),
        (EventType.PLAN_PUBLISHED, "计划发布 plan published | 崇明区提升行政执法质量三年行动工作方案"),
        (EventType.ENDPOINT_DIGEST, "1 项 items: 三年行动计划中期评估"),
        (EventType.ENDPOINT_FAILING, "oa.example.cn"),
    ),
)
def test_an_event_is_one_readable_line(event_type: EventType, says: str) -> None:
    assert says in line(event_json(example(event_type)))


@patient
@given(events)
def test_every_event_is_one_line_without_control_characters(event: Event) -> None:
    said = line(event_json(event))
    assert said.isprintable()
    assert len(said) <= 400


@patient
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["type", "data", "milestone", "units", "entries", "days_left", "plan", "name"]), inner
            )
        ),
    )
)
def test_whatever_an_event_holds_it_is_said_in_one_line(odd: object) -> None:
    assert isinstance(line({"type": "x", "data": odd, "timestamp": odd}), str)


# ── believing ────────────────────────────────────────────────────────────────────────────────────────────────────────

WAYS: dict[str, Callable[[], tuple[str, Check]]] = {
    "the independent library": lambda: checker_of([SECRET]),
    "the independent library, any time": lambda: checker_of([SECRET], tolerance=10**10),
    "our own": lambda: checker_of([SECRET, public_half(PRIVATE)]),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_believes_what_is_genuine_and_nothing_else(way: str) -> None:
    name, check = WAYS[way]()
    assert name == ("milepost_client" if way == "our own" else "standardwebhooks")
    headers, body = _request(DUE, OTHER, SECRET)
    assert check(headers, body).event == event_json(DUE)
    for wrong in (_request(DUE, OTHER), (headers, body + b" "), (headers | {"webhook-signature": "v1"}, body)):
        with pytest.raises(VerificationError):
            check(*wrong)
    with pytest.raises(VerificationError):
        check({}, body)
    with pytest.raises(VerificationError):
        check(headers, b"\xff")


def test_a_tolerance_is_kept_by_every_way() -> None:
    old = _request(DUE, ago=400)
    for _, check in (checker_of([SECRET]), checker_of([SECRET], tolerance=60)):
        with pytest.raises(VerificationError):
            check(*old)
    for secrets in ([SECRET], [SECRET, public_half(PRIVATE)]):
        assert checker_of(secrets, tolerance=1000)[1](*old).id == DUE.id


def _inbox(**asked: object) -> tuple[Inbox, list[str]]:
    printed: list[str] = []
    inbox = Inbox(*checker_of([SECRET]), out=printed.append)
    for name, value in asked.items():
        setattr(inbox, name, value)
    return inbox, printed


def test_an_inbox_says_who_verified_and_marks_repeats() -> None:
    inbox, printed = _inbox()
    assert inbox.take(*_request(DUE)) == (200, {})
    inbox.take(*_request(DUE))
    assert "✓ standardwebhooks" in printed[0]
    assert "again" not in printed[0]
    assert printed[1].endswith("(重复 again)")


def test_an_inbox_answers_400_to_what_it_does_not_believe() -> None:
    inbox, printed = _inbox()
    headers, body = _request(DUE)
    assert inbox.take(headers, body + b" ")[0] == 400
    assert printed[0].startswith("✗ 未通过验证 not verified:")


def test_an_inbox_notices_a_gap_and_only_a_gap() -> None:
    inbox, printed = _inbox()
    for number, previous in ((5, 4), (6, 5), (9, 8), (7, 6), (10, 9)):
        inbox.take(*_request(DUE, position=Position(number, previous)))
    assert ["gap: 6 → 8" in each for each in printed] == [False, False, True, False, False]


def test_an_inbox_answers_what_it_was_told_to() -> None:
    inbox, _ = _inbox(status=503, answer={"ack": "handled"})
    assert inbox.take(*_request(DUE)) == (503, {"ack": "handled"})


# ── serving ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _serving(inbox: Inbox) -> Iterator[http.client.HTTPConnection]:
    server = serve(inbox, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    try:
        yield connection
    finally:
        connection.close()
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_server_takes_messages_over_http() -> None:
    inbox, printed = _inbox(answer={"ack": "stop"})
    headers, body = _request(DUE)
    with _serving(inbox) as connection:
        for _ in range(2):  # on one connection
            connection.request("POST", "/anything", body, headers)
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b'{"ack": "stop"}')
        connection.request("POST", "/", body + b" ", headers)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (400, b'{"error": "not verified"}')
    assert len(printed) == 3


@pytest.mark.parametrize("length", ("2000000", "-1", "x", "9" * 30))
def test_the_server_refuses_what_is_too_large_or_has_no_length(length: str) -> None:
    inbox, printed = _inbox()
    with _serving(inbox) as connection:
        connection.putrequest("POST", "/")
        connection.putheader("content-length", length)
        connection.endheaders()
        assert connection.getresponse().status == 413
    assert printed == []


def test_the_command_line_wants_a_secret() -> None:
    with pytest.raises(SystemExit):
        parser().parse_args([])
    asked = parser().parse_args(["--secret", "a", "--secret", "b", "--ack", "stop", "--status", "202"])
    assert (asked.secret, asked.port, asked.ack, asked.status) == (["a", "b"], 9000, "stop", 202)


def test_the_module_runs_and_prints_what_arrives() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "milepost_client.receiver", "--port", "0", "--secret", SECRET],
        cwd=ROOT / "clients" / "python",
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        port = int(first.split("127.0.0.1:")[1].split("/")[0])
        headers, body = _request(DUE)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/", body, headers)
        assert connection.getresponse().status == 200
        connection.close()
        assert "还有 7 天 7 d left" in process.stdout.readline()
    finally:
        process.terminate()
        process.wait(timeout=10)
        assert process.stdout is not None
        process.stdout.close()
