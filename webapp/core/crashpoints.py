"""Named points at which a test has the process killed, to show that nothing is lost there.

    OUTPOST_CRASH_AT=mail.after_250        die (SIGKILL) at the first passing
    OUTPOST_CRASH_AT=mail.after_250#7      at the seventh
    OUTPOST_CRASH_ONCE=/a/directory        once only, whichever process comes there first

Honoured with `OUTPOST_ENV=test` alone; elsewhere a crash point is a comparison of a variable.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

_passed: Counter[str] = Counter()


def crash_point(name: str) -> None:
    """Die here if a test asked for it."""
    wanted = os.environ.get("OUTPOST_CRASH_AT")
    if not wanted or os.environ.get("OUTPOST_ENV") != "test":
        return
    _passed[name] += 1
    for point in wanted.split(","):
        chosen, _, number = point.partition("#")
        if chosen == name and _passed[name] == int(number or 1) and _is_first(point):
            os.kill(os.getpid(), signal.SIGKILL)


def _is_first(point: str) -> bool:
    """Leaves a mark, so that the process started in place of the dead one lives."""
    directory = os.environ.get("OUTPOST_CRASH_ONCE")
    if directory is None:
        return True
    try:
        (Path(directory) / point.replace("/", "_")).open("x").close()
    except FileExistsError:
        return False
    return True
