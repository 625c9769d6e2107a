"""The terminal (coloured names) and the bounded log file of each process."""

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import TextIO

LOG_BYTES = 5_000_000
COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)


class Terminal:
    """What the user sees. A terminal that was closed is no reason to end."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.coloured = self.stream.isatty() and "NO_COLOR" not in os.environ
        self.seen: list[str] = []
        self.began = time.monotonic()

    def say(self, text: str = "") -> None:
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(f"{text}\n")
            self.stream.flush()

    def line(self, name: str, text: str) -> None:
        """One line of a process's output."""
        self.say(f"{self._paint(name)} {text}")

    def step(self, name: str, seconds: float) -> None:
        self.say(f"  {name:<42} {seconds:6.1f} s")

    def _paint(self, name: str) -> str:
        if name not in self.seen:
            self.seen.append(name)
        label = f"{name:<9}│"
        if not self.coloured:
            return label
        colour = COLOURS[self.seen.index(name) % len(COLOURS)]
        return f"\x1b[{colour}m{label}\x1b[0m"


class LogFile:
    """Appends lines; at `LOG_BYTES` the file becomes `.1` and a new one begins."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = path.open("ab")

    def write(self, line: bytes) -> None:
        if self.file.tell() > LOG_BYTES:
            self.file.close()
            self.path.replace(self.path.with_suffix(".log.1"))
            self.file = self.path.open("ab")
        self.file.write(line + b"\n")
        self.file.flush()

    def close(self) -> None:
        self.file.close()
