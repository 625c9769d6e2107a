"""Against guessing passwords (P-1): who tries too often waits, and no stranger can lock somebody out.

- 5 failures in 15 minutes for an account from one address, 20 for an address: the next tries wait.
- The account as a whole is only slowed: from 30 failures on, a pause of seconds that grows to a minute.
- A browser from which the person signed in before has a count of its own instead; strangers don't touch it.

A try is counted before the password is looked at, under a lock on its buckets, and taken back when it was
right: parallel tries can't slip through together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from webapp.core import throttle
from webapp.core.db import aside
from webapp.core.errors import TooMany
from webapp.core.throttle import Limit, ThrottleHit

log = structlog.get_logger(__name__)

WINDOW_SECONDS = 15 * 60

FROM_ADDRESS = Limit("sign-in:account+address", 5, WINDOW_SECONDS)
FROM_BROWSER = Limit("sign-in:account+browser", 5, WINDOW_SECONDS)
BY_ADDRESS = Limit("sign-in:address", 20, WINDOW_SECONDS)
BY_ACCOUNT = Limit("sign-in:account", 30, WINDOW_SECONDS)

LONGEST_PAUSE_SECONDS = 60


@dataclass(frozen=True)
class Guesser:
    """Who tries which account. `browser` names a browser known to this account, or is empty."""

    account: str
    address: str
    browser: str = ""

    @property
    def checked(self) -> list[tuple[Limit, bytes]]:
        """The limits that this try must keep, but for the slowing of the account."""
        if self.browser:
            return [(FROM_BROWSER, FROM_BROWSER.bucket(self.account, self.browser))]
        return [
            (FROM_ADDRESS, FROM_ADDRESS.bucket(self.account, self.address)),
            (BY_ADDRESS, BY_ADDRESS.bucket(self.address)),
        ]

    @property
    def own(self) -> list[bytes]:
        """What the person's success clears; the counts of strangers stay."""
        own = [FROM_ADDRESS.bucket(self.account, self.address)]
        return [*own, FROM_BROWSER.bucket(self.account, self.browser)] if self.browser else own

    @property
    def shared(self) -> list[bytes]:
        return [BY_ADDRESS.bucket(self.address), BY_ACCOUNT.bucket(self.account)]


@dataclass(frozen=True)
class Try:
    """A try that was counted as a failure until `succeeded` says otherwise."""

    guesser: Guesser
    counted: tuple[int, ...]

    def succeeded(self) -> None:
        """Under the lock: two successes at once delete each other's rows."""
        with aside() as session:
            throttle.lock(session, *self.guesser.own, *self.guesser.shared)
            session.execute(
                delete(ThrottleHit).where(
                    ThrottleHit.bucket.in_(self.guesser.own) | ThrottleHit.id.in_(self.counted)
                )
            )


def begin(guesser: Guesser, *, now: datetime) -> Try:
    """Count one try and go on, or raise `TooMany` with the seconds to wait."""
    buckets = [*guesser.own, *guesser.shared]
    with aside() as session:
        throttle.lock(session, *buckets)
        wait = _seconds_to_wait(session, guesser, now)
        hits = [] if wait else [ThrottleHit(bucket=bucket, at=now) for bucket in buckets]
        session.add_all(hits)
        session.flush()
        counted = tuple(hit.id for hit in hits)
    if wait:
        log.warning("guessing_slowed", address=guesser.address, wait_seconds=wait)
        raise TooMany(wait)
    return Try(guesser, counted)


def network_of(address: str | None) -> str:
    """What counts as one address: an IPv6 subscriber has a whole /64."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
    return str(found)


def _seconds_to_wait(session: Session, guesser: Guesser, now: datetime) -> int:
    waits = [
        throttle.seconds_left(session, limit, bucket, now) for limit, bucket in guesser.checked
    ]
    if not guesser.browser:
        waits.append(_pause_left(session, BY_ACCOUNT.bucket(guesser.account), now))
    return max(waits)


def _pause_left(session: Session, bucket: bytes, now: datetime) -> int:
    """Seconds left of the pause after the account's last failure."""
    since = now - timedelta(seconds=WINDOW_SECONDS)
    failures, last = session.execute(
        select(func.count(), func.max(ThrottleHit.at)).where(
            ThrottleHit.bucket == bucket, ThrottleHit.at > since
        )
    ).one()
    pause = pause_seconds(failures)
    if pause == 0:
        return 0
    left = (last + timedelta(seconds=pause) - now).total_seconds()
    return int(left) + 1 if left > 0 else 0


def pause_seconds(failures: int) -> int:
    """1 s after 30 failures, twice as long with each ten more, a minute at most."""
    if failures < BY_ACCOUNT.tries:
        return 0
    doublings: int = min((failures - BY_ACCOUNT.tries) // 10, 6)
    return min(LONGEST_PAUSE_SECONDS, 1 << doublings)
