"""The main job with real processes, in an empty folder, with nothing set but where mail servers may be."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.makers.cli import FIRM, SinkProcess, a_sink_process

SHEET = """Invoice,Customer,Email,Language,Amount,Currency,Issued,Due
INV-1,Bassam Trading,bassam@example.com,ar,1250.00,AED,2026-01-01,2026-02-01
INV-2,Bassam Trading,bassam@example.com,ar,300.00,AED,2026-01-15,2026-02-15
INV-3,Noor Fashion,noor@example.com,en,99.90,AED,2026-01-20,2026-02-20
INV-4,Paid Already,paid@example.com,en,10.00,AED,2026-01-20,2026-02-20
"""
IN = ("--tenant", "acme")


@dataclass(frozen=True, slots=True)
class Machine:
    """A folder with nothing in it, and commands that are run there as processes of their own."""

    folder: Path

    def environment(self) -> dict[str, str]:
        ours = ("BURSAR_", "DATABASE_URL", "LANG", "LC_", "XDG_RUNTIME_DIR")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {**kept, "BURSAR_PRIVATE_HOSTS": "127.0.0.0/8"}

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "bursar", *words],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, status: int = 0) -> str:
        process = self.start(*words)
        out, err = process.communicate(timeout=180)
        assert process.returncode == status, f"{words}: {out}{err}"
        assert "Traceback" not in err, err
        return out

    def answer(self, *words: str, status: int = 0) -> dict:
        return json.loads(self.run(*words, "--json", status=status).splitlines()[-1])


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = Machine(tmp_path_factory.mktemp("machine"))
    assert "bursar migrate" in machine.answer("audit", "verify", *IN, status=2)["detail"]
    machine.run("migrate")
    yield machine
    assert machine.answer("stop")["state"] == "stopped"
    assert machine.answer("stop")["state"] == "not_running"


@pytest.fixture(scope="module")
def open_sink() -> Iterator[SinkProcess]:
    with a_sink_process() as sink:
        yield sink


def messages(sink: SinkProcess) -> list[dict]:
    with urllib.request.urlopen(f"http://127.0.0.1:{sink.control_port}/messages") as found:
        return json.load(found)


def test_a_sheet_becomes_one_mail_a_customer(machine: Machine, open_sink: SinkProcess):
    assert machine.answer("migrate")["state"] == "migrated"  # twice is once
    machine.answer(*FIRM)
    account = ("sending-account", "add", "smtp", *IN, "--address", "billing@acme.example", *open_sink.at())
    assert machine.answer(*account, "--batch-interval", "0")["state"] == "active"
    (machine.folder / "sheet.csv").write_text(SHEET)
    sheet = ("import", "invoices", "sheet.csv", *IN)
    assert machine.answer(*sheet)["created"] == 4
    assert machine.answer(*sheet, "--apply")["created"] == 4

    campaign = machine.answer("campaign", "create", *IN, "--name", "November", "--kind", "overdue_notice")
    assert campaign["total"] == 3
    paid = (
        "payment",
        "record",
        *IN,
        "--invoice",
        "INV-4",
        "--amount",
        "10.00",
        "--received-on",
        "2026-03-01",
    )
    assert machine.answer(*paid)["balance"] == "0.00"
    seen = machine.answer("campaign", "preview", campaign["id"], *IN)["messages"]
    assert {one["to"]: one["state"] for one in seen if not one["problem"]} == {
        "bassam@example.com": "queued",
        "noor@example.com": "queued",
    }
    assert machine.answer("campaign", "release", campaign["id"], *IN, "--any-hour")["state"] == "sending"
    assert machine.answer("campaign", "release", campaign["id"], *IN, status=1)["error"] == "illegal_move"
    machine.run("worker", "--until-idle")

    assert sorted(one["recipients"] for one in messages(open_sink)) == [
        ["bassam@example.com"],
        ["noor@example.com"],
    ]
    shown = machine.answer("campaign", "show", campaign["id"], *IN)
    assert (shown["state"], shown["total"]) == ("completed", 3)
    assert shown["counts"] == {"sent": 2, "suppressed": 1}
    assert machine.answer("why", "invoice", "INV-4", *IN)["stopped_by"] == ["paid"]
    assert machine.answer("doctor")["ok"] is True


def test_a_worker_ends_on_a_signal_with_status_0(machine: Machine):
    worker = machine.start("worker")
    assert worker.stderr is not None
    assert "worker_started" in worker.stderr.readline()

    worker.send_signal(signal.SIGTERM)
    _, err = worker.communicate(timeout=60)

    assert worker.returncode == 0, err
    assert "worker_stopped" in err


def test_the_web_door_answers_and_ends_on_a_signal(machine: Machine):
    invited = machine.answer(*FIRM[:2], "beta", *FIRM[3:])["invitation_url"]
    port = free_port()
    server = machine.start("serve", "--port", str(port))
    try:
        answered = waits_for(f"http://127.0.0.1:{port}{urlsplit(invited).path}")
    finally:
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=60)

    assert answered == 200
    assert server.returncode == 0, err


def test_a_port_that_is_taken_is_one_clear_line(machine: Machine, open_sink: SinkProcess):
    refused = machine.start("serve", "--port", str(open_sink.port))
    _, err = refused.communicate(timeout=60)

    assert refused.returncode == 2
    assert f"port {open_sink.port}" in err.replace("\n", " ")
    assert "Traceback" not in err


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def waits_for(url: str) -> int:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url) as answer:
                return answer.status
        except urllib.error.HTTPError as answer:
            return answer.code
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")
