"""Children that die with their parent, and processes known by pid *and* start time."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, kw_only=True)
class Account:
    """A Unix account that a child runs as."""

    name: str
    uid: int
    gid: int


def _prctl() -> Callable[[int, int], int] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    return lambda option, value: int(libc.prctl(option, value, 0, 0, 0))


PRCTL = _prctl()


def die_with_parent(with_signal: signal.Signals, parent: int) -> None:
    """Ask the kernel for `with_signal` when the parent ends. For use between fork and exec.

    The kernel means the *thread* that forked: a child belongs to the thread that started it.
    """
    if PRCTL is None:
        return
    PRCTL(PR_SET_PDEATHSIG, with_signal)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose own parent died, so that they can be ended."""
    if PRCTL is not None:
        PRCTL(PR_SET_CHILD_SUBREAPER, 1)


def spawn(
    argv: Sequence[str],
    *,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: IO[bytes] | int = subprocess.DEVNULL,
    orphan_signal: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own (a Ctrl-C in the terminal is the launcher's)."""
    parent = os.getpid()
    return subprocess.Popen(
        list(argv),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=None if env is None else dict(env),
        cwd=cwd,
        start_new_session=True,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=lambda: die_with_parent(orphan_signal, parent),
    )


def birth(pid: int) -> str | None:
    """Start time of a living process in clock ticks since boot; None when it is gone or a zombie.

    A pid comes back, a pid together with its birth does not.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    state, started = fields[0], fields[19]
    return None if state in "ZX" else started


def signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return
