"""Radicale, the CalDAV server that one would install instead, on the same thousand entries."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.load import Measured
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
def serving_radicale(python: Path, folder: Path, calendar: bytes) -> Iterator[tuple[str, int]]:
    """Radicale with this calendar as a collection, on the first core: the address of the whole, and its pid."""
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
            if hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(process.pid, {0})
            url = f"http://127.0.0.1:{port}/anyone/feed/"
            _ask(url)  # it indexes what it has not seen before
            yield url, process.pid
        finally:
            process.terminate()


def answers(url: str, *, pid: int, seconds: float) -> Measured:
    """How often the peer gives the whole calendar, one request after the other. Raises Missing."""
    start, cpu, count = time.perf_counter(), _cpu_seconds(pid), 0
    while time.perf_counter() - start < seconds:
        _ask(url)
        count += 1
    return Measured(count, time.perf_counter() - start, _cpu_seconds(pid) - cpu)


def _ask(url: str) -> None:
    request = urllib.request.Request(url, headers={"Authorization": "Basic YW55b25lOng="})
    with urllib.request.urlopen(request) as answer:
        if answer.read().count(b"BEGIN:VEVENT") < 900:
            raise Missing("it did not answer with the whole calendar")


def _cpu_seconds(pid: int) -> float:
    """Processor time of a process with all its threads, those too that have ended (it makes one a request)."""
    told = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
