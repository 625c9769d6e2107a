"""Webhooks as an administrator sees them."""

from __future__ import annotations

import html
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.cast import Person
from tests.printers.conftest import Field
from tests.printers.desk import call_for_help
from tests.webhooks.conftest import Post
from tests.webhooks.receiver import Receiver, is_signed
from webapp.accounts.models import UserSession
from webapp.audit.models import AuditRow
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Membership
from webapp.webhooks.models import Delivery, Webhook

pytestmark = pytest.mark.feature("P-33")

BOTH = ["request.opened", "request.changed"]


def url(person: Person, rest: str = "") -> str:
    return f"/o/{person.world.acme}/webhooks{rest}"


def facts(there: Receiver, **more: Any) -> dict[str, Any]:
    return {"name": "Ticket system", "url": there.url, "events": BOTH, **more}


def secret_in(page: str) -> str:
    found = re.search(r"whsec_[A-Za-z0-9_-]{43}", html.unescape(page))
    assert found, page
    return found[0]


def path_of(post: Post, rest: str = "") -> str:
    return f"/o/{post.world.acme}/webhooks/{post.hook().public_id}{rest}"


def test_from_creating_to_the_first_request(
    admin: Person, post: Post, there: Receiver, acme: Field
) -> None:
    """The way of P-33: create, a person presses the button, the program is told, the log shows it."""
    assert "No webhooks yet" in admin.get(url(admin)).text
    made = admin.post(url(admin), facts(there))
    assert made.status_code == 200, made.text
    secret = secret_in(made.text)
    request = call_for_help(acme)
    post.drain()
    (got,) = there.received
    assert is_signed(got, secret, now=time.time())
    assert got.event["type"] == "request.opened"
    assert got.event["data"]["request"]["id"] == request.public_id
    assert got.event["data"]["request"]["state"] == "new"
    assert got.event["data"]["change"]["step"] == "opened"
    taken = admin.post(f"/o/{admin.world.acme}/printers/requests/{request.public_id}/completions")
    assert taken.status_code in (303, 409)
    page = admin.get(path_of(post))
    assert "Request opened" in page.text
    assert secret not in page.text
    delivery = admin.get(path_of(post, f"/deliveries/{post.deliveries()[0].public_id}"))
    assert "thank you" in delivery.text
    assert "Alliance building" in delivery.text


def test_work_on_a_request_is_told(admin: Person, post: Post, there: Receiver, acme: Field) -> None:
    request = call_for_help(acme)
    post.webhook(there.url)
    desk = f"/o/{admin.world.acme}/printers/requests/{request.public_id}"
    assert admin.post(f"{desk}/notes", {"note-text": "Ordered"}).status_code == 303
    post.drain()
    (got,) = there.received
    assert got.event["type"] == "request.changed"
    assert got.event["data"]["change"]["step"] == "note"
    assert got.event["data"]["change"]["text"] == "Ordered"


def test_a_test_is_sent_also_while_paused(admin: Person, post: Post, there: Receiver) -> None:
    secret = post.webhook(there.url, active=False)
    answer = admin.post(path_of(post, "/pings"))
    assert answer.status_code == 303
    post.drain()
    (got,) = there.received
    assert got.event["type"] == "ping"
    assert is_signed(got, secret, now=time.time())
    assert "Delivered" in admin.get(answer.location).text


def test_send_again_keeps_the_events_id(admin: Person, post: Post, there: Receiver) -> None:
    there.answers = ["500", "200"]
    post.webhook(there.url)
    post.happens()
    post.change(Delivery, first_due_at=utcnow() - timedelta(days=2))
    post.drain()
    row = post.delivery()
    assert row.state == "failed"
    again = path_of(post, f"/deliveries/{row.public_id}/resendings")
    assert admin.post(again).status_code == 303
    assert admin.post(again).status_code == 409
    post.drain()
    assert post.delivery().state == "done"
    first, second = there.received
    assert first.event["id"] == second.event["id"]


def test_what_was_never_delivered_is_explained(admin: Person, post: Post, there: Receiver) -> None:
    there.answers = ["503"]
    post.webhook(there.url)
    post.happens()
    post.drain()
    page = admin.get(path_of(post, f"/deliveries/{post.delivery().public_id}"))
    assert "it is tried again: answered 503" in page.text
    assert "has not taken anything since" in admin.get(path_of(post)).text
    assert "Failing" in admin.get(url(admin)).text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": "  "}, "Enter a name"),
        ({"url": ""}, "Enter the receiver"),
        ({"url": "javascript:alert(1)"}, "begins with https://"),
        ({"url": "https://a:b@example.com/"}, "Leave user name"),
        ({"url": "https://example.com/" + "x" * 1000}, "At most"),
        ({"events": []}, "Tick at least one event"),
        ({"events": ["ping"]}, "not a valid choice"),
    ],
)
def test_bad_input_is_refused_beside_its_field(
    admin: Person, post: Post, there: Receiver, wrong: dict[str, Any], says: str
) -> None:
    answer = admin.post(url(admin), facts(there, **wrong))
    assert answer.status_code == 422
    assert says in html.unescape(answer.text)
    with post.world.portal.app_context(), unscoped("a test looks"):
        assert db.session.scalars(select(Webhook)).all() == []


def test_without_leave_only_public_https_is_taken(admin: Person, there: Receiver) -> None:
    for address, says in (
        (there.url, "begins with https://"),
        (there.url.replace("http:", "https:"), "not on the public internet"),
    ):
        answer = admin.post(url(admin), facts(there, url=address))
        assert answer.status_code == 422
        assert says in html.unescape(answer.text)


@pytest.mark.feature("P-9")
def test_where_data_goes_asks_the_password_again(
    admin: Person, post: Post, there: Receiver
) -> None:
    """Ten minutes after the last proof an open screen is not enough to have events sent elsewhere."""
    post.change(UserSession, proved_at=utcnow() - timedelta(minutes=11))
    asked = admin.post(url(admin), facts(there))
    assert asked.status_code == 403
    assert 'name="step_up"' in asked.text
    with post.world.portal.app_context(), unscoped("a test looks"):
        assert db.session.scalars(select(Webhook)).all() == []


def test_editing_changes_and_an_old_page_does_not(
    admin: Person, post: Post, there: Receiver
) -> None:
    post.webhook(there.url)
    version = post.hook().version
    changed = facts(there, name="Billing", events=["request.opened"], version=version)
    assert admin.post(path_of(post, "/edit"), changed).status_code == 303
    assert post.hook().name == "Billing"
    assert post.hook().events == ["request.opened"]
    stale = admin.post(path_of(post, "/edit"), facts(there, version=version))
    assert stale.status_code == 409
    assert post.hook().name == "Billing"


def test_deliveries_meanwhile_do_not_make_a_form_stale(
    admin: Person, post: Post, there: Receiver
) -> None:
    there.answers = ["500", "200"]
    post.webhook(there.url)
    version = post.hook().version
    post.happens(2)
    post.drain()
    answer = admin.post(path_of(post, "/edit"), facts(there, name="Same", version=version))
    assert answer.status_code == 303


def test_a_new_secret_is_shown_once(admin: Person, post: Post, there: Receiver) -> None:
    old = post.webhook(there.url)
    assert admin.get(path_of(post, "/secrets/confirm")).status_code == 200
    page = admin.post(path_of(post, "/secrets"))
    new = secret_in(page.text)
    assert new != old
    shown = admin.get(path_of(post)).text
    assert new not in shown
    assert "The present and the former one sign" in shown


def test_pausing_and_resuming(admin: Person, post: Post, there: Receiver) -> None:
    post.webhook(there.url)
    admin.post(path_of(post, "/pauses"))
    post.happens()
    assert post.deliveries() == []
    assert "Resume" in admin.get(path_of(post)).text
    admin.post(path_of(post, "/resumptions"))
    post.happens()
    post.drain()
    assert len(there.received) == 1


def test_deleting_asks_and_takes_the_log_along(admin: Person, post: Post, there: Receiver) -> None:
    post.webhook(there.url)
    post.happens()
    asked = html.unescape(admin.get(path_of(post, "/deletions/confirm")).text)
    assert "Delete “Ticket system” now?" in asked
    assert admin.post(path_of(post, "/deletions")).status_code == 303
    assert post.deliveries() == []
    with post.world.portal.app_context(), unscoped("a test looks"):
        events = [r.event for r in db.session.scalars(select(AuditRow).order_by(AuditRow.id))]
    assert "webhooks:webhook:created" in events
    assert "webhooks:webhook:deleted" in events


def test_nobody_has_sent_what_they_may_not_see(reader: Person, post: Post, there: Receiver) -> None:
    """Somebody with the right to webhooks alone learns nothing of requests by one."""
    post.webhook(there.url)
    post.happens()
    post.drain()
    post.change(Membership, roles=[], grants=["organisation:api:edit", "organisation:api:read"])
    assert "request.opened" not in reader.get(url(reader, "/new")).text
    assert reader.post(url(reader), facts(there)).status_code == 422
    page = reader.get(path_of(post, f"/deliveries/{post.deliveries()[0].public_id}"))
    assert page.status_code == 200
    assert "You need the permission" in html.unescape(page.text)
    assert "&#34;number&#34;" not in page.text
    renamed = facts(there, name="Mine", version=post.hook().version)
    assert reader.post(path_of(post, "/edit"), {**renamed, "events": []}).status_code == 422


@pytest.mark.feature("Q-20")
def test_another_organisations_webhook_is_unknown(
    stranger: Person, post: Post, there: Receiver
) -> None:
    post.webhook(there.url)
    post.happens()
    hook, row = post.hook().public_id, post.deliveries()[0].public_id
    own = f"/o/{stranger.world.globex}/webhooks/{hook}"
    for path in (own, f"{own}/edit", f"{own}/deliveries/{row}"):
        assert stranger.get(path).status_code == 404
    for path in ("pings", "secrets", "pauses", "deletions", f"deliveries/{row}/resendings"):
        assert stranger.post(f"{own}/{path}").status_code == 404
