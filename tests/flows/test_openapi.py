"""The OpenAPI document, held against the service by Schemathesis: a live server, every check, our own configuration."""

import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from tests.fixtures.programs import ROOT, environment, free_port, running

KEY = "mpk_" + "open" * 10 + "api"


@pytest.mark.slow
def test_schemathesis_finds_nothing(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    phases = "examples,coverage" if request.config.getoption("--everything") else "examples"
    port = str(free_port())
    environ = {
        "MILEPOST_DATABASE_URL": f"sqlite:///{tmp_path / 'milepost.db'}",
        "MILEPOST_ADMIN_KEY": KEY,
        "MILEPOST_CLOCK": "2024-10-01T08:00",
        "MILEPOST_LOG_LEVEL": "error",  # nobody reads the pipe after the first lines; a full one would stop the server
        "MILEPOST_SECRET": "a secret that only this test knows, long enough",
    }
    seeds = [str(ROOT / "seed_data" / name) for name in ("chongming.yaml", "shanghai.yaml")]
    apply = [sys.executable, "-m", "service", "apply", *seeds]
    subprocess.run(apply, cwd=tmp_path, env=environment(tmp_path, environ), check=True, capture_output=True)
    with running("serve", "--port", port, folder=tmp_path, environ=environ) as server:
        _until_it_answers(f"http://127.0.0.1:{port}/healthz", server)
        told = _ask(f"http://127.0.0.1:{port}/openapi.json", phases, folder=tmp_path)
    assert told.returncode == 0, told.stdout[-8000:]


def _until_it_answers(address: str, server: subprocess.Popen[str]) -> None:
    for _ in range(600):
        assert server.poll() is None
        try:
            if httpx.get(address, timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            threading.Event().wait(0.1)
    raise AssertionError("the server does not answer")


def _ask(address: str, phases: str, *, folder: Path) -> subprocess.CompletedProcess[str]:
    words = {
        "--header": f"Authorization: Bearer {KEY}",
        "--checks": "all",
        "--phases": phases,
        "--max-examples": "1",
        "--generation-database": "none",
        "--seed": "1",
    }
    options = [part for pair in words.items() for part in pair]
    program = [str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(ROOT / "schemathesis.toml")]
    return subprocess.run(
        [*program, "run", address, *options],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
