"""The portal, as the agent speaks to it: outbound HTTPS, JSON, gzip. What goes wrong is one of four things."""

from __future__ import annotations

import gzip
import json
import ssl
from dataclasses import dataclass
from typing import Any, Final

import httpx

from webapp.printers.agent import NAME, VERSION
from webapp.printers.agent.clock import utcnow
from webapp.printers.agent.configuration import Configuration

TIMEOUT: Final = httpx.Timeout(60, connect=15)
APP: Final = {"name": NAME, "version": VERSION}


class Away(Exception):
    """Not to be reached, or not able: tried again later. `wait_seconds` is what the portal asked for."""

    def __init__(self, words: str, *, wait_seconds: float = 0) -> None:
        super().__init__(words)
        self.wait_seconds = wait_seconds


class ShutOut(Exception):
    """The credential or token is no good (any more). Trying again is no use."""


class Refused(Exception):
    """This message is not taken."""

    def __init__(self, words: str, *, status: int) -> None:
        super().__init__(words)
        self.status = status

    @property
    def is_for_good(self) -> bool:
        """The message itself is wrong, and will be the next time."""
        return self.status in (400, 413, 422)


@dataclass(frozen=True)
class Said:
    status: int
    body: dict[str, Any]
    etag: str = ""


class Portal:
    """One connection, kept open. Certificates are always checked."""

    def __init__(self, configuration: Configuration, credential: str = "") -> None:
        verify = ssl.create_default_context(cafile=configuration.ca_file)
        self.base = configuration.portal
        self._client = httpx.Client(
            base_url=self.base,
            proxy=configuration.proxy,
            verify=verify,
            timeout=TIMEOUT,
            follow_redirects=False,
            headers={"User-Agent": f"{NAME}/{VERSION}"},
        )
        self.credential = credential

    def enrol(self, token: str, *, install_id: str, host: str) -> dict[str, Any]:
        body = {"install_id": install_id, "app": APP, "host": host}
        return self._ask("POST", "/device/v1/printers/agents", body, bearer=token).body

    def wanted(self, etag: str) -> Said:
        """Status 304 and no body where nothing is new."""
        headers = {"If-None-Match": etag} if etag else {}
        return self._ask("GET", "/device/v1/printers/agent/configuration", headers=headers)

    def send(self, batch: dict[str, Any]) -> dict[str, Any]:
        """`sent_at` is put in here, so that the portal sees how wrong our clock is."""
        sent_at = utcnow().isoformat()
        return self._ask(
            "POST", "/device/v1/printers/readings", {**batch, "sent_at": sent_at, "app": APP}
        ).body

    def launch(self, message: dict[str, Any]) -> dict[str, Any]:
        return self._ask("POST", "/device/v1/printers/agent/launch", message, zipped=False).body

    def close(self) -> None:
        self._client.close()

    def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        bearer: str = "",
        headers: dict[str, str] | None = None,
        zipped: bool | None = None,
    ) -> Said:
        sent = {"Authorization": f"Bearer {bearer or self.credential}", **(headers or {})}
        content = json.dumps(body).encode() if body is not None else None
        if content is not None:
            sent["Content-Type"] = "application/json"
            if (len(content) > 2000 if zipped is None else zipped) and not bearer:
                content, sent["Content-Encoding"] = gzip.compress(content, 6), "gzip"
        try:
            answer = self._client.request(method, path, content=content, headers=sent)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Away(
                f"{self.base} can't be reached: {str(error) or type(error).__name__}"
            ) from error
        return _said(answer)


def _said(answer: httpx.Response) -> Said:
    if answer.status_code == httpx.codes.NOT_MODIFIED:
        return Said(304, {}, answer.headers.get("ETag", ""))
    body = _json(answer)
    if answer.is_success and body is not None:
        return Said(answer.status_code, body, answer.headers.get("ETag", ""))
    words = _words(answer, body)
    if answer.status_code == httpx.codes.UNAUTHORIZED and body is not None:
        raise ShutOut(words)
    if answer.status_code in (400, 404, 409, 410, 413, 415, 422) and body is not None:
        raise Refused(words, status=answer.status_code)
    raise Away(words, wait_seconds=_wait(answer))


def _json(answer: httpx.Response) -> dict[str, Any] | None:
    """None where it is no JSON: a proxy, a hotel's sign-in page, a portal that starts."""
    try:
        found = answer.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _words(answer: httpx.Response, body: dict[str, Any] | None) -> str:
    detail = str(body.get("detail", "")) if body else "no answer of the portal's"
    return f"HTTP {answer.status_code}: {detail[:300]}"


def _wait(answer: httpx.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return min(float(text), 3600) if text.isdigit() else 0
