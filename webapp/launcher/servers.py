"""One server process in the foreground, and what its kinds share."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from webapp.launcher.errors import LauncherError
from webapp.launcher.places import EMBEDDED
from webapp.launcher.spawn import Account, birth, spawn

READY_WITHIN_SECONDS = 60.0


class Server:
    """One server process in the foreground. `prepare` is run before each start."""

    stop_signal = signal.SIGTERM
    name: str

    def __init__(self, *, account: Account | None) -> None:
        self.account = account
        self.process: subprocess.Popen[bytes] | None = None
        self._throwaway: Path | None = None

    @property
    def argv(self) -> list[str]:
        raise NotImplementedError

    def prepare(self) -> None:
        """Make what the server needs, remove what a killed one left."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        raise NotImplementedError

    def start(self, *, within_seconds: float = READY_WITHIN_SECONDS) -> None:
        """Start (again) and return when it answers; it ends with the calling thread."""
        deadline = time.monotonic() + within_seconds
        while not self._try_to_start(deadline):
            if time.monotonic() > deadline:
                raise LauncherError(f"{self.name} did not start; its log: {self.log_path}")
            time.sleep(0.2)

    def _try_to_start(self, deadline: float) -> bool:
        self.prepare()
        with self.log_path.open("ab") as log:
            self.process = spawn(
                self.argv, account=self.account, output=log, orphan_signal=self.stop_signal
            )
        while self.process.poll() is None and time.monotonic() < deadline:
            if self.is_ready():
                return True
            time.sleep(0.02)
        return False

    @property
    def log_path(self) -> Path:
        raise NotImplementedError

    @property
    def pid(self) -> int:
        if self.process is None:
            raise LauncherError(f"{self.name} has not been started")
        return self.process.pid

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        self._end(signal.SIGKILL, patience_seconds=10)

    def stop(self) -> None:
        self._end(self.stop_signal, patience_seconds=20)

    def _end(self, number: signal.Signals, *, patience_seconds: float) -> None:
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self._throwaway is not None:
            shutil.rmtree(self._throwaway, ignore_errors=True)


def throwaway_directory(account: Account | None) -> Path:
    root = Path(tempfile.mkdtemp(prefix=f"{EMBEDDED}-", dir=_short_temporary_directory()))
    if account is not None:
        os.chown(root, account.uid, account.gid)
    return root


def _short_temporary_directory() -> str | None:
    """pytest and macOS have long ones, a socket's path has 107 bytes."""
    usual = tempfile.gettempdir()
    return "/tmp" if len(usual) > 40 and Path("/tmp").is_dir() else usual  # noqa: S108


def runs_on(pid: int, cluster: Path) -> bool:
    """Whether the process is a PostgreSQL that was started on this very directory."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return words[0].endswith(b"postgres") and os.fsencode(cluster) in words


def end_process(pid: int, signals: Sequence[signal.Signals], *, each_seconds: float = 10) -> None:
    """Ask ever less politely until the process (not another with its pid) is gone."""
    born = birth(pid)

    def gone() -> bool:
        return born is None or birth(pid) != born

    for number in signals:
        if gone():
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        wait_until(gone, within_seconds=each_seconds)


def wait_until(condition: Callable[[], bool], *, within_seconds: float) -> bool:
    deadline = time.monotonic() + within_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
