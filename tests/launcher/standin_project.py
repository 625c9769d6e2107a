"""Starts the real launcher on the stand-in project and finds every process that comes of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from webapp.launcher.binaries import service_account
from webapp.launcher.places import lay_out
from webapp.launcher.spawn import birth

HERE = Path(__file__).parent
LAUNCHER = HERE.parents[1] / "webapp" / "launcher"


def until(condition: Callable[[], bool], *, within_seconds: float = 60) -> None:
    deadline = time.monotonic() + within_seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


def marked(mark: str) -> dict[int, str]:
    """Living processes whose environment carries the mark, with their command lines."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            if mark.encode() in (folder / "environ").read_bytes() and birth(int(folder.name)):
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(folder.name)] = words.decode(errors="replace")
        except OSError:
            continue
    return found


@dataclass
class Project:
    root: Path
    port: int
    data: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def environ(self, **extra: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
        ours = {"DATA": str(self.data), "PORT": str(self.port), "OUTPOST_TEST_MARK": self.mark}
        return {**kept, **ours, "OUTPOST_ENV": "development", **extra}

    def start(self, mode: str = "demo", **extra: str) -> subprocess.Popen[str]:
        argv = [sys.executable, "-m", "webapp.launcher", mode]
        return subprocess.Popen(
            argv,
            cwd=self.root,
            env=self.environ(**extra),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @contextmanager
    def running(self, mode: str = "demo", **extra: str) -> Iterator[Launched]:
        process = self.start(mode, **extra)
        launched = Launched(self, process)
        try:
            launched.read_until_ready()
            yield launched
        finally:
            launched.end()

    def refused(self, **extra: str) -> str:
        """Start, expect exit 1, and return what it said."""
        process = self.start(**extra)
        said, _ = process.communicate(timeout=90)
        assert process.returncode == 1, said
        return said

    def order(self, *words: str) -> str:
        argv = [sys.executable, "-m", "webapp.launcher", *words]
        done = subprocess.run(
            argv, cwd=self.root, env=self.environ(), capture_output=True, text=True, timeout=60
        )
        return done.stdout + done.stderr

    def processes(self) -> dict[int, str]:
        return marked(self.mark)

    def pid_of(self, name: str) -> int:
        rows = [line.split() for line in self.order("status").splitlines()]
        return next(int(row[2]) for row in rows if row[0] == name)

    def get(self, path: str) -> str:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=5).text

    def remove(self) -> None:
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        places = lay_out(self.data, service_account())
        for directory in (places.cluster.parent, places.run, self.root, self.data):
            shutil.rmtree(directory, ignore_errors=True)


@dataclass
class Launched:
    project: Project
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def read_until_ready(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.strip() == "ready":
                return
        raise AssertionError("never ready:\n" + "\n".join(self.lines))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=90)
        self.lines.extend(rest.splitlines())
        return self.process.returncode


def make_project(port: int, *, data: Path | None = None) -> Project:
    root = Path(tempfile.mkdtemp(prefix="outpost-standin-", dir="/tmp"))
    root.chmod(0o755)
    shutil.copytree(HERE / "standin", root, dirs_exist_ok=True)
    shutil.copytree(LAUNCHER, root / "webapp" / "launcher")
    for place in ("webapp/worker.py", "webapp/clock.py", "simulators/__main__.py"):
        (root / place).parent.mkdir(exist_ok=True)
        shutil.copyfile(root / "sleeper.py", root / place)
    for package in ("webapp", "simulators"):
        (root / package / "__init__.py").touch()
    return Project(root, port, data or root / "instance")
