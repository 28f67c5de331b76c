"""The commands, run as `milepost` runs them."""

import argparse
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from service.cli.main import main, parser
from tests.conftest import SECRET


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


@pytest.fixture(name="house")
def database_in_environment(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MILEPOST_DATABASE_URL", database_url)
    monkeypatch.setenv("MILEPOST_SECRET", SECRET)
    return database_url


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("demo", "keys", "migrate", "serve"))


@pytest.mark.parametrize("words", ((), ("nonsense",), ("keys",), ("keys", "create"), ("serve", "--port", "x")))
def test_what_is_not_understood_is_a_usage_error(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_every_command_says_what_it_does() -> None:
    (commands,) = [each for each in parser()._actions if isinstance(each, argparse._SubParsersAction)]
    assert {each.dest for each in commands._choices_actions if not each.help} == set()


def test_a_key_is_made_listed_and_revoked(house: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "create", "--name", "the office", "--scope", "edit", "--scope", "read"]) == 0
    secret = capsys.readouterr().out.strip()
    assert secret.startswith("mpk_")
    assert main(["keys", "list"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert secret not in line
    key_id, prefix, standing, scopes, _, name = line.split("\t")
    assert (prefix, standing, scopes, name) == (f"{secret[:8]}…", "valid", "edit,read", "the office")
    assert main(["keys", "revoke", key_id]) == 0
    assert main(["keys", "list"]) == 0
    assert "revoked" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    (
        (("--scope", "nonsense"), "scopes.0: 'nonsense' is no scope"),
        (("--scope", "read", "--jurisdiction", "atlantis"), "jurisdiction: there is no jurisdiction 'atlantis'"),
        (("--scope", "read", "--expires", "soon"), "--expires: 'soon' is no instant"),
        (("--scope", "read", "--expires", "2001-01-01"), "expires_at: this has passed already"),
    ),
)
def test_a_wrong_key_is_refused_in_one_sentence(
    house: str, words: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "create", "--name", "x", *words]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    (line,) = shown.err.splitlines()
    assert line.startswith(sentence)


def test_a_key_that_is_not_there_cannot_be_revoked(house: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "revoke", "key_x"]) == 1
    assert capsys.readouterr().err == "There is no key 'key_x'.\n"


def test_wrong_settings_stop_every_command_with_a_line_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MILEPOST_CLOCK", "yesterday")
    monkeypatch.setenv("MILEPOST_ROLE", "boss")
    for words in (["migrate"], ["keys", "list"], ["serve"]):
        assert main(words) == 1
        assert [line.partition(":")[0] for line in capsys.readouterr().err.splitlines()] == [
            "MILEPOST_CLOCK",
            "MILEPOST_ROLE",
        ]


def test_migrate_makes_the_embedded_database(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"]) == 0
    with sqlite3.connect("var/milepost.db") as connection:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert mode == "wal"
    assert {"api_key", "journal_entry", "plan"} <= names
    assert capsys.readouterr().out == "The schema is up to date.\n"


def test_a_database_that_cannot_be_opened_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("MILEPOST_DATABASE_URL", "sqlite:///file/milepost.db")
    assert main(["migrate"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_port_that_is_taken_is_told_before_anything_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 1
    assert capsys.readouterr().err.startswith(f"127.0.0.1:{port} cannot be listened at: somebody else listens there")
    assert not Path("var").exists()
