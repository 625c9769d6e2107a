"""What Prometheus measures of the portal besides its requests. No label names a tenant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func, select

from webapp.alarms.models import Condition, ConditionState
from webapp.core.budgets import RateRefusal
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.heartbeats import ProcessBeat
from webapp.core.metrics import gauges
from webapp.core.runs import last_runs
from webapp.devices.models import Device
from webapp.mail.models import STATE_WORDS, Mail
from webapp.operator.work import due_tables
from webapp.webhooks.models import Webhook

DAY = timedelta(days=1)


@gauges
def work() -> Iterator[Metric]:
    rows = GaugeMetricFamily("outpost_due_rows", "Rows to be worked on.", labels=["table", "state"])
    late = GaugeMetricFamily(
        "outpost_due_oldest_seconds", "For how long the oldest due row waits.", labels=["table"]
    )
    for facts in due_tables(utcnow()):
        for state in ("waiting", "due", "claimed", "failed"):
            rows.add_metric([facts.table, state], getattr(facts, state))
        late.add_metric([facts.table], facts.late.total_seconds() if facts.late else 0)
    yield rows
    yield late


@gauges
def drains() -> Iterator[Metric]:
    began = GaugeMetricFamily(
        "outpost_drain_last_run_timestamp_seconds", "When a drain last began.", labels=["drain"]
    )
    took = GaugeMetricFamily(
        "outpost_drain_last_duration_seconds", "How long its last run took.", labels=["drain"]
    )
    failed = GaugeMetricFamily(
        "outpost_drain_last_failed", "1 when its last run died.", labels=["drain"]
    )
    for name, run in sorted(last_runs().items()):
        began.add_metric([name], run.began_at.timestamp())
        took.add_metric([name], run.took_ms / 1000)
        failed.add_metric([name], run.error is not None)
    yield from (began, took, failed)


@gauges
def mails() -> Iterator[Metric]:
    found = GaugeMetricFamily("outpost_mails", "Mails in the outbox.", labels=["state"])
    counts = dict(db.session.execute(select(Mail.state, func.count()).group_by(Mail.state)).all())
    for state, word in STATE_WORDS.items():
        found.add_metric([word.value], counts.get(state.value, 0))
    yield found


@gauges
def processes() -> Iterator[Metric]:
    beats = GaugeMetricFamily(
        "outpost_process_beat_age_seconds",
        "Since the last sign of life of a process.",
        labels=["process", "host", "pid"],
    )
    now = utcnow()
    for beat in db.session.scalars(select(ProcessBeat).order_by(ProcessBeat.name)):
        age = max(0.0, (now - beat.at).total_seconds())
        beats.add_metric([beat.name, beat.host, str(beat.pid)], age)
    yield beats


@gauges
def equipment() -> Iterator[Metric]:
    found = GaugeMetricFamily("outpost_devices", "Devices.", labels=["kind", "state"])
    counts = select(Device.kind, Device.state, func.count()).group_by(Device.kind, Device.state)
    for kind, state, number in db.session.execute(counts).all():
        found.add_metric([kind, state], number)
    yield found


@gauges
def troubles() -> Iterator[Metric]:
    conditions = GaugeMetricFamily(
        "outpost_alarms_open", "Open conditions.", labels=["kind", "severity"]
    )
    is_open = Condition.state.in_([ConditionState.OPEN, ConditionState.ACKNOWLEDGED])
    counts = (
        select(Condition.kind, Condition.severity, func.count())
        .where(is_open)
        .group_by(Condition.kind, Condition.severity)
    )
    for kind, severity, number in db.session.execute(counts).all():
        conditions.add_metric([kind, severity], number)
    failing = select(func.count()).select_from(Webhook).where(Webhook.failing_since.is_not(None))
    yield conditions
    yield GaugeMetricFamily(
        "outpost_webhooks_failing",
        "Webhooks nobody answers.",
        value=db.session.scalar(failing) or 0,
    )


@gauges
def refusals() -> Iterator[Metric]:
    found = GaugeMetricFamily(
        "outpost_rate_refusals_day", "Requests refused in the last 24 hours.", labels=["kind"]
    )
    counts = (
        select(RateRefusal.kind, func.sum(RateRefusal.count))
        .where(RateRefusal.hour > utcnow() - DAY)
        .group_by(RateRefusal.kind)
    )
    for kind, number in db.session.execute(counts).all():
        found.add_metric([kind], number)
    yield found
