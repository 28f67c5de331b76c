"""One attempt: what goes over the wire, what is kept, what it costs, against real receivers, good and bad."""

import asyncio
import gzip
import io
import json
import ssl

import httpx
import pytest

from service.kit.outbound import client
from service.kit.outbound.client import AGENT, MAX_SENT, Answer, Outbound
from service.kit.outbound.errors import BadAnswer, Refused, TooSlow, Unreachable
from service.kit.stopwatch import stopwatch
from tests.kit.outbound.receivers import (
    LOOPBACK,
    OK,
    Line,
    Names,
    Receiver,
    Script,
    endlessly,
    open_sockets,
    polite,
    receiving,
    saying,
    silent,
    until,
)

PLENTY_S = 20.0  # a deadline that only a fault reaches
SHORT_S = 0.3


async def post(
    outbound: Outbound, url: str, *, body: bytes = b'{"type":"ping"}', deadline_s: float = PLENTY_S
) -> Answer:
    return await outbound.send(
        "POST", url, headers={"Content-Type": "application/json"}, body=body, deadline_s=deadline_s
    )


async def posted_to(outbound: Outbound, script: Script, *, deadline_s: float = PLENTY_S) -> Answer:
    async with receiving(script) as receiver:
        return await post(outbound, receiver.url(), deadline_s=deadline_s)


# ── what goes over the wire ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_request_arrives_as_it_was_given(outbound: Outbound) -> None:
    async with receiving(polite) as receiver:
        answer = await outbound.send(
            "POST",
            receiver.url("/hook/a%2Fb/%7e?sign=%2B%2F%3D&x=a+b&名=值"),
            headers={"Content-Type": "application/json", "webhook-id": "msg_1"},
            body="正文".encode(),
            deadline_s=PLENTY_S,
        )
    assert (answer.status, answer.body, answer.truncated, answer.address) == (200, b"ok", False, "127.0.0.1")
    (request,) = receiver.seen
    assert request.line == "POST /hook/a%2Fb/%7e?sign=%2B%2F%3D&x=a+b&%E5%90%8D=%E5%80%BC HTTP/1.1"
    assert request.body == "正文".encode()
    assert request.header("host") == [f"127.0.0.1:{receiver.port}"]
    assert request.header("webhook-id") == ["msg_1"]
    assert request.header("content-type") == ["application/json"]
    assert request.header("user-agent") == [AGENT]
    assert request.header("accept-encoding") == ["identity"]
    assert request.header("content-length") == ["6"]
    assert not request.header("cookie")
    assert not request.header("connection")


async def test_a_name_is_kept_in_the_host_header_and_looked_up_once(left_behind: None) -> None:
    names = Names(office_example=[["127.0.0.1"]])
    async with receiving(polite) as receiver, Outbound(allow_networks=LOOPBACK, resolver=names) as outbound:
        await post(outbound, receiver.url(name="OFFICE.example."))
    assert receiver.seen[0].header("host") == [f"office.example:{receiver.port}"]
    assert names.asked == ["office.example"]


@pytest.mark.parametrize("header", ("Host", "Content-Length", "transfer-encoding", "Connection", "User-Agent"))
async def test_what_frames_a_message_cannot_be_chosen(outbound: Outbound, header: str) -> None:
    async with receiving(polite) as receiver:
        with pytest.raises(Refused, match="cannot be chosen"):
            await outbound.send("POST", receiver.url(), headers={header: "x"}, body=b"", deadline_s=PLENTY_S)
    assert receiver.connections == 0


async def test_a_body_beyond_a_mebibyte_is_not_sent(outbound: Outbound) -> None:
    async with receiving(polite) as receiver:
        assert (await post(outbound, receiver.url(), body=bytes(MAX_SENT))).status == 200
        with pytest.raises(Refused, match="longer"):
            await post(outbound, receiver.url(), body=bytes(MAX_SENT + 1))
    assert len(receiver.seen) == 1


async def test_the_environment_names_no_proxy_and_no_password(
    outbound: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving(polite) as proxy, receiving(polite) as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        await post(outbound, receiver.url())
    assert (proxy.connections, receiver.connections) == (0, 1)


async def test_cookies_are_neither_kept_nor_sent_back(outbound: Outbound) -> None:
    async def baking(line: Line) -> None:
        while True:
            await line.request()
            await line.send(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nContent-Length: 0\r\n\r\n")

    async with receiving(baking) as receiver:
        answers = [await post(outbound, receiver.url()) for _ in range(2)]
    assert "set-cookie" not in answers[0].headers
    assert not receiver.seen[1].header("cookie")


async def test_no_secret_of_a_request_is_logged(outbound: Outbound, logged: io.StringIO) -> None:
    async with receiving(saying(b"HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n")) as receiver:
        await outbound.send(
            "POST",
            receiver.url("/path-secret?key=query-secret"),
            headers={"X-Token": "header-secret"},
            body=b"body-secret",
            deadline_s=PLENTY_S,
        )
    async with receiving(silent) as receiver:
        with pytest.raises(TooSlow) as caught:
            await post(outbound, receiver.url("/path-secret?key=query-secret"), deadline_s=SHORT_S)
    assert "secret" not in logged.getvalue()
    assert "secret" not in str(caught.value)


async def test_opened_networks_are_logged_at_the_start(logged: io.StringIO) -> None:
    async with Outbound(allow_networks=LOOPBACK):
        pass
    line = json.loads(logged.getvalue())
    assert (line["event"], line["networks"]) == ("outbound.networks_opened", ["127.0.0.0/8"])


# ── what is kept of an answer ────────────────────────────────────────────────────────────────────────────────────────


async def test_headers_are_kept_with_lower_case_names_and_joined(outbound: Outbound) -> None:
    script = saying(
        b"HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nX-A: 1\r\nx-a: 2\r\nX-Word: caf\xe9\r\nContent-Length: 0\r\n\r\n"
    )
    answer = await posted_to(outbound, script)
    assert answer.status == 429
    assert answer.headers == {"retry-after": "7", "x-a": "1, 2", "x-word": "café", "content-length": "0"}


@pytest.mark.parametrize("status", (200, 204, 301, 410, 503, 599))
async def test_every_status_is_an_answer(outbound: Outbound, status: int) -> None:
    length = b"" if status == 204 else b"Content-Length: 0\r\n"
    answer = await posted_to(outbound, saying(b"HTTP/1.1 %d x\r\n%s\r\n" % (status, length)))
    assert answer.status == status


async def test_sixteen_kibibytes_are_whole_and_one_more_is_cut_off(outbound: Outbound) -> None:
    whole, more = (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size for size in (16384, 16385))
    answer = await posted_to(outbound, saying(whole))
    assert (len(answer.body), answer.truncated) == (16384, False)
    answer = await posted_to(outbound, saying(more))
    assert (len(answer.body), answer.truncated) == (16384, True)


@pytest.mark.parametrize(
    ("start", "piece"),
    (
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 8192),
    ),
    ids=("until the end", "declared", "chunks", "small chunks"),
)
async def test_an_endless_body_is_cut_off(outbound: Outbound, start: bytes, piece: bytes) -> None:
    answer = await posted_to(outbound, endlessly(start, piece))
    assert (answer.status, answer.body, answer.truncated) == (200, b"x" * 16384, True)


async def test_a_gzip_bomb_is_not_unpacked(outbound: Outbound) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    answer = await posted_to(outbound, saying(head + bomb))
    assert answer.body == bomb[:16384]
    assert answer.headers["content-encoding"] == "gzip"


async def test_a_redirect_is_an_answer_and_nobody_goes_there(left_behind: None) -> None:
    names = Names(office_example=[["127.0.0.1"]])
    script = saying(
        b"HTTP/1.1 307 Go\r\nLocation: http://169.254.169.254/latest/meta-data/\r\nContent-Length: 0\r\n\r\n"
    )
    async with receiving(script) as receiver, Outbound(allow_networks=LOOPBACK, resolver=names) as outbound:
        answer = await post(outbound, receiver.url(name="office.example"))
    assert (answer.status, answer.headers["location"]) == (307, "http://169.254.169.254/latest/meta-data/")
    assert (len(receiver.seen), names.asked) == (1, ["office.example"])


# ── the deadline ─────────────────────────────────────────────────────────────────────────────────────────────────────


def dripping(start: bytes) -> Script:
    """A byte now and then, for ever: each of them would start a timeout for one read afresh."""

    async def script(line: Line) -> None:
        await line.request()
        await line.send(start)
        while True:
            await line.send(b"x")
            await asyncio.sleep(0.05)  # the receiver's pace; the test itself waits for nothing

    return script


@pytest.mark.parametrize(
    ("script", "words", "status"),
    (
        (dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"), "did not end", 200),
        (dripping(b"HTTP/1.1 200 OK\r\nX-Slow: "), "No answer came", None),
        (silent, "No answer came", None),
    ),
    ids=("dripping body", "dripping header", "silent"),
)
async def test_the_deadline_is_over_everything(
    outbound: Outbound, script: Script, words: str, status: int | None
) -> None:
    elapsed = stopwatch()
    with pytest.raises(TooSlow, match=words) as caught:
        await posted_to(outbound, script, deadline_s=SHORT_S)
    assert SHORT_S * 0.9 <= elapsed() < SHORT_S + 5
    assert (caught.value.status, caught.value.address) == (status, "127.0.0.1")
    assert caught.value.duration_ms >= SHORT_S * 900


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A body so large that part of it stays with us: the kernels on both sides take a few megabytes unread."""
    monkeypatch.setattr(client, "MAX_SENT", 32_000_000)
    return bytes(client.MAX_SENT)


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_a_receiver_that_never_reads_leaves_nothing_behind(outbound: Outbound, large: bytes) -> None:
    # What it did not take still waits to be sent; closing such a connection in order would wait for ever.
    async def deaf(line: Line) -> None:
        await line.head()
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport of both directions
        await line.hold()

    async with receiving(deaf) as receiver:
        before = open_sockets()
        with pytest.raises(TooSlow):
            await post(outbound, receiver.url(), body=large, deadline_s=SHORT_S)
        await until(lambda: open_sockets() <= before + 1)
        assert open_sockets() <= before + 1, "the receiver's end is open, ours is not"


async def test_a_handshake_that_never_ends_is_too_slow(outbound: Outbound) -> None:
    async with receiving(Line.hold) as receiver:
        with pytest.raises(TooSlow, match="No connection came about"):
            await post(outbound, f"https://127.0.0.1:{receiver.port}/", deadline_s=SHORT_S)


async def test_a_name_that_is_not_answered_is_too_slow(left_behind: None) -> None:
    async def resolver(host: str) -> list[object]:
        await asyncio.Event().wait()
        return []

    async with Outbound(resolver=resolver) as outbound:  # type: ignore[arg-type]  # never answers at all
        with pytest.raises(TooSlow, match="name was not looked up") as caught:
            await post(outbound, "https://office.example/", deadline_s=SHORT_S)
    assert caught.value.address == ""


# ── what is no answer ────────────────────────────────────────────────────────────────────────────────────────────────

BROKEN = {
    "not HTTP": (b"SSH-2.0-OpenSSH_9.6\r\n",),
    "nothing": (),
    "half a status line": (b"HTTP/1.1 20",),
    "half a header": (b"HTTP/1.1 200 OK\r\nContent-Le",),
    "half a body": (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",),
    "a bad chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",),
    "a negative length": (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok",),
    "a huge header": (b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 20_000 + b"\r\nContent-Length: 0\r\n\r\n",),
    "a huge status line": (b"HTTP/1.1 200 " + b"a" * 20_000 + b"\r\nContent-Length: 0\r\n\r\n",),
    "a thousand headers": (b"HTTP/1.1 200 OK\r\n" + b"X-A: a\r\n" * 1000 + b"Content-Length: 0\r\n\r\n",),
    "another protocol": (b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",),
    "status 999": (b"HTTP/1.1 999 x\r\nContent-Length: 0\r\n\r\n",),
}


@pytest.mark.parametrize("pieces", BROKEN.values(), ids=BROKEN.keys())
async def test_what_is_no_http_answer_is_told_apart(outbound: Outbound, pieces: tuple[bytes, ...]) -> None:
    with pytest.raises(BadAnswer) as caught:
        await posted_to(outbound, saying(*pieces))
    assert caught.value.address == "127.0.0.1"
    assert caught.value.reason.endswith(".")


FLOODS = {
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 4096),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-A: a\r\n" * 4096),
    "chunk extensions": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a" * 65536),
    "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-A: a\r\n" * 4096),
}


@pytest.mark.parametrize(("start", "piece"), FLOODS.values(), ids=FLOODS.keys())
async def test_a_flood_around_the_body_ends_long_before_the_deadline(
    outbound: Outbound, start: bytes, piece: bytes
) -> None:
    with pytest.raises(BadAnswer):
        await posted_to(outbound, endlessly(start, piece))


async def test_a_reset_is_no_answer(outbound: Outbound) -> None:
    async def rude(line: Line) -> None:
        await line.head()
        line.reset()

    async with receiving(rude) as receiver:
        with pytest.raises(BadAnswer, match="broke the connection off"):
            await post(outbound, receiver.url())
    assert receiver.connections == 1, "a new connection that breaks is not tried again in the same attempt"


async def test_where_nobody_listens_is_unreachable(outbound: Outbound) -> None:
    async with receiving(polite) as receiver:
        pass
    with pytest.raises(Unreachable, match=r"No connection: connection refused\.") as caught:
        await post(outbound, receiver.url())
    assert caught.value.address == "127.0.0.1"


async def test_a_name_that_nobody_knows_is_unreachable(left_behind: None) -> None:
    async with Outbound(resolver=Names()) as outbound:
        with pytest.raises(Unreachable, match=r"office\.example"):
            await post(outbound, "https://office.example/")


@pytest.mark.parametrize(
    "interim",
    (
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\nX-A: a\r\n\r\n",
    ),
)
async def test_interim_answers_that_nobody_asked_for_are_passed_over(outbound: Outbound, interim: bytes) -> None:
    answer = await posted_to(outbound, saying(interim, OK))
    assert (answer.status, answer.body) == (200, b"ok")


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_an_answer_before_the_body_was_read_counts(outbound: Outbound, large: bytes) -> None:
    async def hasty(line: Line) -> None:
        await line.head()
        await line.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await line.hold()

    async with receiving(hasty) as receiver:
        answer = await post(outbound, receiver.url(), body=large)
        again = await post(outbound, receiver.url(), body=large)
    assert (answer.status, again.status) == (413, 413)
    assert receiver.connections == 2, "half of a body still stood in the first connection"


async def test_a_context_that_checks_nothing_is_not_taken() -> None:
    careless = ssl.create_default_context()
    careless.check_hostname = False
    with pytest.raises(ValueError, match="no names"):
        Outbound(tls=careless)


async def test_an_in_process_transport_takes_the_place_of_the_network(left_behind: None) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=f"{request.headers['host']} {request.url.host}")

    names = Names(office_example=[["8.8.8.8"]])
    async with Outbound(resolver=names, transport=httpx.MockTransport(answer)) as outbound:
        got = await post(outbound, "https://office.example/hook")
    assert got.body == b"office.example 8.8.8.8"


def test_a_receiver_knows_its_own_address() -> None:
    assert Receiver("http", "127.0.0.1", 80).url("/a") == "http://127.0.0.1:80/a"
