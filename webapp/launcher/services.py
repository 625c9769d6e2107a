"""PostgreSQL and Redis in the foreground, on Unix sockets only, ended with their starter.

For tests: `with Postgres.throwaway() as postgres: … postgres.kill(); postgres.start()`.
"""

import contextlib
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from webapp.launcher import binaries
from webapp.launcher.errors import LauncherError
from webapp.launcher.places import make_private
from webapp.launcher.servers import Server, end_process, runs_on, throwaway_directory
from webapp.launcher.spawn import Account, spawn

OWNER = DATABASE = "outpost"

DURABLE = {"shared_buffers": "256MB", "random_page_cost": "1.1", "max_wal_size": "2GB"}
FAST = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB"}
"""For tests: what is committed outlives kill -9 of the server, but not of the machine."""


class Postgres(Server):
    stop_signal = signal.SIGINT  # a «fast» shutdown: clients are cut, nothing is lost
    name = "postgres"

    def __init__(
        self,
        cluster: Path,
        sockets: Path,
        *,
        account: Account | None,
        options: dict[str, str] | None = None,
    ) -> None:
        super().__init__(account=account)
        self.cluster = cluster
        self.sockets = sockets
        self.directory = cluster / "data"
        self.options = DURABLE if options is None else options
        self.bin = binaries.postgres_bin(account)

    @classmethod
    def throwaway(cls) -> Self:
        """A server on an empty directory of its own under /tmp, tuned for tests."""
        account = binaries.service_account()
        root = throwaway_directory(account)
        server = cls(root / "postgres", root, account=account, options=FAST)
        server._throwaway = root
        return server

    @property
    def url(self) -> str:
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """SQLAlchemy's address of a database of this server."""
        return f"postgresql+psycopg://{OWNER}@/{database}?host={quote(str(self.sockets))}"

    @property
    def log_path(self) -> Path:
        return self.sockets / "postgres.log"

    @property
    def argv(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self.options,
        }
        chosen = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [str(self.bin / "postgres"), "-D", str(self.directory), *chosen]

    def prepare(self) -> None:
        make_private(self.sockets, account=self.account)
        make_private(self.cluster, account=self.account)
        self._end_leftover()
        if not self.directory.exists():
            self._initialise()

    def _initialise(self) -> None:
        """`initdb` with the builtin C.UTF-8, so that every machine sorts alike.

        A half-made directory is never used: it gets its name when it is complete.
        """
        draft = self.cluster / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        options = ["--locale-provider=builtin", "--locale=C.UTF-8", "--encoding=UTF8"]
        quick = ["--auth=trust", "--no-sync", "--no-instructions"]
        self._run([str(self.bin / "initdb"), "-U", OWNER, *quick, *options, "-D", str(draft)])
        draft.rename(self.directory)

    def _run(self, argv: Sequence[str]) -> None:
        child = spawn(argv, account=self.account, output=subprocess.PIPE)
        said, _ = child.communicate()
        if child.returncode != 0:
            words = said.decode(errors="replace").strip()
            raise LauncherError(f"{Path(argv[0]).name} failed:\n{words}")

    def _end_leftover(self) -> None:
        """End a server that outlived its launcher; forget the pid file of one that did not."""
        pid_file = self.directory / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return
        if not runs_on(pid, self.directory):
            pid_file.unlink(missing_ok=True)
            return
        end_process(pid, (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL))

    def is_ready(self) -> bool:
        """Answers, and has our database."""
        try:
            with self._connect("postgres") as connection:
                query = "SELECT 1 FROM pg_database WHERE datname = %s"
                if connection.execute(query, (DATABASE,)).fetchone() is None:
                    self._create(connection, DATABASE, None)
        except psycopg.Error:
            return False
        return True

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self.sockets), user=OWNER, dbname=database, autocommit=True, connect_timeout=5
        )

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Create a database (as a copy of `template`) and return its address."""
        with self._connect("postgres") as connection:
            self._create(connection, name, template)
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        with self._connect("postgres") as connection:
            statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(statement.format(sql.Identifier(name)))

    @staticmethod
    def _create(
        connection: psycopg.Connection[tuple[object, ...]], name: str, template: str | None
    ) -> None:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        source = sql.Identifier(template or "template0")
        connection.execute(statement.format(sql.Identifier(name), source))


class Redis(Server):
    """Without persistence: Redis only wakes, the truth is in PostgreSQL."""

    name = "redis"

    def __init__(self, sockets: Path, *, account: Account | None) -> None:
        super().__init__(account=account)
        self.sockets = sockets
        self.program = binaries.redis_server(account)

    @classmethod
    def throwaway(cls) -> Self:
        account = binaries.service_account()
        root = throwaway_directory(account)
        server = cls(root, account=account)
        server._throwaway = root
        return server

    @property
    def path(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.path))}"

    @property
    def log_path(self) -> Path:
        return self.sockets / "redis.log"

    @property
    def argv(self) -> list[str]:
        directory = str(self.sockets)
        quiet = ["--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", directory]
        listen = ["--port", "0", "--unixsocket", str(self.path), "--unixsocketperm", "700"]
        return [str(self.program), *listen, *quiet]

    def prepare(self) -> None:
        make_private(self.sockets, account=self.account)
        self.path.unlink(missing_ok=True)

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            client.connect(str(self.path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        return False
