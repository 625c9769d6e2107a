"""Orders to a running launcher: one JSON line each way over a Unix socket."""

import contextlib
import json
import selectors
import socket
from collections.abc import Callable
from pathlib import Path

from webapp.launcher.errors import LauncherError

Answer = Callable[[list[str]], dict[str, object]]


class Control:
    def __init__(self, path: Path, answer: Answer) -> None:
        self.path = path
        self.answer = answer
        self.listener: socket.socket | None = None

    def open(self, selector: selectors.BaseSelector) -> None:
        self.path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.path.chmod(0o600)
        self.listener.listen(8)
        self.listener.setblocking(False)
        selector.register(self.listener, selectors.EVENT_READ, self._serve_one)

    def _serve_one(self) -> None:
        if self.listener is None:
            return
        with contextlib.suppress(OSError, ValueError):
            client, _ = self.listener.accept()
            with client:
                client.settimeout(1)
                order = json.loads(client.makefile("rb").readline(10_000))
                client.sendall(json.dumps(self.answer(order)).encode() + b"\n")

    def close(self) -> None:
        if self.listener is not None:
            self.listener.close()
            self.path.unlink(missing_ok=True)


def ask(path: Path, *order: str) -> dict[str, object]:
    """Send an order to the launcher behind `path`."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(path))
            client.sendall(json.dumps(order).encode() + b"\n")
            answer = json.loads(client.makefile("rb").readline())
    except (OSError, ValueError):
        raise LauncherError("No launcher runs here. Start one with `make demo`.") from None
    if not isinstance(answer, dict):
        raise LauncherError("The launcher gave no understandable answer.")
    if "error" in answer:
        raise LauncherError(str(answer["error"]))
    return answer
