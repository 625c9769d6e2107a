"""What a simulator shows: lines and one living status line for people, JSON lines for machines."""

import contextlib
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import FrameType
from typing import Any

REFRESH_SECONDS = 0.5


class Display:
    """`event()` is a line; `status()` is the line below, rewritten in place on a terminal only."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._living = not as_json and sys.stdout.isatty()

    def event(self, name: str, text: str, **facts: Any) -> None:
        now = datetime.now(UTC)
        if self.as_json:
            stamp = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            self._write(json.dumps({"event": name, "at": stamp, **facts}) + "\n")
        else:
            clear = "\r\x1b[K" if self._living else ""
            self._write(f"{clear}{now.astimezone():%H:%M:%S}  {printable(text)}\n")

    def status(self, text: str) -> None:
        if self._living:
            self._write(f"\r\x1b[K{printable(text)}")

    def end(self) -> None:
        if self._living:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        """Somebody who closed the pipe has seen enough."""
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.write(text)
            sys.stdout.flush()


def printable(text: str) -> str:
    """Without the control characters that mails and printers may send to a terminal."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


@contextlib.contextmanager
def until_stopped() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set; the handlers of before come back at the end.

    Enter it before anything starts or is told, so that no signal comes too early.
    """
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(display: Display, stop: threading.Event, watch: Callable[[], str]) -> None:
    """Calls `watch()` for the status line until somebody stops the program."""
    while not stop.wait(REFRESH_SECONDS):
        display.status(watch())
    display.end()
