"""Sends what is due. Claim, commit; then for each mail: note that it is handed over, commit, send, record.

The answer to one mail and the handing over of the next are one commit, so that at most one mail a worker is in
doubt at any moment. If the process dies between the server's 250 and that commit, the claim runs out and
the mail goes out once more, with the same Message-ID; `possible_doubles` counts it.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import structlog
from rq.timeouts import BaseTimeoutException
from sqlalchemy import update
from sqlalchemy.orm.attributes import set_committed_value

from webapp.core.clock import utcnow
from webapp.core.crashpoints import crash_point
from webapp.core.db import commit, db
from webapp.core.drains import drain, sweep
from webapp.core.jobs import JobState, LeaseLost, Schedule, batches, finish, release, retry
from webapp.mail.models import Mail
from webapp.mail.outbox import DRAIN, QUEUE
from webapp.mail.smtp import Outcome, PostOffice, Verdict, message_of, words_of

log = structlog.get_logger(__name__)

LIMIT = 200
LEASE_SECONDS = 120
"""Longer than any conversation about one mail may take; a mail's lease begins anew when its turn comes."""
LONGEST_RUN_SECONDS = 180
"""A drain ends well before the queue's time is up; the clock begins it again."""
TROUBLES_IN_A_ROW = 3
DEATHS_UNTIL_GIVEN_UP = 10
KEEP_BODIES_DAYS = 30

HOURS = 3600
SCHEDULE = Schedule(
    first_seconds=60, factor=2, longest_seconds=HOURS, give_up_after_seconds=48 * HOURS
)
OUTAGE = Schedule(first_seconds=30, factor=2, longest_seconds=600, give_up_after_seconds=48 * HOURS)
"""While the server can't be reached at all nobody is bothered by our trying, and it should go on soon."""
AT_ONCE = Schedule(give_up_after_seconds=0)


@drain(DRAIN, queue=QUEUE, every_seconds=20)
def send_due_mails() -> None:
    ends_at = time.monotonic() + LONGEST_RUN_SECONDS
    with PostOffice() as office:
        for mails in batches(Mail, limit=LIMIT, lease_seconds=LEASE_SECONDS):
            crash_point("mail.after_claim")
            if not Round(office, mails, ends_at).work():
                return


class Round:
    """One claimed batch. Those that a worker died over come last, so that they keep nobody waiting."""

    def __init__(self, office: PostOffice, mails: list[Mail], ends_at: float) -> None:
        self.office = office
        self.mails = sorted(mails, key=lambda m: m.handed_at is not None)
        self.ends_at = ends_at
        self.troubles = 0

    def work(self) -> bool:
        """Whether to go on with the next batch; if not, what was not begun is given back."""
        for i, mail in enumerate(self.mails):
            outcome = self._send_one(mail)
            if outcome is not None and self._must_stop(outcome):
                self._give_back(self.mails[i + 1 :], outcome)
                commit()
                return False
        commit()
        return True

    def _send_one(self, mail: Mail) -> Outcome | None:
        """None when the mail is not ours any more, or was given up."""
        if not _hand_over(mail, utcnow()):
            return None
        commit()
        crash_point("mail.before_send")
        outcome = self._outcome(mail)
        crash_point("mail.after_answer")
        _record(mail, outcome, utcnow())
        crash_point("mail.before_commit")
        return outcome

    def _outcome(self, mail: Mail) -> Outcome:
        """A mail that can't even be made (a key that is gone) is tried again like one that is refused."""
        try:
            return self.office.deliver(message_of(mail))
        except BaseTimeoutException:
            raise
        except Exception as error:
            log.exception("mail_not_made", mail=mail.public_id)
            return Outcome(Verdict.LATER, f"{type(error).__name__}: {words_of(error)}")

    def _must_stop(self, outcome: Outcome) -> bool:
        in_trouble = outcome.verdict in (Verdict.CUT, Verdict.UNREACHABLE)
        self.troubles = self.troubles + 1 if in_trouble else 0
        return (
            outcome.verdict is Verdict.UNREACHABLE
            or self.troubles >= TROUBLES_IN_A_ROW
            or time.monotonic() > self.ends_at
        )

    def _give_back(self, mails: list[Mail], outcome: Outcome) -> None:
        """Without a server all wait, and their page says why; otherwise they are due as before."""
        now = utcnow()
        for mail in mails:
            try:
                if outcome.verdict is Verdict.UNREACHABLE:
                    _try_later(mail, outcome, now, OUTAGE)
                else:
                    release(mail)
            except LeaseLost:
                log.info("mail_lease_lost", mail=mail.public_id)


def _hand_over(mail: Mail, now: datetime) -> bool:
    """Mark the mail as perhaps on the wire and let its lease begin anew, if it is still ours."""
    died_over = mail.handed_at is not None
    if died_over and mail.possible_doubles >= DEATHS_UNTIL_GIVEN_UP:
        _refuse(mail, "the worker ended each time it sent this mail", now)
        return False
    until = now + timedelta(seconds=LEASE_SECONDS)
    doubles = mail.possible_doubles + died_over
    statement = (
        update(Mail)
        .where(Mail.id == mail.id, Mail.claimed_until == mail.claimed_until)
        .where(Mail.state == JobState.CLAIMED)
        .values(handed_at=now, claimed_until=until, possible_doubles=doubles)
        .returning(Mail.id)
    )
    if db.session.scalar(statement, execution_options={"synchronize_session": False}) is None:
        log.info("mail_lease_lost", mail=mail.public_id)
        return False
    for name, value in (
        ("handed_at", now),
        ("claimed_until", until),
        ("possible_doubles", doubles),
    ):
        set_committed_value(mail, name, value)
    if died_over:
        log.warning("mail_possible_double", mail=mail.public_id, possible_doubles=doubles)
    return True


def _record(mail: Mail, outcome: Outcome, now: datetime) -> None:
    """Write down the answer; the caller commits it together with the next mail's handing over."""
    try:
        if outcome.verdict is Verdict.ACCEPTED:
            finish(mail)
            _close(mail, now, sent_at=now)
        elif outcome.verdict is Verdict.REFUSED:
            _refuse(mail, outcome.words, now)
        else:
            unreachable = outcome.verdict is Verdict.UNREACHABLE
            _try_later(mail, outcome, now, OUTAGE if unreachable else SCHEDULE)
        mail.server_words = outcome.words
    except LeaseLost:
        log.warning("mail_lease_lost_while_sending", mail=mail.public_id)


def _try_later(mail: Mail, outcome: Outcome, now: datetime, schedule: Schedule) -> None:
    if not retry(mail, outcome.words, now=now, schedule=schedule):
        _close(mail, now)
    mail.handed_at = None
    mail.server_words = outcome.words
    if outcome.unsure:
        mail.possible_doubles += 1
    log.info("mail_delayed", mail=mail.public_id, state=mail.state, words=outcome.words)


def _refuse(mail: Mail, words: str, now: datetime) -> None:
    retry(mail, words, now=now, schedule=AT_ONCE)
    mail.server_words = words
    _close(mail, now)
    log.warning("mail_failed", mail=mail.public_id, words=words)


def _close(mail: Mail, now: datetime, *, sent_at: datetime | None = None) -> None:
    """Secrets go at once, bodies after a while."""
    mail.handed_at = None
    mail.sent_at = sent_at
    mail.bodies_sealed = None
    mail.wipe_at = now + timedelta(days=KEEP_BODIES_DAYS)


@sweep("mail bodies", every_seconds=HOURS)
def wipe_old_bodies() -> None:
    """The head line of a mail stays, its text goes."""
    statement = (
        update(Mail)
        .where(Mail.wipe_at <= utcnow())
        .values(html=None, text=None, bodies_sealed=None, wipe_at=None)
    )
    db.session.execute(statement, execution_options={"synchronize_session": False})
    commit()
