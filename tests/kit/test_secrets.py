"""Sealing, the kept secret, and what a log line may show."""

import io
import json
import logging
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import structlog

from service.kit import log
from service.kit.seal import Seal, Unreadable
from service.kit.secret import kept_secret

KEY = "mpk_" + "Ab1-" * 10 + "xyz"
TOKEN = "mpf_" + "q" * 40
WEBHOOK = "whsec_" + "c2VjcmV0" * 4


def test_what_is_sealed_opens_with_the_same_secret_and_purpose_only() -> None:
    sealed = Seal("one", purpose="answers").close(b"plain")
    assert b"plain" not in sealed
    assert Seal("one", purpose="answers").open(sealed) == b"plain"
    for other in (Seal("two", purpose="answers"), Seal("one", purpose="endpoints")):
        with pytest.raises(Unreadable):
            other.open(sealed)
    with pytest.raises(Unreadable):
        Seal("one", purpose="answers").open(sealed[:-1])
    with pytest.raises(Unreadable):
        Seal("one", purpose="answers").open(b"")


def test_a_kept_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret"
    first = kept_secret(path)
    assert len(first) == 64
    assert kept_secret(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["secret"]


def test_processes_that_start_together_keep_the_same_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: kept_secret(tmp_path / "secret"), range(8)))
    assert len(found) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    (
        (f"/calendars/{TOKEN}/justice.ics", "/calendars/mpf_qqqq…/justice.ics"),
        (f"Authorization: Bearer {KEY}", "Authorization: Bearer mpk_Ab1-…"),
        ("Authorization: Bearer somebody.elses.token", "Authorization: Bearer …"),
        ("authorization: basic dXNlcjpwYXNz", "authorization: basic …"),
        (f"secret={WEBHOOK}", "secret=whsec_…"),
        ("postgresql://milepost:hunter2@db/milepost", "postgresql://milepost:…@db/milepost"),
        ("nothing to hide: mpk is a prefix", "nothing to hide: mpk is a prefix"),
    ),
)
def test_a_secret_in_a_text_is_made_unusable(text: str, shown: str) -> None:
    assert log.mask(text) == shown


def test_no_secret_leaves_through_the_log_whoever_wrote_it(logged: io.StringIO) -> None:
    ours = structlog.stdlib.get_logger("milepost")
    ours.info(
        "event", key=KEY, nested={"list": [TOKEN], "password": "hunter2"}, authorization="whatever", path=Path(TOKEN)
    )
    logging.getLogger("uvicorn.error").warning("somebody sent %s", KEY)
    logging.getLogger("elsewhere").warning("with extra", extra={"url": f"https://h/{TOKEN}"})
    try:
        raise ValueError(WEBHOOK)
    except ValueError:
        ours.exception("failed")
    text = logged.getvalue()
    for secret in (KEY, TOKEN, WEBHOOK, "hunter2", "whatever"):
        assert secret not in text
    assert len([json.loads(line) for line in text.splitlines()]) == 4


def test_every_line_carries_the_id_of_its_request(logged: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="req_1"):
        logging.getLogger("sqlalchemy").warning("slow")
    assert json.loads(logged.getvalue())["request_id"] == "req_1"
