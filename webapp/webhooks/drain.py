"""Sends what is due. Claim, commit; send in parallel; record each answer and commit.

Threads send and know nothing of the database; the drain's own thread records. If the process dies between the
answer and the commit, the claim runs out and the event goes out once more under the same event id, by which
receivers know it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog
from flask import current_app
from sqlalchemy import delete, select

from webapp.core.clock import utcnow
from webapp.core.crashpoints import crash_point
from webapp.core.crypto import Sealed
from webapp.core.db import commit, db
from webapp.core.drains import drain, sweep, wake
from webapp.core.jobs import LeaseLost, Schedule, batches, cancel, finish_all, release, retry
from webapp.orgs.models import Organisation
from webapp.webhooks.addresses import Policy
from webapp.webhooks.health import note_failure, note_success
from webapp.webhooks.kinds import OwnKind
from webapp.webhooks.letters import letter_of
from webapp.webhooks.models import Delivery, Webhook
from webapp.webhooks.outbox import DRAIN, QUEUE
from webapp.webhooks.sending import Outcome, Outgoing, Sender

log = structlog.get_logger(__name__)

LIMIT = 128
LEASE_SECONDS = 180
"""Longer than a round may take: what was not begun after the run's time is given back."""
LONGEST_RUN_SECONDS = 45
PARALLEL = 16
LANES = 4
"""Of one webhook at a time, so that no receiver is flooded and none keeps the others waiting."""
GATHER_SECONDS = 0.05
"""Answers of one moment are recorded in one transaction; the longest that a double's window is made wider by it."""
KEEP_DAYS = 30

HOURS = 3600
SCHEDULE = Schedule(
    first_seconds=30, factor=2, longest_seconds=2 * HOURS, give_up_after_seconds=24 * HOURS
)

Answered = tuple[Delivery, Outcome | None]
"""None: not tried, because the receiver was silent just before or the time is over."""


@drain(DRAIN, queue=QUEUE, every_seconds=20)
def send_due_deliveries() -> None:
    ends_at = time.monotonic() + LONGEST_RUN_SECONDS
    settings = current_app.extensions["settings"]
    policy = Policy(private=settings.webhook_allow_private, http=settings.webhook_allow_http)
    with Sender(policy) as sender, ThreadPoolExecutor(PARALLEL, "webhooks") as pool:
        for deliveries in batches(Delivery, limit=LIMIT, lease_seconds=LEASE_SECONDS):
            crash_point("webhooks.after_claim")
            _send_all(sender, pool, deliveries, ends_at)
            if time.monotonic() > ends_at:
                wake(QUEUE, DRAIN)
                commit()
                return


def _send_all(
    sender: Sender, pool: ThreadPoolExecutor, deliveries: list[Delivery], ends_at: float
) -> None:
    answers: queue.SimpleQueue[Answered] = queue.SimpleQueue()
    ready = list(_ready(deliveries))
    for lanes in _lanes(ready):
        silent = threading.Event()
        for lane in lanes:
            pool.submit(_run_lane, sender, lane, silent, ends_at, answers)
    missing = len(ready)
    while missing:
        missing -= _record_some(answers)
        crash_point("webhooks.before_commit")
        commit()
    commit()


def _ready(deliveries: list[Delivery]) -> Iterator[tuple[Delivery, Outgoing]]:
    """What can be sent; the others are settled here."""
    webhooks = _webhooks_of(deliveries)
    now = utcnow()
    for delivery in deliveries:
        try:
            outgoing = _outgoing(delivery, webhooks.get(delivery.webhook_id), now)
        except LeaseLost:
            log.info("webhook_lease_lost", delivery=delivery.public_id)
        else:
            if outgoing is not None:
                yield delivery, outgoing


def _outgoing(delivery: Delivery, webhook: Webhook | None, now: datetime) -> Outgoing | None:
    if webhook is None:
        cancel(delivery, "the organisation is closed")
        return None
    if not webhook.active and delivery.event != OwnKind.PING:
        cancel(delivery, "the webhook is switched off")
        return None
    try:
        return letter_of(delivery, webhook, now=now)
    except Sealed as error:
        retry(delivery, f"the secret can't be read: {error}", now=now, schedule=SCHEDULE)
        return None


def _webhooks_of(deliveries: list[Delivery]) -> dict[int, Webhook]:
    found = db.session.scalars(
        select(Webhook)
        .join(Organisation, Organisation.id == Webhook.organisation_id)
        .where(Webhook.id.in_({d.webhook_id for d in deliveries}))
        .where(Organisation.closed_at.is_(None))
        .execution_options(populate_existing=True)
    )
    return {webhook.id: webhook for webhook in found}


Lane = Sequence[tuple[Delivery, Outgoing]]


def _lanes(ready: Lane) -> Iterator[list[Lane]]:
    """For each webhook its lanes, the oldest first."""
    by_webhook: dict[int, list[tuple[Delivery, Outgoing]]] = defaultdict(list)
    for one in ready:
        by_webhook[one[0].webhook_id].append(one)
    for own in by_webhook.values():
        yield [own[n::LANES] for n in range(min(LANES, len(own)))]


def _run_lane(
    sender: Sender,
    lane: Lane,
    silent: threading.Event,
    ends_at: float,
    answers: queue.SimpleQueue[Answered],
) -> None:
    """In a thread. After a receiver was silent the rest of its deliveries are not tried in this round."""
    for delivery, outgoing in lane:
        if silent.is_set() or time.monotonic() > ends_at:
            answers.put((delivery, None))
            continue
        outcome = sender.post(outgoing)
        crash_point("webhooks.after_answer")
        if outcome.unanswered:
            silent.set()
        answers.put((delivery, outcome))


def _record_some(answers: queue.SimpleQueue[Answered]) -> int:
    """Wait for one answer, then take along those of the next moment; how many were recorded."""
    found = [answers.get()]
    until = time.monotonic() + GATHER_SECONDS
    while (left := until - time.monotonic()) > 0:
        try:
            found.append(answers.get(timeout=left))
        except queue.Empty:
            break
    _record_taken([(d, o) for d, o in found if o is not None and o.delivered], utcnow())
    for delivery, outcome in found:
        try:
            if outcome is None:
                _postpone(delivery, utcnow())
            elif not outcome.delivered:
                _record_fault(delivery, outcome, utcnow())
        except LeaseLost:
            log.warning("webhook_lease_lost_while_sending", delivery=delivery.public_id)
    return len(found)


def _record_taken(taken: list[tuple[Delivery, Outcome]], now: datetime) -> None:
    outcomes = {delivery.id: outcome for delivery, outcome in taken}
    done = finish_all([delivery for delivery, _outcome in taken])
    for delivery in done:
        delivery.delivered_at = now
        _keep(delivery, outcomes[delivery.id])
    note_success({delivery.webhook_id for delivery in done})
    if len(done) < len(taken):
        log.warning("webhook_leases_lost_while_sending", count=len(taken) - len(done))


def _record_fault(delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    retry(delivery, outcome.error or "", now=now, schedule=SCHEDULE)
    note_failure(delivery, now=now)
    _keep(delivery, outcome)


def _keep(delivery: Delivery, outcome: Outcome) -> None:
    delivery.status, delivery.answer = outcome.status, outcome.answer
    delivery.took_ms = outcome.took_ms


def _postpone(delivery: Delivery, now: datetime) -> None:
    """Not tried, so it does not count as an attempt; its time to give up comes nevertheless."""
    if now - delivery.first_due_at >= timedelta(seconds=SCHEDULE.give_up_after_seconds):
        retry(delivery, "the receiver does not answer", now=now, schedule=SCHEDULE)
        return
    release(delivery)
    pause = SCHEDULE.pause_seconds(max(1, delivery.attempts))
    delivery.due_at = now + timedelta(seconds=pause)


@sweep("webhook deliveries", every_seconds=HOURS)
def forget_old() -> None:
    """The log goes back a month."""
    statement = delete(Delivery).where(Delivery.created_at < utcnow() - timedelta(days=KEEP_DAYS))
    db.session.execute(statement, execution_options={"synchronize_session": False})
    commit()
