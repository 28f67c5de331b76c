"""Polls of a feed of a thousand entries, against bare machinery and against Radicale.

`python -m tests.benchmarks.polls`: each server has the first core, the client the others. Rounds alternate between the
servers, and each ratio is the median of the ratios of neighbouring rounds, because the machine is not equally busy all
the time. Compared are answers a second of the server's own processor time, which a busy neighbour hardly disturbs; what
the clock on the wall says stands beside.
"""

import contextlib
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import peers
from tests.benchmarks.load import Measured, first_answer, load, request_of
from tests.benchmarks.plans import FEED, make
from tests.benchmarks.serving import serving
from tests.benchmarks.tables import Say, say, table

ROUNDS = 20
SECONDS = 0.6
PEER_ROUNDS = 5
PEER_SECONDS = 3.0


@dataclass(frozen=True)
class Server:
    """Somebody who answers: the process, its port, and what it answers to which request."""

    pid: int
    port: int
    requests: dict[str, bytes]

    def lengths(self) -> dict[str, int]:
        """How long each answer is, head and body."""
        return {name: len(first_answer(self.port, request)) for name, request in self.requests.items()}


def run(say: Say, *, quick: bool = False) -> None:
    """304 and 200 of a feed of a thousand entries."""
    leave_the_first_core()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        database = folder / "large.db"
        make(database)
        with serving("milepost", database) as (port, pid), serving("application", database) as (other_port, other_pid):
            plain, headers, body = _once(port)
            assert _once(other_port)[2] == body
            what = f"a feed of {plain.count(b'BEGIN:VEVENT'):,} entries, {len(plain):,} bytes, {len(body):,} with gzip"
            ours = Server(pid, port, _requests(FEED, FEED, tag=headers["etag"]))
            alone = Server(other_pid, other_port, ours.requests)
            with serving("bare", _bare_answers(folder, headers, body)) as (bare_port, bare_pid):
                bare = Server(bare_pid, bare_port, _requests("/304", "/200", tag=headers["etag"]))
                named = {"`milepost serve`": ours, "its application alone": alone}
                _against_bare(say, what, named, bare, rounds=4 if quick else ROUNDS)
            _against_radicale(say, folder, plain, ours, skip=quick)


def leave_the_first_core() -> None:
    """It belongs to the servers. A machine with one core has nothing to leave."""
    if hasattr(os, "sched_setaffinity") and (others := os.sched_getaffinity(0) - {0}):
        os.sched_setaffinity(0, others)


def _once(port: int) -> tuple[bytes, dict[str, str], bytes]:
    head, _, body = first_answer(port, request_of(FEED, accept_encoding="gzip")).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:])
    return gzip.decompress(body), headers, body


def _requests(of_304: str, of_200: str, *, tag: str) -> dict[str, bytes]:
    return {
        "304": request_of(of_304, accept_encoding="gzip", if_none_match=tag),
        "200 gzip": request_of(of_200, accept_encoding="gzip"),
    }


def _bare_answers(folder: Path, headers: dict[str, str], body: bytes) -> Path:
    (folder / "body").write_bytes(body)
    told = [(name, value) for name, value in headers.items() if name.lower() not in ("date", "server")]
    short = [(name, value) for name, value in told if name.lower() not in ("content-length", "content-encoding")]
    answers: dict[str, Any] = {
        "/200": {"status": 200, "headers": told, "body": str(folder / "body")},
        "/304": {"status": 304, "headers": short, "body": ""},
    }
    path = folder / "answers.json"
    path.write_text(json.dumps(answers), encoding="utf-8")
    return path


def _against_bare(say: Say, what: str, named: dict[str, Server], bare: Server, *, rounds: int) -> None:
    """Both ways in which Milepost can be served: as it serves itself, and as an application of the same server."""
    lengths = {server.port: server.lengths() for server in (*named.values(), bare)}
    rows = []
    for name in bare.requests:
        taken = [
            [_load(server, name, lengths[server.port][name]) for server in (*named.values(), bare)]
            for _ in range(rounds)
        ]
        for at, who in enumerate(named):
            rows.append((f"{name}, {who}", *_compared([(each[at], each[-1]) for each in taken])))
    columns = ("answers", "Milepost a CPU second", "bare ASGI", "ratio", "Milepost a second", "bare ASGI", "ratio")
    table(say, f"Polls against a bare ASGI application that sends the same bytes ({what})", columns, rows)


def _compared(pairs: Sequence[tuple[Measured, Measured]]) -> tuple[str, ...]:
    return (
        f"{_median([each.a_cpu_second for each, _ in pairs]):,.0f}",
        f"{_median([other.a_cpu_second for _, other in pairs]):,.0f}",
        f"{_median([each.a_cpu_second / other.a_cpu_second for each, other in pairs]):.2f}",
        f"{_median([each.a_second for each, _ in pairs]):,.0f}",
        f"{_median([other.a_second for _, other in pairs]):,.0f}",
        f"{_median([each.a_second / other.a_second for each, other in pairs]):.2f}",
    )


def _load(server: Server, name: str, length: int) -> Measured:
    return load(server.port, server.requests[name], length=length, pid=server.pid, seconds=SECONDS)


def _median(figures: Sequence[float]) -> float:
    return statistics.median(figures)


def _against_radicale(say: Say, folder: Path, calendar: bytes, ours: Server, *, skip: bool) -> None:
    """Radicale has no 304 for a calendar as a whole: whatever is asked, it answers with all of it."""
    title = "Polls against Radicale, with the same entries"
    try:
        with _radicale(folder, calendar, skip=skip) as (url, pid):
            lengths = ours.lengths()
            rounds = []
            for _ in range(PEER_ROUNDS):
                theirs = peers.answers(url, pid=pid, seconds=PEER_SECONDS)
                rounds.append((theirs, {name: _load(ours, name, lengths[name]) for name in ours.requests}))
    except (peers.Missing, OSError, subprocess.SubprocessError, TimeoutError) as missing:
        say(f"\n## {title}\n\nLeft out: {missing}.")
        return
    rows = [
        (
            name,
            f"{_median([mine[name].a_cpu_second for _, mine in rounds]):,.0f}",
            f"{_median([theirs.a_cpu_second for theirs, _ in rounds]):.1f}",
            f"{_median([mine[name].a_cpu_second / theirs.a_cpu_second for theirs, mine in rounds]):,.0f}",
            f"{_median([mine[name].a_second / theirs.a_second for theirs, mine in rounds]):,.0f}",
        )
        for name in ours.requests
    ]
    columns = ("answers", "Milepost a CPU second", "Radicale a CPU second", "times", "times by the wall")
    table(say, title, columns, rows)


@contextlib.contextmanager
def _radicale(folder: Path, calendar: bytes, *, skip: bool) -> Iterator[tuple[str, int]]:
    if skip:
        raise peers.Missing("this is a quick run")
    with peers.serving_radicale(peers.radicale(folder), folder, calendar) as served:
        yield served


if __name__ == "__main__":
    run(say, quick="--quick" in sys.argv[1:])
