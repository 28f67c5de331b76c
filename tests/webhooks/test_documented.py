"""docs/webhooks.md: its programs verify what we send and refuse what we do not; its tables say what the code does."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.webhooks.rules.backoff import SCHEDULE
from service.webhooks.rules.events import EventType
from service.webhooks.rules.examples import example
from service.webhooks.rules.formats.known import FORMATS
from service.webhooks.rules.formats.request import FormatName
from service.webhooks.rules.formats.wording import KEYWORD
from service.webhooks.rules.parts import CauseKind
from service.webhooks.rules.payload import event_body
from service.webhooks.rules.published_keys import PATH, PublishedKey, key_document
from service.webhooks.rules.signature import public_half, signed_headers, spell_private, spell_secret
from tests.house.tree import DOCS
from tests.webhooks.strategies import SECRET

PAGE = (DOCS / "webhooks.md").read_text(encoding="utf-8")
BODY = event_body(example(EventType.OCCURRENCE_DUE_SOON))
OTHER = spell_secret(bytes(range(32)))
PRIVATE = spell_private(bytes(range(32)))


def _program(language: str, holding: str) -> str:
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if holding in block)


def _headers(*keys: str) -> dict[str, str]:
    return signed_headers(keys, id="evt_1", at=datetime.now(UTC), body=BODY)


def _run(*command: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_program_in_python_verifies() -> None:
    space: dict[str, Any] = {}
    exec(_program("python", "def verified"), space)  # the page is ours
    verified: Callable[[dict[str, str], bytes, str], dict[str, Any]] = space["verified"]
    headers = _headers(OTHER, SECRET)
    assert verified(headers, BODY, SECRET)["type"] == "occurrence.due_soon"
    with pytest.raises(ValueError, match="not signed"):
        verified(headers, BODY + b" ", SECRET)
    with pytest.raises(ValueError, match="too old"):
        verified(headers | {"webhook-timestamp": str(int(time.time()) - 400)}, BODY, SECRET)


def _node(program: str, call: str, headers: dict[str, str], body: bytes) -> subprocess.CompletedProcess[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    told = json.dumps([headers, body.decode()])
    script = f"{program}\nconst [headers, text] = {told};\nconst body = Buffer.from(text);\nconsole.log({call});"
    return _run(node, "-e", script)


def test_the_program_for_node_verifies() -> None:
    program, call = _program("js", "function verified"), f"verified(headers, body, {SECRET!r}).type"
    genuine = _node(program, call, _headers(OTHER, SECRET), BODY)
    assert genuine.stdout.strip() == "occurrence.due_soon", genuine.stderr
    assert "not signed" in _node(program, call, _headers(SECRET), BODY + b" ").stderr
    assert "not signed" in _node(program, call, _headers(OTHER), BODY).stderr
    old = _headers(SECRET) | {"webhook-timestamp": "1"}
    assert "too old" in _node(program, call, old, BODY).stderr


def test_the_program_for_published_keys_verifies() -> None:
    now = datetime.now(UTC)
    keys = [PublishedKey(public_half(spell_private(bytes(32))), now), PublishedKey(public_half(PRIVATE), now)]
    program = _program("js", "function signedByMilepost")
    call = f"signedByMilepost(headers, body, {json.dumps(key_document(keys, now=now))})"
    assert _node(program, call, _headers(SECRET, PRIVATE), BODY).stdout.strip() == "true"
    assert _node(program, call, _headers(SECRET, PRIVATE), BODY + b" ").stdout.strip() == "false"
    assert _node(program, call, _headers(SECRET), BODY).stdout.strip() == "false"


@pytest.mark.parametrize("keys", ((SECRET,), (OTHER, SECRET), (SECRET, PRIVATE)))
def test_the_program_for_the_shell_verifies(keys: tuple[str, ...], tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    program, headers = _program("sh", "openssl dgst"), _headers(*keys)
    (tmp_path / "body.json").write_bytes(BODY)
    said = {"secret": SECRET, "id": "evt_1", "timestamp": headers["webhook-timestamp"]}
    genuine = _run("sh", "-c", program, cwd=tmp_path, **said, signature=headers["webhook-signature"])
    assert genuine.stdout.strip() == "genuine", genuine.stderr
    (tmp_path / "body.json").write_bytes(BODY + b" ")
    assert _run("sh", "-c", program, cwd=tmp_path, **said, signature=headers["webhook-signature"]).returncode == 1


def test_the_page_names_every_type_and_cause_and_no_other() -> None:
    table = PAGE[PAGE.index("## Types") : PAGE.index("An endpoint chooses types")]
    assert set(re.findall(r"`([a-z]+\.[a-z_]+)`", table)) == set(EventType)
    assert all(f"`{kind}`" in PAGE for kind in CauseKind)
    assert PATH in PAGE


def test_the_page_has_the_schedule_of_the_code() -> None:
    sentence = "at once, after 5 seconds, 5 minutes, 30 minutes, and 2, 5, 10, 14, 20 and 24 hours"
    assert sentence in " ".join(PAGE.split())
    seconds = [0, 5, 300, 1800, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24))]
    assert [each.total_seconds() for each in SCHEDULE] == seconds


def test_the_page_has_the_robots_limits_of_the_code() -> None:
    table = PAGE[PAGE.index("### Group robots") :]
    limits = {name: FORMATS[name].limits for name in FormatName}
    assert f"{limits[FormatName.WECOM].per_minute} messages a minute" in table
    assert f"{limits[FormatName.WECOM].most_bytes:,} bytes" in table
    assert f"{limits[FormatName.DINGTALK].most_bytes:,} bytes" in table
    assert f"{limits[FormatName.FEISHU].per_second} a second, {limits[FormatName.FEISHU].per_minute} a minute" in table
    assert table.count(KEYWORD) == 2
