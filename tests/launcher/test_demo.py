"""`make demo` as its user meets it: starts, shows, restarts, ends, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.launcher.standin_project import Project, make_project, until

pytestmark = pytest.mark.chaos

NAMES = ["postgres", "redis", "mailbox", "web", "worker", "clock", "printer-1"]


def free_port() -> int:
    """A port whose whole family is likely free; each xdist worker has a range of its own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    for port in range(21000 + 2000 * worker, 22800 + 2000 * worker, 200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


@pytest.fixture
def project() -> Iterator[Project]:
    found = make_project(free_port())
    yield found
    found.remove()


def nothing_left(project: Project) -> bool:
    return project.processes() == {}


def test_it_starts_says_where_everything_is_and_sigterm_leaves_nothing(project: Project) -> None:
    with project.running() as launched:
        text = "\n".join(launched.lines)
        assert f"http://127.0.0.1:{project.port}" in text
        assert "admin@acme.test  a password" in text
        assert launched.lines.count("ready") == 1
        status = project.order("status")
        assert [line.split()[0] for line in status.splitlines()[1:]] == NAMES
        assert project.get("/readyz") == "ready"
        assert launched.end() == 0
    assert nothing_left(project)
    logs = {path.stem for path in (project.data / "log").glob("*.log")}
    assert set(NAMES) | {"prepare"} == logs


def test_the_second_start_keeps_data_and_secrets(project: Project) -> None:
    with project.running():
        pass
    secrets = {p.name: p.read_text() for p in (project.data / "secrets").iterdir()}
    assert set(secrets) == {"secret_key", "code_pepper", "backup_key"}
    assert all(len(value) >= 32 for value in secrets.values())
    modes = [(project.data / "secrets" / name).stat().st_mode for name in secrets]
    assert {stat.S_IMODE(mode) for mode in modes} == {0o600}
    with project.running():
        assert project.get("/starts") == "2"
        assert secrets == {p.name: p.read_text() for p in (project.data / "secrets").iterdir()}


def test_ctrl_c_and_stop_end_it_as_well(project: Project) -> None:
    with project.running() as launched:
        assert launched.end(signal.SIGINT) == 0
    with project.running() as launched:
        assert project.order("stop") == "stopped\n"
        assert launched.end() == 0
    assert nothing_left(project)
    assert "No launcher runs here" in project.order("status")


def test_a_killed_launcher_leaves_nothing_and_the_next_starts(project: Project) -> None:
    with project.running() as launched:
        slow = threading.Thread(target=ask_quietly, args=(project, "/slow"))
        slow.start()
        time.sleep(0.3)
        launched.kill()
        until(lambda: nothing_left(project), within_seconds=15)
        slow.join()
    with project.running():
        assert project.get("/starts") == "2"


def ask_quietly(project: Project, path: str) -> None:
    with contextlib.suppress(httpx.HTTPError):
        project.get(path)


def test_each_process_is_restarted_alone(project: Project) -> None:
    with project.running() as launched:
        pids = {name: project.pid_of(name) for name in NAMES}
        for name in ("postgres", "redis", "web", "worker", "printer-1"):
            os.kill(pids[name], signal.SIGKILL)
            until(lambda name=name: project.pid_of(name) != pids[name])
        until(lambda: "1" in project.get("/starts"))
        for name in ("mailbox", "clock"):
            assert project.pid_of(name) == pids[name]
        assert launched.process.poll() is None


def test_restart_brings_one_process_back(project: Project) -> None:
    with project.running():
        before = {name: project.pid_of(name) for name in NAMES}
        assert "web runs again" in project.order("restart", "web")
        after = {name: project.pid_of(name) for name in NAMES}
        assert {name for name in NAMES if before[name] != after[name]} == {"web"}
        until(lambda: project.get("/readyz") == "ready")
        assert "no process «wbe»; there are postgres, redis" in project.order("restart", "wbe")


def test_what_a_process_left_behind_ends_with_the_launcher(project: Project) -> None:
    with project.running() as launched:
        assert project.get("/orphan") == "left"
        until(lambda: any("sleep 300" in words for words in project.processes().values()))
        launched.end()
    assert nothing_left(project)


def test_a_taken_port_is_named_with_the_way_out(project: Project) -> None:
    with socket.create_server(("127.0.0.1", project.port + 27)):
        said = project.refused()
    assert f"port {project.port + 27}/tcp (mailbox SMTP)" in said
    assert f"PORT={project.port + 200} make demo" in said
    assert nothing_left(project)


def test_a_second_launcher_on_the_same_data_is_refused(project: Project) -> None:
    with project.running() as launched:
        said = project.refused(PORT=str(project.port + 1000))
        assert f"pid {launched.process.pid}" in said
        assert "DATA=" in said
        assert project.get("/readyz") == "ready"


def test_a_failed_migration_is_shown_and_ends_everything(project: Project) -> None:
    said = project.refused(BREAK_MIGRATION="1")
    assert "«flask db upgrade» failed" in said
    assert "column «colour» is missing" in said
    assert nothing_left(project)


def test_fresh_removes_ours_and_keeps_the_rest(project: Project) -> None:
    with project.running():
        pass
    (project.data / "backups").mkdir()
    (project.data / "notes.txt").write_text("mine")
    with project.running(FRESH="1"):
        assert project.get("/starts") == "1"
    assert (project.data / "notes.txt").read_text() == "mine"
    assert (project.data / "backups").exists()


def test_production_and_nonsense_are_refused(project: Project) -> None:
    assert "docs/running.md" in project.refused(OUTPOST_ENV="production")
    assert "PORT=80 can't be used" in project.refused(PORT="80")
    assert "PORT=eighty is not a port" in project.refused(PORT="eighty")
    assert nothing_left(project)


def test_new_code_restarts_web_worker_and_clock_in_dev(project: Project) -> None:
    with project.running("dev"):
        before = {name: project.pid_of(name) for name in NAMES[:-1]}
        (project.root / "webapp" / "news.py").write_text("NEWS = True\n")
        changed = {"web", "worker", "clock"}
        until(lambda: all(project.pid_of(name) != before[name] for name in changed))
        assert {name for name in before if project.pid_of(name) != before[name]} == changed


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers under another account")
def test_a_closed_directory_stays_closed_and_the_database_goes_elsewhere() -> None:
    closed = Path(tempfile.mkdtemp(prefix="outpost-closed-", dir="/tmp"))
    project = make_project(free_port(), data=closed / "instance")
    try:
        with project.running() as launched:
            (note,) = [line for line in launched.lines if "is closed to pgserver" in line]
            assert "/var/lib/outpost/" in note
            assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert nothing_left(project)
    finally:
        project.remove()
        closed.rmdir()


def test_a_deep_data_directory_gets_short_sockets() -> None:
    project = make_project(free_port())
    project.data = project.root / ("deep-" * 20) / "instance"
    try:
        with project.running():
            assert project.get("/starts") == "1"
            assert not (project.data / "run").exists()
    finally:
        project.remove()
