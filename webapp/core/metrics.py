"""`/metrics` for Prometheus: what requests took, and whatever packages measure.

Each process counts its requests in memory and adds them to a table every ten seconds, so that any process of any
host answers for all. Labels never name a tenant: routes are templates (`/o/<org>/printers`).
"""

from __future__ import annotations

import hmac
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

import structlog
from flask import Blueprint, Flask, Response, abort, current_app, g, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy import Float, SmallInteger, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.access import allow
from webapp.core.db import Base, BigInt, aside, db
from webapp.core.tenancy import Global, unscoped

log = structlog.get_logger(__name__)
bp = Blueprint("metrics", __name__)

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets in seconds; one more holds what took longer."""
FLUSH_SECONDS = 10.0
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

Key = tuple[str, str, int, int]
Gauges = Callable[[], Iterable[Metric]]
_gauges: list[Gauges] = []


class RequestTally(Global, Base):
    """How many requests of a route ended so and took so long; for ever, as counters do."""

    __tablename__ = "request_tallies"
    __table_args__ = {"postgresql_with": {"fillfactor": "70"}}

    route: Mapped[str] = mapped_column(Text, primary_key=True)
    method: Mapped[str] = mapped_column(Text, primary_key=True)
    status: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    bucket: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    requests: Mapped[BigInt]
    seconds: Mapped[float] = mapped_column(Float)


def gauges(provider: Gauges) -> Gauges:
    """Register families that are measured when somebody asks; the provider sees all tenants' rows."""
    if provider not in _gauges:
        _gauges.append(provider)
    return provider


@dataclass
class Tally:
    """What this process has counted and not yet written."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[Key, tuple[int, float]] = {}
        self._written_at = time.monotonic()

    def add(self, route: str, method: str, status: int, seconds: float) -> None:
        key = (route, method, status, bisect_left(BOUNDS, seconds))
        with self._lock:
            number, total = self._counts.get(key, (0, 0.0))
            self._counts[key] = (number + 1, total + seconds)

    def is_due(self) -> bool:
        return time.monotonic() - self._written_at >= FLUSH_SECONDS

    def write(self) -> None:
        """Add to the table; without a database the counts wait for the next time."""
        with self._lock:
            counts, self._counts = self._counts, {}
            self._written_at = time.monotonic()
        if not counts:
            return
        try:
            _add(counts)
        except SQLAlchemyError as error:
            log.warning("metrics_not_written", error=type(error).__name__)
            self._take_back(counts)

    def _take_back(self, counts: dict[Key, tuple[int, float]]) -> None:
        with self._lock:
            for key, (number, total) in counts.items():
                n, t = self._counts.get(key, (0, 0.0))
                self._counts[key] = (n + number, t + total)


def _add(counts: dict[Key, tuple[int, float]]) -> None:
    """One statement, in one order of rows for all processes: none waits for another in a circle."""
    names = ("route", "method", "status", "bucket")
    rows = [
        {**dict(zip(names, key, strict=True)), "requests": number, "seconds": total}
        for key, (number, total) in sorted(counts.items())
    ]
    fresh = insert(RequestTally).values(rows)
    more = {
        "requests": RequestTally.requests + fresh.excluded.requests,
        "seconds": RequestTally.seconds + fresh.excluded.seconds,
    }
    with aside() as session:
        session.execute(fresh.on_conflict_do_update(index_elements=list(names), set_=more))


def init_app(app: Flask) -> None:
    app.extensions["request_tally"] = Tally()
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_write_now_and_then)
    app.register_blueprint(bp)


def _begin() -> None:
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    """The rule's template, never the path: unknown addresses are one route."""
    route = request.url_rule.rule if request.url_rule is not None else "(none)"
    method = request.method if request.method in METHODS else "OTHER"
    began = g.get("began")
    seconds = time.perf_counter() - began if began is not None else 0.0
    _tally().add(route, method, response.status_code, seconds)
    return response


def _write_now_and_then(_error: BaseException | None = None) -> None:
    tally = _tally()
    if tally.is_due():
        tally.write()


def _tally() -> Tally:
    tally: Tally = current_app.extensions["request_tally"]
    return tally


class _Scraper:
    """Whoever has METRICS_TOKEN; without one, this machine alone, past every proxy."""

    carries_proof = True

    def enforce(self) -> None:
        wanted = current_app.extensions["settings"].metrics_token
        if wanted:
            _require_token(wanted)
        elif not _is_from_here():
            abort(403, "Set METRICS_TOKEN, or ask from the portal's own machine.")

    def __repr__(self) -> str:
        return "SCRAPER"


SCRAPER = _Scraper()


def _require_token(wanted: str) -> None:
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.encode(), wanted.encode()):
        abort(Response("needs the metrics token\n", 401, {"WWW-Authenticate": "Bearer"}))


def _is_from_here() -> bool:
    """A proxy on this machine has a local address too; it says for whom it asks."""
    if any(request.headers.get(name) for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip")):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


@bp.get("/metrics")
@allow(SCRAPER)
def metrics() -> Response:
    _tally().write()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything())
    with unscoped("metrics count the rows of everybody"):
        body = generate_latest(registry)
    return Response(body, content_type=CONTENT_TYPE_LATEST)


class _Everything(Collector):
    def collect(self) -> Iterator[Metric]:
        yield from _requests()
        for provider in _gauges:
            yield from _measured(provider)


def _measured(provider: Gauges) -> list[Metric]:
    """One that fails is missing and logged; the others are still of use."""
    try:
        with db.session.begin_nested():
            return list(provider())
    except SQLAlchemyError:
        log.exception("gauges_failed", provider=provider.__name__)
        return []


def _requests() -> Iterator[Metric]:
    took = HistogramMetricFamily(
        "outpost_http_request_duration_seconds",
        "Time until the answer was ready, by route.",
        labels=["route", "method"],
    )
    ended = CounterMetricFamily(
        "outpost_http_requests", "Requests answered.", labels=["route", "method", "status"]
    )
    buckets: dict[tuple[str, str], list[int]] = {}
    sums: dict[tuple[str, str], float] = {}
    statuses: dict[tuple[str, str, int], int] = {}
    for row in db.session.scalars(select(RequestTally)):
        at = (row.route, row.method)
        buckets.setdefault(at, [0] * (len(BOUNDS) + 1))[row.bucket] += row.requests
        sums[at] = sums.get(at, 0.0) + row.seconds
        by_status = (*at, row.status)
        statuses[by_status] = statuses.get(by_status, 0) + row.requests
    for at, counts in sorted(buckets.items()):
        took.add_metric(list(at), _cumulated(counts), sums[at])
    for (route, method, status), number in sorted(statuses.items()):
        ended.add_metric([route, method, str(status)], number)
    yield took
    yield ended


def _cumulated(counts: list[int]) -> list[tuple[str, float]]:
    total, found = 0, []
    for bound, number in zip((*map(str, BOUNDS), "+Inf"), counts, strict=True):
        total += number
        found.append((bound, float(total)))
    return found
