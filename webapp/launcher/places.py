"""Where a portal keeps its data, sockets, secrets and logs."""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from webapp.launcher.binaries import SHARED_STATE, can_enter
from webapp.launcher.errors import LauncherError
from webapp.launcher.spawn import Account

EMBEDDED = "outpost-embedded"
"""Stands in the addresses of the embedded servers, by which production knows and refuses them."""

LONGEST_SOCKET_DIRECTORY = 107 - len("/outpost-embedded/.s.PGSQL.5432.lock")
"""A Unix socket's path ends at 107 bytes (unix(7))."""

OURS = (
    "postgres",
    "redis",
    "run",
    "log",
    "secrets",
    "master-keys",
    "mailbox",
    "files",
    "exports",
    "simulators",
)
"""What FRESH removes; backups and whatever else lies there stay."""


@dataclass(frozen=True, kw_only=True)
class Places:
    data: Path
    run: Path
    """Short path, ours: control socket, record of children, the servers' sockets."""
    cluster: Path
    """Parent of the PostgreSQL data directory."""
    account: Account | None

    @property
    def sockets(self) -> Path:
        return self.run / EMBEDDED

    @property
    def control(self) -> Path:
        return self.run / "control.sock"

    @property
    def children(self) -> Path:
        return self.run / "children.json"

    @property
    def logs(self) -> Path:
        return self.data / "log"

    def note(self) -> str | None:
        """One sentence when the database does not lie where one would look for it."""
        if self.cluster.is_relative_to(self.data):
            return None
        who = self.account.name if self.account else "the server"
        return f"{self.data} is closed to {who}; the database lies in {self.cluster}"


def lay_out(data: Path, account: Account | None) -> Places:
    """Decide all places below `data`; parents' permissions are never touched."""
    data = data.expanduser().absolute()
    name = _short_name(data)
    inside = can_enter(data, account)
    short = len(os.fsencode(data / "run")) <= LONGEST_SOCKET_DIRECTORY
    return Places(
        data=data,
        run=data / "run" if inside and short else Path(tempfile.gettempdir()) / f"outpost-{name}",
        cluster=data / "postgres" if inside else SHARED_STATE / name / "postgres",
        account=account,
    )


def _short_name(data: Path) -> str:
    return hashlib.sha256(os.fsencode(data)).hexdigest()[:10]


def create(places: Places) -> None:
    """Make the directories; what exists keeps its mode."""
    places.data.mkdir(parents=True, exist_ok=True)
    places.logs.mkdir(exist_ok=True)
    make_private(places.run, mode=0o711 if places.account else 0o700)
    for directory in (places.sockets, places.cluster):
        make_private(directory, account=places.account)


def make_private(directory: Path, *, mode: int = 0o700, account: Account | None = None) -> None:
    """A directory of ours (or of `account`), refused when somebody else put it there."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    directory.mkdir(mode=mode, exist_ok=True)
    facts = directory.lstat()
    expected = account.uid if account else os.geteuid()
    if directory.is_symlink() or facts.st_uid not in {expected, os.geteuid()}:
        raise LauncherError(
            f"{directory} belongs to somebody else. Remove it, or name another data directory: "
            "DATA=/path/to/directory make demo"
        )
    if account:
        os.chown(directory, account.uid, account.gid)
    directory.chmod(mode)


def lock(places: Places) -> IO[str]:
    """Hold the data directory for one launcher; the lock goes with the returned file."""
    places.data.mkdir(parents=True, exist_ok=True)
    file = (places.data / "launcher.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        raise LauncherError(
            f"A launcher (pid {file.read().strip() or 'unknown'}) already runs on {places.data}. "
            "End it with `python -m webapp.launcher stop`, or start beside it: "
            "DATA=/path/to/other PORT=8200 make demo"
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def clear(places: Places) -> None:
    """Remove our contents of the data directory (FRESH=1)."""
    for directory in (*(places.data / name for name in OURS), places.cluster, places.run):
        shutil.rmtree(directory, ignore_errors=True)


def tidy(places: Places) -> None:
    """Leave no directory in /tmp once nothing runs."""
    if not places.run.is_relative_to(places.data):
        shutil.rmtree(places.run, ignore_errors=True)


def secret_file(places: Places, name: str) -> Path:
    """A secret made once and kept, readable by us alone."""
    return _kept(places.data / "secrets", name, lambda: secrets.token_urlsafe(48))


def master_keys_file(places: Places) -> Path:
    """The master key of the meter keys, in a folder apart: a backup must not hold both."""
    return _kept(places.data / "master-keys", "meters", lambda: f"first {secrets.token_hex(32)}\n")


def _kept(directory: Path, name: str, make: Callable[[], str]) -> Path:
    make_private(directory)
    path = directory / name
    if not path.exists():
        draft = directory / f".{name}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
        draft.rename(path)
    return path


def remember_children(places: Places, births: dict[int, str]) -> None:
    draft = places.children.with_suffix(".new")
    draft.write_text(json.dumps(births))
    draft.replace(places.children)


def remembered_children(places: Places) -> dict[int, str]:
    """Pids and births that an earlier launcher left; empty when the record is unreadable."""
    try:
        record = json.loads(places.children.read_text())
        return {int(pid): str(birth) for pid, birth in record.items()}
    except (OSError, ValueError, AttributeError):
        return {}
