"""The app on the printer: one button, one launch."""

import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.printer import launches
from simulators.printer.client import Target
from simulators.printer.gathering import (
    DEFAULT_PLAN,
    Plan,
    Reading,
    checked_plan,
    gather,
    maker_of,
    subtrees,
)
from simulators.printer.launches import Kept, RefusedError, UnreachableError
from simulators.printer.oids import is_below, parse_oid

MAX_MISSING = 64
APP = {"name": "outpost-panic", "version": "1.0"}

__all__ = ["PanicApp", "RefusedError", "UnreachableError", "default_state_file"]


def default_state_file() -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "outpost" / "panic.json"


@dataclass(kw_only=True)
class PanicApp:
    """`press()` gathers and launches; after UnreachableError press again, nothing gathered is lost.

    `printer` names the printer in the state file, so that several can share one.
    """

    portal: str
    token: str
    target: Target
    badge: str | None = None
    ip: str | None = None
    state_file: Path | None = None
    printer: str = ""

    def __post_init__(self) -> None:
        self.portal = self.portal.rstrip("/")
        self._file = self.state_file or default_state_file()
        self._kept = Kept.load(self._file, self.portal)
        self._who = f"{self.printer} {self.badge or ''}"
        self._plan_now: Plan = DEFAULT_PLAN
        self.state_trouble: str | None = None
        self._launch = self._kept.unsent(self._who)

    @property
    def support_phone(self) -> str | None:
        """The technicians' phone of the last launch that named one."""
        return self._kept.support_phone

    @property
    def gathered(self) -> dict[str, Any] | None:
        """The launch that waits to be sent."""
        return self._launch

    def press(self) -> dict[str, Any]:
        """The portal's answer. Raises UnreachableError (press again) or RefusedError."""
        plan, trouble = self._plan()
        self._plan_now = plan
        if self._launch is None:
            self._launch = self._message(gather(self.target, plan))
            self._kept.keep(self._launch, printer=self._who)
            self._save()
        if trouble:
            raise trouble
        return self._send(self._launch)

    def _plan(self) -> tuple[Plan, UnreachableError | None]:
        """What to read, even while the portal is away: the plan of the last time."""
        try:
            answer = launches.ping(self.portal)
        except UnreachableError as error:
            return self._kept.gather or DEFAULT_PLAN, error
        plan = checked_plan(answer.get("gather"))
        self._kept.gather = {prefix: list(roots) for prefix, roots in plan.items()}
        return plan, None

    def _send(self, message: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = launches.launch(self.portal, self.token, message)
        except RefusedError as refused:
            if refused.status == 413 and message["reading"]:
                return self._send(self._smaller(message))
            if refused.status not in (401, 429):
                self._forget()
            raise
        self._kept.support_phone = answer.get("support_phone") or self._kept.support_phone
        self._forget()
        return answer

    def _smaller(self, message: dict[str, Any]) -> dict[str, Any]:
        """The same launch without the subtree that was read last."""
        reading, roots = message["reading"], subtrees(self._plan_now, maker_of(message["reading"]))
        last = next(
            (root for root in reversed(roots) if any(_lies_in(oid, root) for oid in reading)), ""
        )
        return message | {
            "reading": {oid: said for oid, said in reading.items() if not _lies_in(oid, last)},
            "missing": [*message["missing"], *filter(None, [last])],
        }

    def _message(self, reading: Reading) -> dict[str, Any]:
        message: dict[str, Any] = {
            "launch_id": str(uuid.uuid4()),
            "app": APP,
            "facts": {"ip": self.ip} if self.ip else {},
            "reading": reading.objects,
            "missing": reading.missing[:MAX_MISSING],
        }
        return message | ({"badge_email": self.badge} if self.badge else {})

    def _forget(self) -> None:
        self._launch = None
        self._kept.forget()
        self._save()

    def _save(self) -> None:
        """A state file that can't be written costs the phone and the resumption, not the launch."""
        try:
            self._kept.save(self._file, self.portal)
        except OSError as error:
            self.state_trouble = f"{self._file}: {error.strerror}"


def _lies_in(oid: str, root: str) -> bool:
    """Everything lies in "": a reading that is in no known subtree is dropped whole."""
    return not root or is_below(parse_oid(oid), parse_oid(root))
