"""A customer's site: the portal on a port of its own, an agent's directory and file, and the agent as a process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.cast import World
from tests.printers.desk import one
from webapp.core.clock import utcnow
from webapp.core.db import commit
from webapp.core.tenancy import scope
from webapp.printers.agents.models import PrinterAgent
from webapp.printers.agents.services import AgentFacts, add_agent

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 30.0


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """The application logs its requests itself."""


class Live:
    """The portal, which can be stopped and started again at the same port, and can lose answers."""

    def __init__(self, app: Any) -> None:
        self.app, self.port = app, 0
        self.lose_answers = 0
        self.seen: list[str] = []
        self._server: Any = None

    def start(self) -> None:
        self._server = make_server(
            "127.0.0.1", self.port, self._serve, threaded=True, request_handler=_Silent
        )
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _serve(self, environ: Any, start: Any) -> Any:
        self.seen.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        lost = self.lose_answers > 0 and environ["PATH_INFO"].endswith("/readings")
        if not lost:
            return self.app(environ, start)
        self.lose_answers -= 1
        answer = self.app(environ, lambda *_args: None)
        b"".join(answer)
        answer.close()
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError("the answer is lost on the way")


@dataclass
class Site:
    """What stands at the customer's."""

    world: World
    live: Live
    directory: Path
    token: str = ""
    hosts: list[str] = field(default_factory=list)
    more: str = ""

    def enrolled_by(self, name: str = "Padova", **facts: Any) -> None:
        with self.world.portal.test_request_context(), scope(self.world.acme_id):
            _agent, self.token = add_agent(
                AgentFacts(name=name, **facts), organisation_id=self.world.acme_id, now=utcnow()
            )
            commit()

    @property
    def config(self) -> Path:
        path = self.directory / "agent.toml"
        path.write_text(
            f'portal = "{self.live.url}"\ntoken = "{self.token}"\nstate = "{self.directory}/state"\n'
            f"hosts = {json.dumps(self.hosts)}\n{self.more}\n"
            '[[profiles]]\nname = "usual"\ntimeout_ms = 300\nretries = 0\n'
        )
        path.chmod(0o600)
        return path

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "webapp.printers.agent", "--config", str(self.config), *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )

    @contextlib.contextmanager
    def running(self) -> Iterator[Process]:
        log = self.directory / "agent.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                self.command(), cwd=ROOT, stdout=out, stderr=out, env={**os.environ}
            )
        try:
            yield Process(process, log)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(10)

    def agent(self) -> PrinterAgent:
        return one(self.world, select(PrinterAgent))  # type: ignore[no-any-return]


@dataclass
class Process:
    """The agent that runs."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        return self.log.read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)

    def ended(self) -> int:
        return self.process.wait(PATIENCE_SECONDS)

    def until(self, is_so: Callable[[], Any], what: str) -> Any:
        ends = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < ends:
            found = is_so()
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"{what} did not happen:\n{self.said()}")
