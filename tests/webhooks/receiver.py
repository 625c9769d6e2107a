"""A real HTTP receiver on a free port: it checks signatures as docs/protocols/webhooks.md says, and misbehaves."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


def is_signed(received: Received, secret: str, *, now: float, tolerance: float = 300) -> bool:
    """Word for word what the protocol's page shows to receivers."""
    header = received.headers["Outpost-Signature"]
    parts = [part.split("=", 1) for part in header.split(",")]
    sent_at = next(value for name, value in parts if name == "t")
    if abs(now - int(sent_at)) > tolerance:
        return False
    signed = sent_at.encode() + b"." + received.body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(value, expected) for name, value in parts if name == "v1")


@dataclass
class Receiver:
    """What came, and how to answer: `answers` are taken one a request, the last one again and again."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    answers: list[str] = field(default_factory=lambda: ["200"])
    connections: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def take(self, received: Received) -> str:
        with self.lock:
            self.received.append(received)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def setup(self) -> None:
        super().setup()
        with self.receiver.lock:
            self.receiver.connections += 1

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True  # the sender died in the middle
            return
        how = self.receiver.take(Received(self.path, dict(self.headers), body))
        getattr(self, f"_{how}", self._status)(how)

    def _status(self, how: str) -> None:
        self._answer(int(how), b"thank you" if how == "200" else b"no \x00thanks" * 200)

    def _cut(self, _how: str) -> None:
        self.close_connection = True
        self.connection.close()

    def _half(self, _how: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        self.wfile.flush()
        self._cut("")

    def _silent(self, _how: str) -> None:
        time.sleep(3)
        self._cut("")

    def _drip(self, _how: str) -> None:
        """A drop now and then, for ever: each single read is quick enough."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(100):
            try:
                self.wfile.write(b".")
                self.wfile.flush()
            except OSError:
                break
            time.sleep(0.1)

    def _drip_head(self, _how: str) -> None:
        try:
            for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.1)
        except OSError:
            pass

    def _huge(self, _how: str) -> None:
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            for _ in range(1000):
                self.wfile.write(b"y" * 1_000_000)
        except OSError:
            pass

    def _redirect(self, _how: str) -> None:
        self._answer(302, b"", Location=f"{self.receiver.url}/elsewhere")

    def _nonsense(self, _how: str) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        self._cut("")

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news here."""


@contextmanager
def receiver() -> Iterator[Receiver]:
    state = Receiver()
    handler = type("Handler", (_Handler,), {"receiver": state})
    server = _Server(("127.0.0.1", 0), handler)
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
