"""The queue goes to the portal: in batches, oldest first; what the portal has answered for is forgotten here.

A reading that was sent and whose answer was lost is sent again; its id tells the portal that it is known.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from typing import Any, Final

from webapp.printers.agent.configuration import Configuration
from webapp.printers.agent.portal import Away, Portal, Refused
from webapp.printers.agent.printers import Printers
from webapp.printers.agent.spool import Spool, Waiting
from webapp.printers.agent.state import State

log = logging.getLogger(__name__)

MOST: Final = 50
MOST_BYTES: Final = 300_000
"""Compressed, of all readings of a batch: some megabytes of JSON at the most."""
BEAT_SECONDS: Final = 60
FIRST_PAUSE_SECONDS: Final = 2.0
LONGEST_PAUSE_SECONDS: Final = 300.0


class Sender:
    """In a thread of its own. `ShutOut` rises to whoever started it."""

    def __init__(
        self,
        configuration: Configuration,
        state: State,
        spool: Spool,
        printers: Printers,
        portal: Portal,
    ) -> None:
        self._configuration, self._state = configuration, state
        self._spool, self._printers, self._portal = spool, printers, portal
        self._most = MOST
        self._failures = 0
        self._etag = str(state.read("wanted").get("etag", ""))

    def work(self, stopping: threading.Event, *, beat_seconds: float = BEAT_SECONDS) -> None:
        """At least a sign of life each beat; at once when something waits, once the portal answers."""
        pause = 0.0
        while not stopping.wait(pause):
            try:
                self.fetch_wishes()
                self.flush(stopping)
                self._failures = 0
                pause = self._until_next(stopping, beat_seconds)
            except Away as away:
                pause = self._pause(away)
                log.warning("%s; %d wait, next try in %.0f s", away, self._spool.count, pause)
            except Refused as refused:
                pause = self._pause(Away(str(refused)))
                log.error("the portal refuses: %s; next try in %.0f s", refused, pause)

    def fetch_wishes(self) -> None:
        said = self._portal.wanted(self._etag)
        if said.status == 304:
            return
        self._etag = said.etag
        self._state.write("wanted", {"etag": said.etag, "wanted": said.body})
        self._printers.wish(said.body)
        log.info("wanted by the portal: %s", "reading" if said.body.get("on") else "nothing")

    def flush(self, stopping: threading.Event) -> None:
        """Everything that waits; one batch at least, which says that the agent is alive."""
        while not stopping.is_set():
            waiting = self._spool.oldest(most=self._most, most_bytes=MOST_BYTES)
            self._send(waiting)
            if len(waiting) < self._most and not self._spool.count:
                return

    def _send(self, waiting: list[Waiting]) -> None:
        looks = self._printers.looks()
        batch: dict[str, Any] = {
            "networks": [str(network) for network in self._configuration.networks][:64],
            "queued": max(self._spool.count - len(waiting), 0),
            "dropped": self._spool.dropped,
            "readings": [one.message for one in waiting],
            "looks": looks,
        }
        try:
            answer = self._portal.send(batch)
        except Refused as refused:
            self._make_smaller(waiting, refused)
            return
        for refused_one in answer.get("refused", []):
            log.error("the portal takes no reading %(reading_id)s: %(detail)s", refused_one)
        self._spool.forget([one.id for one in waiting])
        self._printers.looks_taken(looks)
        self._most = min(self._most * 2, MOST)

    def _make_smaller(self, waiting: list[Waiting], refused: Refused) -> None:
        """One reading that can't be taken must not stop all others: it is found by halving, and given up."""
        if not refused.is_for_good or not waiting:
            raise refused
        if len(waiting) > 1:
            self._most = max(len(waiting) // 2, 1)
            return
        log.error("a reading is given up, the portal will never take it: %s", refused)
        self._spool.forget([waiting[0].id])

    def _pause(self, away: Away) -> float:
        """Growing, and different for each agent: a portal that comes back is not met by all at once."""
        self._failures += 1
        longest = min(FIRST_PAUSE_SECONDS * 2 ** min(self._failures, 10), LONGEST_PAUSE_SECONDS)
        jitter: Callable[[float, float], float] = random.uniform
        return max(jitter(longest / 2, longest), away.wait_seconds)

    def _until_next(self, stopping: threading.Event, beat_seconds: float) -> float:
        """Sleeps until something waits, or the beat."""
        waited = 0.0
        while waited < beat_seconds and not self._spool.count:
            if stopping.wait(1.0):
                return 0
            waited += 1.0
        return 0
