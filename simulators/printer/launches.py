"""The client side of docs/protocols/printers.md: ping, launch, and what a client keeps between them."""

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

PING_SECONDS = 5.0
LAUNCH_SECONDS = 15.0
PENDING_SECONDS = 30 * 60  # as long as the portal knows a launch_id again


class UnreachableError(Exception):
    """Nobody answers as the portal: no connection, time-out, 5xx, or somebody else's page."""


class RefusedError(Exception):
    """The portal answered with a problem; `problem` is its body."""

    def __init__(self, problem: dict[str, Any], *, status: int) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or f"status {status}"))
        self.problem, self.status = problem, status


@dataclass
class Kept:
    """What outlives the program, by portal: phone, plan, and a launch that did not get through."""

    support_phone: str | None = None
    gather: dict[str, list[str]] | None = None
    pending: dict[str, Any] | None = None
    pending_since: float = 0.0
    pending_of: str = ""
    others: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, file: Path, portal: str) -> "Kept":
        """An unreadable file counts as none: the panic button must work without it."""
        try:
            states = json.loads(file.read_text())
            state = states.pop(portal, {})
            return cls(**state, others=states)
        except (OSError, ValueError, TypeError, AttributeError):
            return cls()

    def save(self, file: Path, portal: str) -> None:
        state = asdict(self)
        everything = {**state.pop("others"), portal: state}
        file.parent.mkdir(parents=True, exist_ok=True)
        scratch = file.with_suffix(".new")
        scratch.touch(mode=0o600)
        scratch.write_text(json.dumps(everything))
        scratch.replace(file)

    def unsent(self, printer: str) -> dict[str, Any] | None:
        """The launch of this printer that is still to be sent, if the portal may know its id."""
        fresh = time.time() - self.pending_since < PENDING_SECONDS
        return self.pending if fresh and self.pending_of == printer else None

    def keep(self, launch: dict[str, Any], *, printer: str) -> None:
        self.pending, self.pending_of, self.pending_since = launch, printer, time.time()

    def forget(self) -> None:
        self.pending, self.pending_of, self.pending_since = None, "", 0.0


def ping(portal: str) -> dict[str, Any]:
    answer = _request("GET", f"{portal}/device/v1/ping", seconds=PING_SECONDS)
    body = _body(answer)
    if answer.status_code != 200 or body.get("service") != "outpost":
        raise UnreachableError(f"{portal} answers, but not as an Outpost portal")
    return body


def launch(portal: str, token: str, message: dict[str, Any]) -> dict[str, Any]:
    answer = _request(
        "POST",
        f"{portal}/device/v1/printers/launch",
        seconds=LAUNCH_SECONDS,
        json=message,
        headers={"Authorization": f"Bearer {token}"},
    )
    body = _body(answer)
    if 400 <= answer.status_code < 500:
        if retry := answer.headers.get("Retry-After"):
            body.setdefault("retry_after", retry)
        raise RefusedError(body, status=answer.status_code)
    if answer.status_code != 201 or not isinstance(body.get("url"), str):
        raise UnreachableError(f"{portal} answers, but not as an Outpost portal")
    return body


def _request(method: str, url: str, *, seconds: float, **options: Any) -> httpx.Response:
    try:
        answer = httpx.request(method, url, timeout=seconds, **options)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnreachableError(str(error) or type(error).__name__) from None
    if answer.status_code >= 500:
        raise UnreachableError(f"the portal is in trouble (status {answer.status_code})")
    return answer


def _body(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
