"""The portal's side of docs/protocols/printers.md, as small as the app needs it."""

import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

TOKEN = "op_enrol_1_secret"
GATHER = {
    "": ["1.3.6.1.2.1.1", "1.3.6.1.2.1.25.3", "1.3.6.1.2.1.43"],
    "1.3.6.1.4.1.253": ["1.3.6.1.4.1.253.8.53.13.2"],
}
PING = {"service": "outpost", "time": "2026-03-02T08:15:30Z", "api": "v1", "gather": GATHER}
OPEN = {
    "outcome": "open",
    "url": "http://127.0.0.1/p/token",
    "expires_at": "2026-03-02T08:45:30Z",
    "support_phone": "+49 30 5550 123",
    "printer": {"name": "Hall", "location": "Berlin"},
}


@dataclass
class Portal:
    """`answers` are given to launches in turn, the last one again and again."""

    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=lambda: [(201, OPEN)])
    ping: tuple[int, Any] = (200, PING)
    port: int = 0
    launches: list[dict[str, Any]] = field(default_factory=list)
    pings: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        portal = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                portal.pings += 1
                self.reply(*(portal.ping if self.path == "/device/v1/ping" else (404, {})))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert self.path == "/device/v1/printers/launch"
                assert self.headers["Content-Type"] == "application/json"
                portal.launches.append(body)
                if self.headers["Authorization"] != f"Bearer {TOKEN}":
                    return self.reply(401, problem("credential_invalid"))
                answers = portal.answers
                return self.reply(*(answers.pop(0) if len(answers) > 1 else answers[0]))

            def reply(self, status: int, body: Any) -> None:
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                if status == 429:
                    self.send_header("Retry-After", "17")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def problem(code: str, **extra: Any) -> dict[str, Any]:
    return {"type": "about:blank", "title": code, "detail": f"It is {code}.", "code": code} | extra


def check_launch(message: dict[str, Any]) -> None:
    """Against the shape that docs/protocols/printers.md gives."""
    assert set(message) <= {"launch_id", "badge_email", "app", "facts", "reading", "missing"}
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", message["launch_id"])
    assert len(json.dumps(message)) <= 512 * 1024
    assert len(message["reading"]) <= 4_000
    assert all(map(_is_oid, [*message["reading"], *message["missing"]]))
    for kind, value in message["reading"].values():
        assert _SHAPES[kind](value), (kind, value)


def _is_oid(text: str) -> bool:
    return bool(re.fullmatch(r"[012](\.(0|[1-9]\d*)){1,127}", text))


def _is_hex(value: Any) -> bool:
    return bool(re.fullmatch(r"([0-9a-fA-F]{2})*", value))


def _within(low: int, high: int) -> Any:
    return lambda value: type(value) is int and low <= value <= high


_SHAPES = {
    "integer": _within(-(2**31), 2**31 - 1),
    "string": _is_hex,
    "oid": _is_oid,
    "ip": lambda value: re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", value),
    "counter32": _within(0, 2**32 - 1),
    "gauge32": _within(0, 2**32 - 1),
    "timeticks": _within(0, 2**32 - 1),
    "counter64": _within(0, 2**64 - 1),
    "opaque": _is_hex,
}
