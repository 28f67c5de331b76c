"""`milepost serve` and `milepost demo` as programs of their own."""

import json
import re
import signal
import socket
from pathlib import Path

import httpx
import pytest

from tests.fixtures.programs import free_port, running, until

pytestmark = pytest.mark.slow

ADMIN_KEY = "mpk_" + "k" * 43


def test_serve_shows_a_first_key_once_answers_and_stops_when_told(tmp_path: Path) -> None:
    port = free_port()
    with running("serve", "--port", str(port), folder=tmp_path) as process:
        lines = until(process.stderr, "Uvicorn running")
        shown = re.search(r"shown this once: (mpk_\S+)", "".join(lines))
        assert shown
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {shown[1]}"}) as api:
            answer = api.get("/api/v1/keys")
        assert answer.status_code == 200
        assert "server" not in answer.headers
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=30)[1]
    told = [json.loads(line) for line in rest.splitlines()]
    assert "stopped" in [each["event"] for each in told]
    assert "uvicorn.access" not in {each["logger"] for each in told}, "each request is logged twice, each poll once"
    assert (tmp_path / "var" / "milepost.db").exists()


def test_several_workers_serve_one_embedded_database(tmp_path: Path) -> None:
    port = free_port()
    environ = {"MILEPOST_ADMIN_KEY": ADMIN_KEY}
    with running("serve", "--port", str(port), "--workers", "2", folder=tmp_path, environ=environ) as process:
        until(process.stderr, '"started"')
        until(process.stderr, '"started"')
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {ADMIN_KEY}"}) as api:
            (key,) = api.get("/api/v1/keys").json()["items"]
        assert key["name"] == "MILEPOST_ADMIN_KEY"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_the_demo_prints_addresses_that_answer_and_leaves_nothing(tmp_path: Path) -> None:
    port = free_port()
    with running("demo", "--port", str(port), folder=tmp_path) as process:
        lines = until(process.stdout, "an administrator's key")
        assert list(tmp_path.glob("milepost-demo-*"))
        addresses = re.findall(r"http://\S+", "".join(lines))
        with httpx.Client() as anybody:
            assert anybody.get(f"http://127.0.0.1:{port}/docs").status_code == 200
            plans = anybody.get(f"http://127.0.0.1:{port}/api/v1/plans").json()["items"]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert len(plans) == 5
    assert any(address.endswith(".ics") for address in addresses)
    assert not list(tmp_path.glob("milepost-demo-*"))


def test_at_the_demos_receiver_a_day_before_the_day_and_a_day_late_arrive_and_are_verified(tmp_path: Path) -> None:
    words = ("demo", "--port", str(free_port()), "--as-of", "2024-10-30T08:00", "--speed", "21600")
    with running(*words, folder=tmp_path) as process:
        lines = until(process.stdout, "已逾期.*中期评估")
        receiver = re.search(r"arrive at http://127.0.0.1:(\d+)/", "".join(lines))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    told = [line for line in lines if "三年行动计划中期评估" in line]
    assert [re.split(r"[|]", line)[0].split()[2] for line in told] == ["即将到期", "到期", "已逾期"]
    assert all("✓ standardwebhooks" in line for line in told)
    assert receiver
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(receiver[1])))
    assert not list(tmp_path.glob("milepost-demo-*"))
