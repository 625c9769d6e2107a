"""Long work and downloads as their owner sees them, and nobody else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.cast import Person, World
from webapp.accounts.models import UserSession
from webapp.activities.kinds import DownloadKind, register
from webapp.audit.models import AuditRow
from webapp.core import large_files
from webapp.core.activities import Activity, activity, run_activities, start
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.errors import Refusal
from webapp.core.files import File
from webapp.core.jobs import JobState
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import scope, unscoped
from webapp.notices.models import Notification

pytestmark = pytest.mark.feature("Q-33")

CONTENT = b"serial;key\n" + b"A1;00112233\n" * 200_000


@activity("test_counting")
def count_step(work: Activity) -> bool:
    work.finished += 1
    if work.finished == work.total:
        file = large_files.begin(
            kind="test_export",
            name="counted.csv",
            media_type="text/csv",
            organisation_id=work.organisation_id,
            created_by=work.by,
            now=utcnow(),
            for_user_id=work.user_id,
            expires_at=utcnow() + timedelta(hours=24),
        )
        large_files.append(file, CONTENT)
        large_files.complete(file)
        work.file_id = file.id
        return True
    return False


def _refuse(_file: File) -> None:
    raise Refusal("The device is not yours any more.", status=409)


register(DownloadKind("test_export", "Test export"))
register(DownloadKind("test_refused", "Refused", fetched=_refuse))


def begin(world: World, *, who: str = "admin@acme.test", total: int = 3) -> str:
    principal = Principal(Actor.USER, world.user_ids[who], "Ada Admin", org=world.acme_id)
    with world.portal.app_context(), acting_as(principal), scope(world.acme_id):
        work = start(
            "test_counting",
            title="Count to three",
            total=total,
            organisation_id=world.acme_id,
            now=utcnow(),
        )
        commit()
        return work.public_id


def file_link(page: str) -> str:
    return str(re.findall(r'href="([^"]*/downloads/[a-z0-9]{12})"', page)[0])


def work_off(world: World) -> None:
    with world.portal.app_context(), unscoped("as the worker does"):
        run_activities()


def test_progress_is_shown_and_the_file_fetched(admin: Person, world: World) -> None:
    work = begin(world)
    url = f"/o/{world.acme}/activity/{work}"
    page = admin.get(url)
    assert "Count to three" in page.text
    assert 'data-poll="1"' in page.text
    assert "0 of 3" in page.text
    part = admin.fragment(url)
    assert part.text.lstrip().startswith("<div")
    work_off(world)
    page = admin.get(url)
    assert "3 of 3" in page.text
    assert "data-poll=" not in page.text
    link = file_link(page.text)
    answer = admin.get(link)
    assert answer.data == CONTENT
    assert answer.headers["Content-Disposition"] == "attachment; filename=counted.csv"
    assert "no-store" in answer.headers["Cache-Control"]
    listed = admin.get(f"/o/{world.acme}/downloads/")
    assert "counted.csv" in listed.text
    assert "Test export" in listed.text
    with world.portal.app_context(), unscoped("test looks"):
        events = list(db.session.scalars(select(AuditRow.event)))
        told = db.session.scalars(select(Notification)).one()
    assert "activity:file:fetched" in events
    assert (told.title, told.url) == ("Count to three", url)


def test_a_colleague_and_a_stranger_see_nothing_of_it(
    admin: Person, reader: Person, stranger: Person, world: World
) -> None:
    work = begin(world)
    work_off(world)
    page = admin.get(f"/o/{world.acme}/activity/{work}")
    link = file_link(page.text)
    for person in (reader, stranger):
        assert person.get(f"/o/{world.acme}/activity/{work}").status_code == 404
        assert person.get(link).status_code == 404
        assert person.post(f"/o/{world.acme}/activity/{work}/cancellation").status_code == 404
    assert "Count to three" not in reader.get(f"/o/{world.acme}/activity/").text
    assert "counted.csv" not in reader.get(f"/o/{world.acme}/downloads/").text


def test_fetching_asks_for_the_password_again(admin: Person, world: World) -> None:
    begin(world)
    work_off(world)
    page = admin.get(f"/o/{world.acme}/downloads/")
    link = file_link(page.text)
    with world.portal.app_context():
        long_ago = utcnow() - timedelta(minutes=11)
        db.session.execute(update(UserSession).values(proved_at=long_ago))
        commit()
    answer = admin.get(link)
    assert answer.status_code == 303
    assert "/me/proof" in answer.location


def test_an_expired_file_is_gone(admin: Person, world: World) -> None:
    begin(world)
    work_off(world)
    page = admin.get(f"/o/{world.acme}/downloads/")
    link = file_link(page.text)
    with world.portal.app_context(), unscoped("a day passes"):
        db.session.execute(update(File).values(expires_at=utcnow() - timedelta(seconds=1)))
        commit()
    assert admin.get(link).status_code == 404


def test_a_kind_may_refuse_and_then_nothing_leaves(admin: Person, world: World) -> None:
    begin(world)
    work_off(world)
    with world.portal.app_context(), unscoped("another kind"):
        db.session.execute(update(File).values(kind="test_refused"))
        commit()
    page = admin.get(f"/o/{world.acme}/downloads/")
    link = file_link(page.text)
    answer = admin.get(link)
    assert answer.status_code == 409
    assert b"A1;0011" not in answer.data
    with world.portal.app_context(), unscoped("test looks"):
        events = list(db.session.scalars(select(AuditRow.event)))
    assert "activity:file:fetched" not in events


def test_it_can_be_cancelled_once(admin: Person, world: World) -> None:
    work = begin(world, total=3)
    url = f"/o/{world.acme}/activity/{work}"
    assert admin.post(f"{url}/cancellation").status_code == 303
    assert "after the step that is running" in admin.get(url).text
    work_off(world)
    assert "Cancelled" in admin.get(url).text
    admin.post(f"{url}/cancellation")
    assert "This has ended already" in admin.get(url).text
    with world.portal.app_context(), unscoped("test looks"):
        stored = db.session.scalars(select(Activity)).one()
    assert (stored.state, stored.finished) == (JobState.CANCELLED, 0)
