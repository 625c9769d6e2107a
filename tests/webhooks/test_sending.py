"""Events reach a real receiver, signed; whatever it does, nothing is lost and nobody else waits."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.webhooks.conftest import Post
from tests.webhooks.receiver import Receiver, is_signed, receiver
from webapp.audit.models import AuditRow
from webapp.core.clock import utcnow
from webapp.core.crypto import Sealed
from webapp.core.db import db
from webapp.core.principal import NOBODY
from webapp.core.tenancy import unscoped
from webapp.mail.models import Mail
from webapp.orgs.models import Organisation
from webapp.webhooks import letters
from webapp.webhooks.models import Delivery, Webhook
from webapp.webhooks.services import renew_secret

pytestmark = pytest.mark.feature("P-33")


def test_an_event_arrives_signed(post: Post, there: Receiver) -> None:
    secret = post.webhook(there.url)
    post.happens()
    post.drain()
    (got,) = there.received
    assert is_signed(got, secret, now=time.time())
    assert not is_signed(got, secret + "x", now=time.time())
    assert not is_signed(got, secret, now=time.time() + 600)
    assert got.headers["Content-Type"] == "application/json"
    assert got.event["type"] == got.headers["Outpost-Event"] == "request.opened"
    assert got.event["organisation"] == post.world.acme
    assert got.event["data"] == {"number": 0}
    row = post.delivery()
    assert row.state == "done"
    assert row.status == 200
    assert row.answer == "thank you"
    assert row.delivered_at is not None
    assert row.took_ms is not None
    assert got.event["id"] == got.headers["Outpost-Event-Id"] == row.event_id


def test_while_the_secret_changes_both_sign(post: Post, there: Receiver) -> None:
    old = post.webhook(there.url)
    with post.world.portal.app_context(), unscoped("an administrator"):
        from webapp.core.db import commit

        row = db.session.scalars(select(Webhook)).one()
        new = renew_secret(row, by=NOBODY, now=utcnow())
        commit()
    post.happens()
    post.drain()
    assert is_signed(there.received[0], old, now=time.time())
    assert is_signed(there.received[0], new, now=time.time())
    post.change(Webhook, previous_until=utcnow() - timedelta(seconds=1))
    post.happens()
    post.drain()
    assert not is_signed(there.received[1], old, now=time.time())
    assert is_signed(there.received[1], new, now=time.time())


def test_the_secret_is_sealed_in_its_row(post: Post, there: Receiver) -> None:
    secret = post.webhook(there.url)
    assert secret.encode() not in post.hook().secret_sealed


def test_only_who_asked_is_told(post: Post, there: Receiver) -> None:
    post.webhook(there.url, events=["request.changed"])
    post.happens()
    post.happens(org_id=post.world.globex_id)
    assert post.deliveries() == []


def test_a_rollback_takes_the_event_back(post: Post, there: Receiver) -> None:
    from webapp.core.db import rollback
    from webapp.core.tenancy import scope
    from webapp.printers.webhook_kinds import PrinterKind
    from webapp.webhooks.outbox import emit

    post.webhook(there.url)
    with post.world.portal.app_context(), scope(post.world.acme_id):
        emit(
            PrinterKind.REQUEST_OPENED, organisation_id=post.world.acme_id, data=dict, now=utcnow()
        )
        rollback()
    assert post.deliveries() == []


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("400", "answered 400"),
        ("404", "answered 404"),
        ("500", "answered 500"),
        ("503", "answered 503"),
        ("redirect", "redirects are not followed"),
        ("cut", "Remote"),
        ("half", "Remote"),
        ("silent", "no answer within"),
        ("drip_head", "no answer within"),
        ("nonsense", "Remote"),
    ],
)
def test_what_goes_wrong_is_told_and_tried_again(
    post: Post, there: Receiver, how: str, says: str
) -> None:
    there.answers = [how, "200"]
    post.webhook(there.url)
    post.happens()
    began = time.monotonic()
    post.drain()
    assert time.monotonic() - began < 4
    row = post.delivery()
    assert row.state == "waiting"
    assert says in (row.last_error or ""), row.last_error
    assert row.due_at > utcnow() + timedelta(seconds=20)
    assert post.hook().failing_since is not None
    post.time_passes()
    post.drain()
    row = post.delivery()
    assert row.state == "done"
    assert row.attempts == 2
    assert post.hook().failing_since is None
    assert {r.path for r in there.received} == {"/hook"}


def test_a_long_answer_is_cut_short(post: Post, there: Receiver) -> None:
    there.answers = ["500"]
    post.webhook(there.url)
    post.happens()
    post.drain()
    answer = post.delivery().answer
    assert answer is not None
    assert len(answer) == 500
    assert "\x00" not in answer


@pytest.mark.parametrize("how", ["huge", "drip"])
def test_an_endless_answer_is_not_read_to_its_end(post: Post, there: Receiver, how: str) -> None:
    there.answers = [how]
    post.webhook(there.url)
    post.happens()
    began = time.monotonic()
    post.drain()
    assert time.monotonic() - began < 4
    assert post.delivery().state in ("done", "waiting")


def test_a_closed_port_is_told(post: Post, there: Receiver) -> None:
    with receiver() as gone:
        address = gone.url
    post.webhook(address)
    post.happens()
    post.drain()
    assert "ConnectError" in (post.delivery().last_error or "")


def test_an_unknown_name_is_told(post: Post) -> None:
    post.webhook("https://nobody.invalid/hook")
    post.happens()
    post.drain()
    assert post.delivery().state == "waiting"
    assert "gaierror" in (post.delivery().last_error or "").lower() or post.delivery().last_error


def test_a_plain_server_where_tls_was_expected_is_told(post: Post, there: Receiver) -> None:
    post.webhook(there.url.replace("http:", "https:"))
    post.happens()
    post.drain()
    assert post.delivery().state == "waiting"
    assert there.received == []


def test_after_a_day_it_is_given_up(post: Post, there: Receiver) -> None:
    there.answers = ["500"]
    post.webhook(there.url)
    post.happens()
    post.change(Delivery, first_due_at=utcnow() - timedelta(hours=24, minutes=1))
    post.drain()
    assert post.delivery().state == "failed"
    post.drain()
    assert len(there.received) == 1


def test_a_silent_receiver_keeps_nobody_waiting(post: Post, there: Receiver) -> None:
    with receiver() as dead:
        dead.answers = ["silent"]
        post.webhook(dead.url, "Dead")
        post.webhook(there.url, "Alive")
        post.happens(20)
        began = time.monotonic()
        post.drain()
        assert time.monotonic() - began < 6
        assert len(there.received) == 20
        assert len(dead.received) <= 4
    waiting = [d for d in post.deliveries() if d.state == "waiting"]
    assert len(waiting) == 20
    assert sum(d.attempts for d in waiting) == len(dead.received)
    assert all(d.due_at > utcnow() for d in waiting)


def test_one_receiver_is_not_flooded(post: Post, there: Receiver) -> None:
    post.webhook(there.url)
    post.happens(40)
    post.drain()
    assert len(there.received) == 40
    assert there.connections <= 4


def test_after_three_days_of_failure_it_is_paused_and_administrators_are_told(
    post: Post, there: Receiver
) -> None:
    there.answers = ["500"]
    post.webhook(there.url)
    post.change(Webhook, failing_since=utcnow() - timedelta(days=3, minutes=1))
    post.happens(2)
    post.drain()
    hook = post.hook()
    assert not hook.active
    assert hook.paused_at is not None
    with post.world.portal.app_context(), unscoped("a test looks"):
        mails = db.session.scalars(select(Mail)).all()
        events = [r.event for r in db.session.scalars(select(AuditRow).order_by(AuditRow.id))]
    assert [m.recipient for m in mails] == ["admin@acme.test"]
    assert "Ticket system" in mails[0].subject
    assert events.count("webhooks:webhook:paused") == 1
    post.time_passes()
    post.drain()
    assert {d.state for d in post.deliveries()} == {"cancelled"}
    post.happens()
    assert len(post.deliveries()) == 2


def test_one_success_forgets_the_failures(post: Post, there: Receiver) -> None:
    post.webhook(there.url)
    post.change(Webhook, failing_since=utcnow() - timedelta(days=2))
    post.happens()
    post.drain()
    assert post.hook().failing_since is None
    assert post.hook().active


def test_a_closed_organisation_is_silent(post: Post, there: Receiver) -> None:
    post.webhook(there.url)
    post.happens()
    post.change(Organisation, closed_at=utcnow())
    post.drain()
    assert there.received == []
    assert post.delivery().state == "cancelled"


def test_a_secret_that_can_not_be_read_waits_for_its_key(
    post: Post, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_args: object, **_more: object) -> list[str]:
        raise Sealed("no key")

    post.webhook(there.url)
    post.happens()
    with monkeypatch.context() as patch:
        patch.setattr(letters, "secrets_of", locked)
        post.drain()
    assert post.delivery().state == "waiting"
    post.time_passes()
    post.drain()
    assert post.delivery().state == "done"


def test_old_deliveries_go(post: Post, there: Receiver) -> None:
    from webapp.core import drains

    post.webhook(there.url)
    post.happens(2)
    first = post.deliveries()[0].id
    with post.world.portal.app_context(), unscoped("a test changes rows"):
        from sqlalchemy import update

        from webapp.core.db import commit

        old = utcnow() - timedelta(days=31)
        db.session.execute(update(Delivery).where(Delivery.id == first).values(created_at=old))
        commit()
        drains.run("webhook deliveries")
    assert len(post.deliveries()) == 1
