"""`dev`: restarts what has new code, by looking at the files' times once a second."""

import time
from collections.abc import Iterator
from pathlib import Path

from webapp.launcher.stack import PROJECT
from webapp.launcher.supervisor import Supervisor

LOOK_EVERY_SECONDS = 1.0
WATCHED = (("webapp", (".py",)), ("templates", (".html", ".txt")), ("translations", (".mo",)))
RESTARTED = ("web", "worker", "clock")


class Changes:
    def __init__(self, supervisor: Supervisor, root: Path = PROJECT) -> None:
        self.supervisor = supervisor
        self.root = root
        self.looked_at = time.monotonic()
        self.known = self._times()

    def look(self) -> None:
        if time.monotonic() - self.looked_at < LOOK_EVERY_SECONDS:
            return
        self.looked_at = time.monotonic()
        times = self._times()
        if times == self.known:
            return
        changed = sorted(path.name for path, _ in set(times.items()) ^ set(self.known.items()))
        self.known = times
        self.supervisor.terminal.say(f"  changed: {', '.join(dict.fromkeys(changed))}")
        for name in RESTARTED:
            if name in self.supervisor.programs:
                self.supervisor.programs[name].ask_to_stop()

    def _times(self) -> dict[Path, float]:
        times = {}
        for path in self._files():
            try:
                times[path] = path.stat().st_mtime
            except OSError:  # deleted between listing and looking
                continue
        return times

    def _files(self) -> Iterator[Path]:
        for folder, endings in WATCHED:
            for path in (self.root / folder).rglob("*"):
                if path.suffix in endings:
                    yield path
