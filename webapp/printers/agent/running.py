"""The agent as it runs: enrols, then reads and sends side by side until it is asked to stop."""

from __future__ import annotations

import logging
import random
import signal
import socket
import threading
from collections.abc import Callable
from typing import Final

from webapp.printers.agent.configuration import Configuration
from webapp.printers.agent.page import serve
from webapp.printers.agent.portal import Away, Portal, Refused, ShutOut
from webapp.printers.agent.printers import Printers
from webapp.printers.agent.sending import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Sender
from webapp.printers.agent.spool import Spool
from webapp.printers.agent.state import State

log = logging.getLogger(__name__)

STOPPED: Final = 0
NO_TOKEN: Final = 2
SHUT_OUT: Final = 3
"""Exit codes. With 3 there is no use in starting it again: `RestartPreventExitStatus=2 3`."""
LAST_WORDS_SECONDS: Final = 5

WHAT_TO_DO = (
    "Make a new enrolment token on the agent's page in the portal (Site agents, More actions, Set up anew), "
    "write it into the configuration as `token`, and start the agent again. What it has read is kept."
)


class Runner:
    """One agent. Threads are daemons: a search that takes long stops nobody from leaving."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.state = State(configuration.state)
        self.spool = Spool(
            configuration.state / "queue.sqlite", most_bytes=configuration.queue_bytes
        )
        self.printers = Printers(configuration, self.state, self.spool)
        self.portal = Portal(configuration)
        self.stopping = threading.Event()
        self._exit = STOPPED

    def run(self) -> int:
        """The exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self.stopping.set())
        code = self.enrol()
        if code is not None:
            return code
        sender = Sender(self.configuration, self.state, self.spool, self.printers, self.portal)
        threads = [
            self._start("printers", lambda: self.printers.work(self.stopping)),
            self._start("sending", lambda: self._send(sender)),
        ]
        if self.configuration.listen is not None:
            self._serve_page(self.configuration.listen)
        log.info("running; printers are read, the portal is %s", self.configuration.portal)
        while not self.stopping.wait(1):
            pass
        for thread in threads:
            thread.join(LAST_WORDS_SECONDS)
        log.info("stopped; %d readings wait for the next start", self.spool.count)
        return self._exit

    def enrol(self) -> int | None:
        """None once there is a credential; an exit code where there is none to be had."""
        token = self.configuration.token
        known = self.state.credential_for(token)
        failures = 0
        while known is None:
            if not token:
                log.error("no token and no credential. %s", WHAT_TO_DO)
                return NO_TOKEN
            try:
                known = self._enrol(token)
            except (ShutOut, Refused) as refused:
                log.error("the portal does not take the token: %s. %s", refused, WHAT_TO_DO)
                return SHUT_OUT
            except Away as away:
                failures += 1
                pause = min(FIRST_PAUSE_SECONDS * 2 ** min(failures, 10), LONGEST_PAUSE_SECONDS)
                pause *= random.uniform(0.5, 1)  # noqa: S311 - spreads agents, guards nothing
                log.warning("not enrolled yet: %s; next try in %.0f s", away, pause)
                if self.stopping.wait(pause):
                    return STOPPED
        self.portal.credential = known
        return None

    def _enrol(self, token: str) -> str:
        answer = self.portal.enrol(
            token, install_id=self.state.install_id, host=socket.gethostname()[:120]
        )
        credential = str(answer["credential"])
        self.state.keep_credential(
            credential, token, portal=self.configuration.portal, name=answer["name"]
        )
        log.info("enrolled as %s", answer["name"])
        return credential

    def _send(self, sender: Sender) -> None:
        try:
            sender.work(self.stopping)
        except ShutOut as shut:
            log.error("the portal does not take this agent any more: %s. %s", shut, WHAT_TO_DO)
            self._leave(SHUT_OUT)
        except Exception:
            log.exception("sending failed")
            self._leave(1)

    def _leave(self, code: int) -> None:
        self._exit = code
        self.stopping.set()

    def _serve_page(self, address: tuple[str, int]) -> None:
        try:
            server = serve(address, self.printers, self.portal, self.state)
        except OSError as error:
            log.error("the local page can't listen on %s:%d: %s", *address, error)
            return
        self._start("page", server.serve_forever)

    def _start(self, name: str, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        return thread
