"""Jobs, mails and webhooks in trouble, over all organisations (P-36)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from tests.cast import Person, World
from tests.operator.desk import events
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.heartbeats import beat
from webapp.core.runs import note_run
from webapp.core.tenancy import unscoped
from webapp.mail import outbox
from webapp.mail.models import Mail
from webapp.operator import work
from webapp.webhooks.models import Webhook

pytestmark = pytest.mark.feature("P-36")

SECRET_LINK = "https://outpost.test/reset/q7Ytsecret"


def written(world: World, kind: str = "confirm_email", **columns: object) -> str:
    """A mail of Acme with these columns; its public id."""
    values: dict[str, str | int | date | None] = {"HOURS": 24, "LINK": SECRET_LINK}
    if kind == "notification":
        values = {"TITLE": "Paper jam", "MESSAGE": "Tray 2", "LINK": "https://outpost.test/r/1"}
    with world.portal.app_context(), unscoped("a mail for the test"):
        mail = outbox.send(
            kind,
            to="rita@acme.test",
            language="en",
            organisation_id=world.acme_id,
            values=values,
        )
        commit()
        if columns:
            db.session.execute(update(Mail).where(Mail.id == mail.id).values(**columns))
            commit()
        return mail.public_id


def failed(world: World, kind: str = "notification") -> str:
    words = "550 5.1.1 no such user"
    return written(world, kind, state="failed", server_words=words, last_error=words, attempts=3)


def state_of(world: World, public_id: str) -> str:
    with world.portal.app_context(), unscoped("looking at a mail"):
        return db.session.scalars(select(Mail.state).where(Mail.public_id == public_id)).one()


# Jobs


def test_every_table_of_due_work_is_found(operator: Person, world: World) -> None:
    tables = {model.__tablename__ for model in work.due_models()}  # type: ignore[attr-defined]
    assert {"mail_outbox", "webhook_deliveries"} <= tables
    page = operator.get("/operator/jobs").text
    for table in tables:
        assert table in page


def test_late_work_stands_out(operator: Person, world: World) -> None:
    assert "Late" not in operator.get("/operator/jobs").text
    written(world, due_at=utcnow() - timedelta(hours=1))
    page = operator.get("/operator/jobs").text
    assert "Late" in page
    with world.portal.app_context(), unscoped("figures"):
        mails = next(t for t in work.due_tables(utcnow()) if t.table == "mail_outbox")
    assert (mails.waiting, mails.due, mails.claimed, mails.failed) == (1, 1, 0, 0)
    assert mails.late
    assert mails.late >= timedelta(hours=1)


def test_drains_say_when_they_ran_and_what_they_died_of(operator: Person, world: World) -> None:
    with world.portal.app_context():
        now = utcnow()
        note_run("mail", began_at=now, ended_at=now + timedelta(seconds=2), failed="OSError")
        beat("worker")
    page = operator.get("/operator/jobs").text
    assert "OSError" in page
    assert "2,000" in page
    assert ">worker</th>" in page


def test_the_page_renews_its_tables_alone(operator: Person) -> None:
    part = operator.fragment("/operator/jobs").text
    assert part.lstrip().startswith('<div id="work"')
    assert "<html" not in part


# Mails


def test_failed_ones_of_all_organisations_are_listed_with_the_servers_words(
    operator: Person, world: World
) -> None:
    failed(world)
    written(world, last_error="451 try again later", attempts=1)
    written(world)
    page = operator.get("/operator/mails").text
    assert "2 mails" in page, "one that waits for its first try is no trouble"
    assert "550 5.1.1 no such user" in page
    assert "451 try again later" in page
    assert "Acme" in page
    only = operator.get("/operator/mails?state=failed").text
    assert "451 try again later" not in only


def test_the_text_stays_the_organisations(operator: Person, world: World) -> None:
    public_id = failed(world)
    page = operator.get(f"/operator/mails/{public_id}").text
    assert "550 5.1.1 no such user" in page
    assert "Paper jam" not in page
    assert "Tray 2" not in page


def test_sending_again_makes_a_new_one(operator: Person, world: World) -> None:
    public_id = failed(world)
    answer = operator.post(f"/operator/mails/{public_id}/resendings")
    assert answer.status_code == 303
    fresh = answer.location.rsplit("/", 1)[1]
    assert fresh != public_id
    assert state_of(world, fresh) == "waiting"
    assert events(world, world.acme_id) == ["mail:mail:sent_again"]


def test_giving_up_ends_the_tries(operator: Person, world: World) -> None:
    public_id = written(world, last_error="451 later")
    url = f"/operator/mails/{public_id}/cancellation"
    assert "Cancel this mail?" in operator.get(url).text
    assert operator.post(url).status_code == 303
    assert state_of(world, public_id) == "cancelled"
    assert events(world, world.acme_id) == ["mail:mail:given_up"]
    with world.portal.app_context(), unscoped("its sealed text"):
        assert db.session.scalars(select(Mail.bodies_sealed)).one() is None


@pytest.mark.parametrize("state", ["done", "cancelled", "claimed"])
def test_what_is_sent_or_on_the_wire_cannot_be_given_up(
    operator: Person, world: World, state: str
) -> None:
    public_id = written(world, state=state)
    assert operator.post(f"/operator/mails/{public_id}/cancellation").status_code == 422
    assert state_of(world, public_id) == state
    assert events(world, world.acme_id) == []


def test_unknown_mails_are_404(operator: Person) -> None:
    assert operator.get("/operator/mails/nothing").status_code == 404
    assert operator.post("/operator/mails/nothing/resendings").status_code == 404


# Webhooks


def test_webhooks_that_nobody_answers_are_listed(operator: Person, world: World) -> None:
    with world.portal.app_context(), unscoped("two webhooks"):
        for name, since in (("Broken", utcnow()), ("Healthy", None)):
            hook = Webhook(
                organisation_id=world.acme_id,
                name=name,
                sort_name=name.lower(),
                url="https://hooks.acme.test/in/secret-path",
                events=[],
                secret_sealed=b"x",
                failing_since=since,
                created_at=utcnow(),
                created_by="Admin",
            )
            db.session.add(hook)
        commit()
    page = operator.get("/operator/webhooks").text
    assert "Broken" in page
    assert "Healthy" not in page
    assert "hooks.acme.test" in page
    assert "secret-path" not in page


# The overview


def test_the_overview_leads_everywhere(operator: Person, world: World) -> None:
    failed(world)
    page = operator.get("/operator/").text
    for path in (
        "jobs",
        "mails",
        "webhooks",
        "budgets",
        "news",
        "notices",
        "templates",
        "documents",
        "alarms",
    ):
        assert f'href="/operator/{path}"' in page, path
        assert operator.get(f"/operator/{path}").status_code == 200, path
    assert 'href="/operator/mails?state=failed"' in page
    assert "active accounts" in page
