"""Radicale, the CalDAV server that one would install instead, on the same thousand entries."""

import contextlib
import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.serving import wait_for


class Missing(Exception):
    """The peer is not here, and why."""


def radicale(folder: Path) -> Path:
    """A Python that has Radicale: in an environment of its own, made once. Raises Missing."""
    python = folder / "radicale" / "bin" / "python"
    if not python.exists():
        made = subprocess.run(
            [sys.executable, "-m", "venv", str(folder / "radicale")], capture_output=True, check=False
        )
        if made.returncode:
            raise Missing("no environment could be made for it")
    found = subprocess.run([str(python), "-c", "import radicale"], capture_output=True, check=False)
    if found.returncode:
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "radicale"]
        if subprocess.run(command, capture_output=True, check=False, timeout=300).returncode:
            raise Missing("it could not be installed here")
    return python


@contextlib.contextmanager
def serving_radicale(python: Path, folder: Path, calendar: bytes) -> Iterator[str]:
    """Radicale with this calendar as a collection: the address of the whole."""
    collection = folder / "store" / "collection-root" / "anyone" / "feed"
    collection.mkdir(parents=True, exist_ok=True)
    (collection / ".Radicale.props").write_text(json.dumps({"tag": "VCALENDAR"}), encoding="utf-8")
    for number, block in enumerate(re.findall(rb"BEGIN:VEVENT.*?END:VEVENT\r\n", calendar, re.DOTALL)):
        wrapped = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + block + b"END:VCALENDAR\r\n"
        (collection / f"{number}.ics").write_bytes(wrapped)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    config = folder / "radicale.conf"
    config.write_text(
        f"[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = none\n[rights]\ntype = authenticated\n"
        f"[storage]\nfilesystem_folder = {folder / 'store'}\n[logging]\nlevel = error\n",
        encoding="utf-8",
    )
    command = [str(python), "-m", "radicale", "--config", str(config)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}/anyone/feed/"
        finally:
            process.terminate()


def answers_a_second(url: str, *, seconds: float) -> float:
    """How often the peer gives the whole calendar, one request after the other. Raises Missing."""
    request = urllib.request.Request(url, headers={"Authorization": "Basic YW55b25lOng="})
    start, answers = time.perf_counter(), 0
    while time.perf_counter() - start < seconds or answers < 3:
        with urllib.request.urlopen(request) as answer:
            if answer.read().count(b"BEGIN:VEVENT") < 900:
                raise Missing("it did not answer with the whole calendar")
        answers += 1
    return answers / (time.perf_counter() - start)
