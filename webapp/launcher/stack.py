"""What a local portal consists of: ports, environment and the programs in their order."""

import errno
import json
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from webapp.launcher.errors import LauncherError
from webapp.launcher.places import Places, master_keys_file, secret_file
from webapp.launcher.programs import Program
from webapp.launcher.servers import Server
from webapp.launcher.services import Postgres, Redis

PROJECT = Path(__file__).resolve().parents[2]
WEB_PROCESSES = 2
WEB_THREADS = 8
RANKS = {"services": 0, "mailbox": 1, "portal": 2, "fleet": 3}


@dataclass(frozen=True)
class Ports:
    """All ports follow from the portal's."""

    portal: int

    def __post_init__(self) -> None:
        if not 1024 <= self.portal <= 65000:
            raise LauncherError(f"PORT={self.portal} can't be used; choose 1024 to 65000.")

    @property
    def mailbox(self) -> int:
        return self.portal + 25

    @property
    def smtp(self) -> int:
        return self.portal + 27

    @property
    def snmp(self) -> int:
        """First UDP port of the simulated SNMP agents."""
        return self.portal + 100

    def check_free(self) -> None:
        """Refuse before anything starts, naming what is taken and the way out."""
        taken = [
            f"{number}/{'udp' if kind == socket.SOCK_DGRAM else 'tcp'} ({what})"
            for number, kind, what in (
                (self.portal, socket.SOCK_STREAM, "portal"),
                (self.mailbox, socket.SOCK_STREAM, "mailbox page"),
                (self.smtp, socket.SOCK_STREAM, "mailbox SMTP"),
                (self.snmp, socket.SOCK_DGRAM, "first SNMP agent"),
            )
            if not _is_free(number, kind)
        ]
        if taken:
            raise LauncherError(
                f"Taken by another program: port {', port '.join(taken)}. All ports follow from "
                f"PORT (now {self.portal}); move them together: PORT={self.portal + 200} make demo"
            )


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


@dataclass(frozen=True)
class Embedded:
    """The servers that we start ourselves: those without an address in the environment."""

    postgres: Postgres | None
    redis: Redis | None

    @classmethod
    def for_environment(cls, places: Places, environ: Mapping[str, str]) -> "Embedded":
        account, sockets = places.account, places.sockets
        return cls(
            postgres=None
            if environ.get("DATABASE_URL")
            else Postgres(places.cluster, sockets, account=account),
            redis=None if environ.get("REDIS_URL") else Redis(sockets, account=account),
        )

    def addresses(self) -> dict[str, str]:
        found = {}
        if self.postgres is not None:
            found["DATABASE_URL"] = self.postgres.url
            found["POSTGRES_BIN"] = str(self.postgres.bin)
        if self.redis is not None:
            found["REDIS_URL"] = self.redis.url
        return found

    def servers(self) -> list[Server]:
        return [server for server in (self.postgres, self.redis) if server is not None]


def environment(
    places: Places, ports: Ports, embedded: Embedded, environ: Mapping[str, str]
) -> dict[str, str]:
    """What the portal's processes see; what the caller set stays."""
    ours = {
        "OUTPOST_ENV": "development",
        "BASE_URL": f"http://127.0.0.1:{ports.portal}",
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": str(ports.smtp),
        "MAIL_FROM": "outpost@outpost.test",
        "DATA_DIR": str(places.data),
        "WEB_THREADS": str(WEB_THREADS),
        "OUTPOST_PORT": str(ports.portal),
        "WEBHOOK_ALLOW_PRIVATE": "yes",
        "WEBHOOK_ALLOW_HTTP": "yes",
    }
    for name in ("SECRET_KEY", "CODE_PEPPER", "BACKUP_KEY"):
        if not environ.get(name) and not environ.get(f"{name}_FILE"):
            ours[f"{name}_FILE"] = str(secret_file(places, name.lower()))
    if not environ.get("METER_MASTER_KEYS") and not environ.get("METER_MASTER_KEYS_FILE"):
        ours["METER_MASTER_KEYS_FILE"] = str(master_keys_file(places))
    always = {"PYTHONUNBUFFERED": "1", **embedded.addresses()}
    return {**ours, **environ, **always}


def server_program(server: Server) -> Program:
    return Program(
        name=server.name,
        argv=server.argv,
        account=server.account,
        cwd=Path("/"),
        prepare=server.prepare,
        stop_signal=server.stop_signal,
        orphan_signal=server.stop_signal,
        patience_seconds=20,
        rank=RANKS["services"],
        quiet=True,
    )


@dataclass(frozen=True)
class Stack:
    places: Places
    ports: Ports
    env: Mapping[str, str]

    def _python(self, name: str, *argv: str, rank: str, patience_seconds: float = 10) -> Program:
        return Program(
            name=name,
            argv=[sys.executable, "-m", *argv],
            env=self.env,
            cwd=PROJECT,
            rank=RANKS[rank],
            patience_seconds=patience_seconds,
        )

    def prepare(self, *commands: str) -> Program:
        """A step that runs flask commands to their end, one after the other."""
        program = self._python("prepare", "webapp.launcher.chain", *commands, rank="portal")
        return replace(program, quiet=True)

    def web(self) -> Program:
        bind = ["--bind", f"127.0.0.1:{self.ports.portal}", "--no-control-socket"]
        size = ["--workers", str(WEB_PROCESSES), "--threads", str(WEB_THREADS)]
        kind = ["--worker-class", "gthread", "--graceful-timeout", "10", "--log-level", "warning"]
        hooks = ["--config", "python:webapp.launcher.gunicorn_hooks", "--preload"]
        return self._python(
            "web",
            "gunicorn",
            *hooks,
            *bind,
            *size,
            *kind,
            "wsgi:app",
            rank="portal",
            patience_seconds=15,
        )

    def worker(self) -> Program:
        return self._python("worker", "webapp.worker", rank="portal", patience_seconds=15)

    def clock(self) -> Program:
        return self._python("clock", "webapp.clock", rank="portal")

    def mailbox(self) -> Program:
        where = ["--smtp-port", str(self.ports.smtp), "--web-port", str(self.ports.mailbox)]
        keep = ["--dir", str(self.places.data / "mailbox")]
        return self._python("mailbox", "simulators", "mailbox", *where, *keep, rank="mailbox")

    def fleet(self, answer: str) -> list[Program]:
        """The simulators that `flask demo fleet` names: one JSON list of {name, argv}."""
        try:
            entries = json.loads(answer.strip().splitlines()[-1])
            return [self._simulator(entry["name"], entry["argv"]) for entry in entries]
        except (ValueError, IndexError, KeyError, TypeError) as error:
            raise LauncherError(
                f"`flask demo fleet` did not answer with a JSON list of name and argv: {error!r}"
            ) from error

    def _simulator(self, name: str, argv: list[str]) -> Program:
        program = sys.executable if Path(argv[0]).name in {"python", "python3"} else argv[0]
        return Program(
            name=name,
            argv=[program, *argv[1:]],
            env=self.env,
            cwd=PROJECT,
            rank=RANKS["fleet"],
            patience_seconds=3,
        )


def refuse_production(environ: Mapping[str, str]) -> None:
    if environ.get("OUTPOST_ENV") == "production":
        raise LauncherError(
            "The launcher is for one's own machine and OUTPOST_ENV says production. There the same "
            "processes run under systemd or in containers: docs/running.md."
        )


def inherited_environment() -> dict[str, str]:
    """Ours without what make and an outer Flask leave in it."""
    unwanted = ("MAKE", "MFLAGS", "FLASK_", "GUNICORN_", "WERKZEUG_")
    return {key: value for key, value in os.environ.items() if not key.startswith(unwanted)}
