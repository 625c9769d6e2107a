"""One HTTP POST to a stranger's server: to the checked address alone, no redirect, all of it within a deadline."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpcore
from httpcore import NetworkBackend, NetworkStream, SyncBackend

from webapp.webhooks.addresses import Forbidden, Policy, resolve

DEADLINE_SECONDS = 15.0
"""From the look-up of the name to the last byte that is read."""
CONNECT_SECONDS = 5.0
MOST_BYTES = 64 * 1024
KEPT_CHARACTERS = 500


@dataclass(frozen=True)
class Outgoing:
    """What goes out: everything that the sending thread needs, so that it never touches the database."""

    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class Outcome:
    """What came of it. `status` None: nobody answered; `answer` is the beginning of what they said."""

    status: int | None
    answer: str | None
    took_ms: int
    error: str | None = None

    @property
    def delivered(self) -> bool:
        return self.error is None

    @property
    def unanswered(self) -> bool:
        return self.status is None


class Sender:
    """A pool of connections; may be used by several threads."""

    def __init__(self, policy: Policy, *, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self.deadline_seconds = deadline_seconds
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=64,
            max_keepalive_connections=32,
            keepalive_expiry=10,
            retries=0,
            network_backend=_Pinned(policy, SyncBackend(), deadline_seconds),
        )

    def __enter__(self) -> Sender:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.close()

    def post(self, outgoing: Outgoing) -> Outcome:
        """Never raises for what a network or a stranger's server can do."""
        began = time.monotonic()
        try:
            status, answer = self._post(outgoing, began + self.deadline_seconds)
        except Forbidden as error:
            return _failed(began, str(error))
        except httpcore.TimeoutException:
            return _failed(began, f"no answer within {self.deadline_seconds:g} s")
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, UnicodeError) as error:
            return _failed(began, f"{type(error).__name__}: {error}")
        return Outcome(status, answer, _since(began), _fault(status))

    def _post(self, outgoing: Outgoing, ends_at: float) -> tuple[int, str]:
        timeouts = {
            "connect": CONNECT_SECONDS,
            "read": self.deadline_seconds,
            "write": self.deadline_seconds,
            "pool": self.deadline_seconds,
        }
        with self._pool.stream(
            "POST",
            outgoing.url,
            headers=list(outgoing.headers),
            content=outgoing.body,
            extensions={"timeout": timeouts},
        ) as response:
            return response.status, _beginning(response.iter_stream(), ends_at)


def _beginning(chunks: Iterable[bytes], ends_at: float) -> str:
    """The first characters; reading ends at the limit, whatever else the server would like to say."""
    read = b""
    for chunk in chunks:
        read += chunk
        if len(read) >= MOST_BYTES or time.monotonic() > ends_at:
            break
    return read.decode(errors="replace").replace("\x00", "\ufffd")[:KEPT_CHARACTERS]


def _fault(status: int) -> str | None:
    """What an administrator reads; None where it was taken."""
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"answered {status}: redirects are not followed, enter the final address"
    return f"answered {status}"


def _failed(began: float, words: str) -> Outcome:
    return Outcome(None, None, _since(began), words[:KEPT_CHARACTERS].replace("\x00", ""))


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


class _Pinned(NetworkBackend):
    """Looks the name up itself and connects to an address that was checked. TLS still checks the name."""

    def __init__(self, policy: Policy, inner: NetworkBackend, deadline_seconds: float) -> None:
        self._policy, self._inner, self._deadline = policy, inner, deadline_seconds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        error: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in resolve(host.strip("[]"), port, self._policy)[:3]:
            try:
                stream = self._inner.connect_tcp(address, port, timeout, local_address)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
            else:
                return _Hurried(stream, self._deadline)
        raise error

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> NetworkStream:
        raise Forbidden("a webhook never leads to a socket of this machine")

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Hurried(NetworkStream):
    """A stream whose whole answer must come within the deadline, a drop at a time or at once.

    The clock begins anew with each request: when something is written after something was read.
    """

    def __init__(self, inner: NetworkStream, deadline_seconds: float) -> None:
        self._inner, self._deadline = inner, deadline_seconds
        self._ends_at = time.monotonic() + deadline_seconds
        self._has_read = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._has_read = True
        return self._inner.read(max_bytes, self._left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._has_read:
            self._has_read = False
            self._ends_at = time.monotonic() + self._deadline
        self._inner.write(buffer, self._left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, CONNECT_SECONDS)
        return _Hurried(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _left(self, late: type[Exception]) -> float:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise late("the deadline has passed")
        return left
