"""One process that is watched: what to start, and how it fares."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from webapp.launcher.output import LogFile, Terminal
from webapp.launcher.spawn import Account, signal_group, spawn

LONGEST_PAUSE_SECONDS = 30.0
STEADY_AFTER_SECONDS = 30.0
"""A process that ran so long before it ended starts again without a growing pause."""


@dataclass(frozen=True, kw_only=True)
class Program:
    name: str
    argv: list[str]
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path | None = None
    account: Account | None = None
    prepare: Callable[[], None] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    patience_seconds: float = 10.0
    rank: int = 0
    """Programs end in falling order of rank, those of one rank together."""
    quiet: bool = False
    """Only to its log file, not to the terminal."""


class Running:
    """A program with its present process. States: running, stopping, waiting, ended."""

    def __init__(self, program: Program, *, terminal: Terminal, log: LogFile) -> None:
        self.program = program
        self.terminal = terminal
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.state = "waiting"
        self.wanted = True
        self.failures = 0
        self.restarts = 0
        self.started_at = 0.0
        self.due_at = 0.0
        self.kill_at = float("inf")
        self.unfinished = b""
        self.lines: list[str] = []

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None else None

    def start(self) -> None:
        program = self.program
        if program.prepare is not None:
            program.prepare()
        self.process = spawn(
            program.argv,
            account=program.account,
            env=program.env,
            cwd=program.cwd,
            output=subprocess.PIPE,
            orphan_signal=program.orphan_signal,
        )
        self.started_at, self.kill_at, self.state = time.monotonic(), float("inf"), "running"
        if self.process.stdout is not None:
            os.set_blocking(self.process.stdout.fileno(), False)

    def read(self) -> bool:
        """Pass on what the process said; False at the end of its output."""
        if self.process is None or self.process.stdout is None:
            return False
        try:
            chunk = os.read(self.process.stdout.fileno(), 65536)
        except BlockingIOError:
            return True
        *lines, self.unfinished = (self.unfinished + chunk).split(b"\n")
        for line in lines:
            self._heard(line)
        return bool(chunk)

    def _heard(self, line: bytes) -> None:
        self.log.write(line)
        text = line.decode(errors="replace")
        self.lines.append(text)
        del self.lines[:-400]
        if not self.program.quiet:
            self.terminal.line(self.program.name, text)

    def drain(self) -> None:
        """Read the rest after the process ended; a grandchild may hold the pipe open."""
        if self.process is None or self.process.stdout is None or self.process.stdout.closed:
            return
        size = -1
        while size != len(self.lines) and self.read():
            size = len(self.lines)
        if self.unfinished:
            self._heard(self.unfinished)
            self.unfinished = b""
        self.process.stdout.close()

    def ask_to_stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.state = "stopping"
        self.kill_at = time.monotonic() + self.program.patience_seconds
        self.process.send_signal(self.program.stop_signal)

    def insist(self) -> None:
        """Kill what does not end in its time, with all of its group."""
        if self.process is not None and time.monotonic() > self.kill_at:
            self.terminal.say(f"  {self.program.name} did not end in time and is killed")
            self.kill_at = float("inf")
            signal_group(self.process.pid, signal.SIGKILL)

    def ended(self, code: int) -> None:
        """Note the end, and when to start again."""
        if self.process is not None:
            signal_group(self.process.pid, signal.SIGKILL)
        asked = self.state == "stopping"
        self.state = "waiting" if self.wanted else "ended"
        if not self.wanted:
            return
        self.restarts += 1
        pause = 0.0 if asked else self._pause()
        self.due_at = time.monotonic() + pause
        if not asked:
            how = signal.Signals(-code).name if code < 0 else f"exit {code}"
            self.terminal.say(f"  {self.program.name} ended ({how}); starts again in {pause:.1f} s")

    def postpone(self) -> None:
        """It could not even be started: try again later."""
        self.due_at = time.monotonic() + self._pause()

    def _pause(self) -> float:
        steady = time.monotonic() - self.started_at > STEADY_AFTER_SECONDS
        self.failures = 1 if steady else self.failures + 1
        return float(min(LONGEST_PAUSE_SECONDS, 0.25 * 2.0 ** (self.failures - 1)))
