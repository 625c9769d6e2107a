"""One loop in one thread: starts, watches and restarts each program alone, ends all in order."""

import contextlib
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from webapp.launcher import places as place
from webapp.launcher.control import Control
from webapp.launcher.errors import Interrupted, LauncherError
from webapp.launcher.output import LogFile, Terminal
from webapp.launcher.places import Places
from webapp.launcher.programs import Program, Running
from webapp.launcher.servers import end_process
from webapp.launcher.spawn import adopt_orphans, birth, signal_group

POLITE_THEN_NOT = (signal.SIGTERM, signal.SIGKILL)


class Supervisor:
    """Children are tied to the thread that starts them, hence no threads here."""

    def __init__(self, places: Places, terminal: Terminal) -> None:
        self.places = places
        self.terminal = terminal
        self.programs: dict[str, Running] = {}
        self.selector = selectors.DefaultSelector()
        self.control = Control(places.control, self._answer)
        self.interrupted = False
        self.watch: Callable[[], None] | None = None
        """Called at each turn (dev: restarts what has new code)."""

    def open(self) -> None:
        adopt_orphans()
        self._end_leftovers()
        self._wake_on_signals()
        self.control.open(self.selector)

    def _wake_on_signals(self) -> None:
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        self.wake_pair = (reader, writer)
        self.selector.register(reader, selectors.EVENT_READ, lambda: reader.recv(4096))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._interrupt)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _interrupt(self, *_: object) -> None:
        self.interrupted = True

    def _end_leftovers(self) -> None:
        """Processes that outlived an earlier launcher (killed in the middle of something)."""
        for pid, born in place.remembered_children(self.places).items():
            if birth(pid) == born:
                self.terminal.say(f"  ending process {pid}, left over from an earlier run")
                end_process(pid, POLITE_THEN_NOT)
                signal_group(pid, signal.SIGKILL)

    # Programs

    def add(self, program: Program) -> Running:
        log = LogFile(self.places.logs / f"{program.name}.log")
        running = Running(program, terminal=self.terminal, log=log)
        self.programs[program.name] = running
        self._start(running)
        return running

    def _start(self, running: Running) -> None:
        try:
            running.start()
        except (OSError, LauncherError) as error:
            raise LauncherError(f"{running.program.name} can't be started: {error}") from error
        if running.process is not None and running.process.stdout is not None:
            self.selector.register(
                running.process.stdout, selectors.EVENT_READ, lambda: self._read(running)
            )
        self._remember()

    def _remember(self) -> None:
        pids = [running.pid for running in self.programs.values() if running.process]
        births = {pid: born for pid in pids if pid and (born := birth(pid))}
        place.remember_children(self.places, births)

    def _read(self, running: Running) -> None:
        if not running.read():
            self._forget_output(running)

    def _forget_output(self, running: Running) -> None:
        if running.process is not None and running.process.stdout is not None:
            with contextlib.suppress(KeyError, ValueError):
                self.selector.unregister(running.process.stdout)

    def run_step(self, name: str, program: Program, *, within_seconds: float = 300) -> str:
        """Run a command to its end and return what it said; its failure is ours."""
        running = self.add(program)
        running.wanted = False
        self.wait_for(lambda: running.state == "ended", what=name, within_seconds=within_seconds)
        del self.programs[program.name]
        code = running.process.returncode if running.process is not None else 1
        if code != 0:
            said = "\n".join(running.lines[-40:])
            raise LauncherError(
                f"«{name}» failed (exit {code}): {' '.join(program.argv)}\n{said}\n"
                f"All it said is in {running.log.path}."
            )
        running.log.close()
        return "\n".join(running.lines)

    # The loop

    def turn(self, seconds: float = 0.5) -> None:
        for key, _ in self.selector.select(self._patience(seconds)):
            key.data()
        for running in list(self.programs.values()):
            self._look_after(running)
        self._reap_orphans()
        if self.watch is not None:
            self.watch()

    def _patience(self, seconds: float) -> float:
        now = time.monotonic()
        due = [r.due_at - now for r in self.programs.values() if r.state == "waiting"]
        return max(0.0, min([seconds, *due]))

    def _look_after(self, running: Running) -> None:
        if running.process is not None and running.state in {"running", "stopping"}:
            running.insist()
            code = running.process.poll()
            if code is None:
                return
            self._forget_output(running)
            running.drain()
            running.ended(code)
        if running.state == "waiting" and time.monotonic() >= running.due_at:
            self._restart(running)

    def _restart(self, running: Running) -> None:
        try:
            self._start(running)
        except LauncherError as error:
            self.terminal.say(f"  {error}")
            running.postpone()

    def _reap_orphans(self) -> None:
        """Grandchildren whose parent died have become ours (see `adopt_orphans`)."""
        known = {running.pid for running in self.programs.values()}
        with contextlib.suppress(ChildProcessError):
            while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                if found.si_pid in known:
                    return  # its own turn comes
                os.waitpid(found.si_pid, 0)

    def wait_for(
        self, condition: Callable[[], bool], *, what: str, within_seconds: float = 60
    ) -> None:
        deadline = time.monotonic() + within_seconds
        while not condition():
            self.turn(0.05)
            if self.interrupted:
                raise Interrupted
            if time.monotonic() > deadline:
                raise LauncherError(
                    f"«{what}» was not there after {within_seconds:.0f} s. "
                    f"The logs are in {self.places.logs}."
                )

    def run_forever(self) -> None:
        while not self.interrupted:
            self.turn()

    # The end

    def stop_all(self) -> None:
        """End the programs rank by rank, then whatever they left behind."""
        began, anything = time.monotonic(), bool(self.programs)
        for running in self.programs.values():
            running.wanted = False
        by_rank = sorted(self.programs.values(), key=lambda r: r.program.rank, reverse=True)
        for _, rank in groupby(by_rank, key=lambda r: r.program.rank):
            self._stop(list(rank))
        self._end_orphans()
        self.control.close()
        place.remember_children(self.places, {})
        if anything:
            self.terminal.step("ended", time.monotonic() - began)

    def _stop(self, programs: list[Running]) -> None:
        for running in programs:
            if running.state == "waiting":
                running.state = "ended"
            running.ask_to_stop()
        while any(running.state != "ended" for running in programs):
            self.turn(0.05)

    def _end_orphans(self) -> None:
        task = f"/proc/self/task/{os.getpid()}/children"
        with contextlib.suppress(OSError):
            for pid in Path(task).read_text().split():
                end_process(int(pid), POLITE_THEN_NOT, each_seconds=3)
        self._reap_orphans()

    # Orders by the control socket

    def _answer(self, order: list[str]) -> dict[str, object]:
        match order:
            case ["status"]:
                return {"processes": [self._describe(r) for r in self.programs.values()]}
            case ["restart", name] if name in self.programs:
                before = self.programs[name].pid
                self.programs[name].ask_to_stop()
                return {"name": name, "pid": before}
            case ["restart", name]:
                return {"error": f"no process «{name}»; there are {', '.join(self.programs)}"}
            case ["stop"]:
                self.interrupted = True
                return {"pid": os.getpid()}
        return {"error": f"unknown order {order!r}"}

    @staticmethod
    def _describe(running: Running) -> dict[str, object]:
        return {
            "name": running.program.name,
            "pid": running.pid,
            "state": running.state,
            "restarts": running.restarts,
            "seconds": round(time.monotonic() - running.started_at, 1),
        }
