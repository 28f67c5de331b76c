"""Our signatures as the Standard Webhooks project's own libraries see them, in two languages."""

import base64
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from service.webhooks.rules.events import Event, EventType, Position
from service.webhooks.rules.examples import example
from service.webhooks.rules.payload import event_body
from service.webhooks.rules.signature import signed_headers, spell_secret, verify
from tests.house.tree import ROOT
from tests.webhooks.strategies import NOW, SECRET

FORMER = spell_secret(bytes(range(32)))
NODE_MODULES = ROOT / "var" / "node" / "node_modules"


class Message(NamedTuple):
    """What a receiver has in its hands: its secret, the headers, the body."""

    secret: str
    headers: dict[str, str]
    body: bytes


def _sent(event: Event, *keys: str, position: Position | None = None) -> Message:
    body = event_body(event, position)
    headers = signed_headers(keys or (SECRET,), id=event.id, at=datetime.now(UTC), body=body)
    return Message(keys[-1] if keys else SECRET, headers, body)  # they know no other clock than the host's


def _genuine() -> list[Message]:
    """Every type of event; numbered ones; a receiver that still has the former secret."""
    return [
        *(_sent(example(each)) for each in EventType),
        _sent(example(EventType.OCCURRENCE_DUE), position=Position(419, 418)),
        _sent(example(EventType.OCCURRENCE_OVERDUE), SECRET, FORMER),
    ]


def _forged() -> list[Message]:
    """The body, the id, the time, the secret: each changed once; a message of yesterday."""
    good = _sent(example(EventType.OCCURRENCE_DUE))
    old = datetime.now(UTC) - timedelta(days=1)
    return [
        good._replace(body=good.body + b" "),
        good._replace(body=good.body.replace("评估".encode(), "评议".encode())),
        good._replace(headers=good.headers | {"webhook-id": "evt_other"}),
        good._replace(headers=good.headers | {"webhook-timestamp": str(int(good.headers["webhook-timestamp"]) + 1)}),
        good._replace(secret=FORMER),
        good._replace(headers=signed_headers([SECRET], id="evt_old", at=old, body=good.body)),
    ]


# ── Python ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_library_of_python_takes_every_event_of_ours() -> None:
    for message in _genuine():
        told = Webhook(message.secret).verify(message.body, message.headers)
        assert told == json.loads(message.body)


def test_the_library_of_python_refuses_what_was_changed_or_is_old() -> None:
    for message in _forged():
        with pytest.raises(WebhookVerificationError):
            Webhook(message.secret).verify(message.body, message.headers)


def test_what_the_library_of_python_signs_we_take() -> None:
    now = datetime.now(UTC)
    theirs = Webhook(SECRET).sign("evt_1", now, "{}")
    headers = {"webhook-id": "evt_1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": theirs}
    assert verify(headers, b"{}", [SECRET], now=now).id == "evt_1"


def test_the_library_of_python_still_mis_signs_instants_outside_utc() -> None:
    # Why signing is written here. When this fails, the package was mended and the remark in the code can go.
    shanghai = NOW.astimezone(timezone(timedelta(hours=8)))
    theirs = Webhook(SECRET).sign("evt_1", shanghai, "{}")
    assert theirs != signed_headers([SECRET], id="evt_1", at=shanghai, body=b"{}")["webhook-signature"]
    assert theirs == Webhook(SECRET).sign("evt_1", shanghai.replace(tzinfo=UTC), "{}")


# ── Node ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

VERIFIES = """
const { Webhook } = require("standardwebhooks");
const lines = require("node:fs").readFileSync(0, "utf8").trim().split("\\n");
for (const { secret, headers, body } of lines.map((line) => JSON.parse(line))) {
  try {
    const event = new Webhook(secret).verify(Buffer.from(body, "base64"), headers);
    console.log(JSON.stringify({ event }));
  } catch (error) {
    console.log(JSON.stringify({ refused: error.name }));
  }
}
"""


def _node(script: str, given: str = "") -> subprocess.CompletedProcess[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    environment = {**os.environ, "NODE_PATH": str(NODE_MODULES)}
    return subprocess.run(
        [node, "-e", script], env=environment, input=given, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture(scope="module")
def node() -> None:
    """Node with its library, or a reason to skip: `.ci/run` installs both."""
    if _node("require('standardwebhooks')").returncode != 0:
        pytest.skip(
            f"run: npm install --no-audit --no-fund --prefix {NODE_MODULES.parent.relative_to(ROOT)} standardwebhooks"
        )


def _says_node(messages: list[Message]) -> list[dict[str, Any]]:
    given = "\n".join(
        json.dumps({"secret": each.secret, "headers": each.headers, "body": base64.b64encode(each.body).decode()})
        for each in messages
    )
    said = _node(VERIFIES, given)
    assert said.returncode == 0, said.stderr
    return [json.loads(line) for line in said.stdout.splitlines()]


@pytest.mark.usefixtures("node")
def test_the_library_of_node_takes_every_event_of_ours() -> None:
    messages = _genuine()
    assert _says_node(messages) == [{"event": json.loads(each.body)} for each in messages]


@pytest.mark.usefixtures("node")
def test_the_library_of_node_refuses_what_was_changed_or_is_old() -> None:
    messages = _forged()
    assert _says_node(messages) == [{"refused": "WebhookVerificationError"}] * len(messages)
