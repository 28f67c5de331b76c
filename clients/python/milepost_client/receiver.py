"""A small receiver: verifies what arrives and prints each event as one line.

    python -m milepost_client.receiver --port 9000 --secret whsec_…

With the package `standardwebhooks` installed every `v1` signature is checked by that one, which has nothing to do with
Milepost; otherwise by our own `verify`. For looking and trying, not for the open Internet.
"""

import argparse
import hmac
import importlib.util
import json
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from milepost_client.lines import line
from milepost_client.verification import FIVE_MINUTES, Received, VerificationError, verify

MOST_BYTES = 1 << 20
REMEMBERED = 10_000  # ids of messages that have arrived

Check = Callable[[dict[str, str], bytes], Received]


def checker_of(secrets: Sequence[str], *, tolerance: float = FIVE_MINUTES) -> tuple[str, Check]:
    """Who checks, and how: the independent library where it is installed and every secret is symmetric."""
    if any(secret.startswith("whpk_") for secret in secrets) or not _is_installed():
        return "milepost_client", lambda headers, body: verify(headers, body, secrets, tolerance=tolerance)
    return "standardwebhooks", lambda headers, body: _check_independently(headers, body, secrets, tolerance)


def _is_installed() -> bool:
    return importlib.util.find_spec("standardwebhooks") is not None


def _check_independently(headers: dict[str, str], body: bytes, secrets: Sequence[str], tolerance: float) -> Received:
    from standardwebhooks import Webhook, WebhookVerificationError  # noqa: PLC0415  # it may not be installed

    lower = {name.lower(): value for name, value in headers.items()}
    failure: Exception | None = None
    for secret in secrets:
        try:
            hook, text = Webhook(secret), body.decode()
            if tolerance == FIVE_MINUTES:
                hook.verify(text, lower)
            else:
                # It knows no other tolerance than five minutes: then it signs, and we compare and look at the clock.
                _compare(hook.sign, lower, text, tolerance)
            return Received(lower["webhook-id"], int(lower["webhook-timestamp"]), _event(text))
        except (WebhookVerificationError, KeyError, ValueError, OverflowError, OSError) as why:
            failure = why
    raise VerificationError(str(failure)) from failure


def _compare(sign: Callable[[str, datetime, str], str], headers: dict[str, str], text: str, tolerance: float) -> None:
    seconds = int(headers["webhook-timestamp"])
    if abs(time.time() - seconds) > tolerance:
        raise ValueError("webhook-timestamp is too far from now")
    # In UTC: it takes the wall clock of any zone for that.
    expected = sign(headers["webhook-id"], datetime.fromtimestamp(seconds, UTC), text).encode()
    if not any(hmac.compare_digest(expected, each.encode()) for each in headers["webhook-signature"].split()):
        raise ValueError("no signature fits")


def _event(text: str) -> dict[str, Any]:
    event = json.loads(text)
    if not isinstance(event, dict):
        raise VerificationError("genuine, but the body is not an event")
    return event


@dataclass(slots=True)
class Inbox:
    """What has arrived: tells repeats and gaps. One for all threads."""

    checker: str
    check: Check
    out: Callable[[str], None]
    status: int = 200
    answer: dict[str, Any] = field(default_factory=dict)
    _seen: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _last: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """Look at one request: what to answer, and a line about it."""
        try:
            received = self.check(headers, body)
        except (VerificationError, ValueError, RecursionError) as why:
            self.out(f"✗ 未通过验证 not verified: {why}")
            return 400, {"error": "not verified"}
        with self._lock:
            remarks = [*self._repeat(received.id), *self._gap(received.event.get("data"))]
        self.out(" ".join([line(received.event), f"| ✓ {self.checker}", *remarks]))
        return self.status, self.answer

    def _repeat(self, id: str) -> list[str]:
        if id in self._seen:
            return ["(重复 again)"]
        self._seen[id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return []

    def _gap(self, about: object) -> list[str]:
        """A remark when the number before this one is not the last that came."""
        number = about.get("sequence") if isinstance(about, dict) else None
        if not isinstance(about, dict) or not isinstance(number, int):
            return []
        previous, last = about.get("previous_sequence"), self._last
        self._last = max(number, last or 0)
        missed = isinstance(previous, int) and last is not None and previous > last
        return [f"(缺号 gap: {last} → {previous})"] if missed else []


def serve(inbox: Inbox, *, host: str, port: int) -> ThreadingHTTPServer:
    """A server that gives every POST to the inbox; `serve_forever()` starts it. Port 0 takes any free one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30  # seconds that a sender may be silent

        def do_POST(self) -> None:  # http.server's name for it
            length = self.headers.get("content-length", "")
            if not length.isascii() or not length.isdigit() or int(length[:12]) > MOST_BYTES:
                self.close_connection = True
                self._answer(413 if length else 411, {"error": "send a body of at most 1 MiB, with its length"})
                return
            body = self.rfile.read(int(length))
            self._answer(*inbox.take(dict(self.headers.items()), body))

        def _answer(self, status: int, told: dict[str, Any]) -> None:
            body = json.dumps(told, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """One line an event is enough."""

    return ThreadingHTTPServer((host, port), Handler)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    build = argparse.ArgumentParser(prog="milepost_client.receiver", description="Prints the webhooks that arrive.")
    build.add_argument("--port", type=int, default=9000)
    build.add_argument("--host", default="127.0.0.1")
    build.add_argument("--secret", action="append", required=True, help="whsec_… or whpk_…; several while one rotates")
    build.add_argument("--tolerance", type=float, default=FIVE_MINUTES, help="seconds that a sender's clock may be off")
    build.add_argument("--status", type=int, default=200, help="what to answer; 410 asks to be sent nothing more")
    build.add_argument("--ack", choices=("handled", "stop"), help="acknowledge everything")
    return build


def main(arguments: Sequence[str] | None = None) -> None:
    """Receive until interrupted."""
    asked = parser().parse_args(arguments)
    checker, check = checker_of(asked.secret, tolerance=asked.tolerance)
    answer = {"ack": asked.ack} if asked.ack else {}
    inbox = Inbox(checker, check, out=lambda text: print(text, flush=True), status=asked.status, answer=answer)
    server = serve(inbox, host=asked.host, port=asked.port)
    print(f"在听 listening: http://{asked.host}:{server.server_address[1]}/ ({checker})", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)
    finally:
        server.server_close()


if __name__ == "__main__":
    main()
