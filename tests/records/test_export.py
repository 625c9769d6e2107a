"""Everything an organisation holds, as one ZIP: whole, without secrets, for its maker alone."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from tests.cast import Person, World, sign_in
from tests.orgs.trees import events
from tests.printers.desk import call_for_help
from tests.records.conftest import (
    Field,
    export,
    latest_work,
    opened,
    rows_in,
    stale_proof,
    work_off,
)
from webapp.accounts.models import User
from webapp.core.activities import Activity
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.exports import all_exported
from webapp.core.files import File
from webapp.core.tenancy import scope, unscoped
from webapp.printers.models import PanicButton
from webapp.records import export_work
from webapp.settings import Settings

pytestmark = pytest.mark.feature("Q-22")


def data(world: World) -> str:
    return f"/o/{world.acme}/settings/data"


def test_it_holds_every_table_in_both_forms_and_says_what_it_is(admin: Person, acme: Field) -> None:
    made = call_for_help(acme, message="It squeaks, ärgerlich.")
    archive = export(admin)
    for table in all_exported():
        assert {f"tables/{table.name}.jsonl", f"tables/{table.name}.csv"} <= set(archive.namelist())
    (row,) = rows_in(archive, "tables/panic_requests.jsonl")
    assert (row["public_id"], row["message"]) == (made.public_id, "It squeaks, ärgerlich.")
    assert row["created_at"].endswith("Z")
    text = archive.read("tables/panic_requests.csv").decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(text))
    assert line["message"] == row["message"]
    readme = archive.read("README.txt").decode()
    assert "Everything that Acme holds" in readme
    assert "panic_requests (1 rows)" in readme
    assert "panic_launches: half-filled forms" in readme


def test_it_holds_the_organisation_s_own_rows_alone(admin: Person, world: World) -> None:
    archive = export(admin)
    assert [r["name"] for r in rows_in(archive, "tables/organisations.jsonl")] == ["Acme"]
    emails = {r["email"] for r in rows_in(archive, "tables/users.jsonl")}
    assert emails == {"admin@acme.test", "reader@acme.test"}


def test_no_secret_is_in_it(admin: Person, acme: Field) -> None:
    """Neither what was shown once nor what is kept of it."""
    archive = export(admin)
    everything = b"".join(archive.read(name) for name in archive.namelist())
    secret = acme.token.rsplit("_", 1)[1].encode()
    assert secret not in everything
    assert acme.spare_code.encode() not in everything
    assert b"password_hash" not in everything
    assert b'secret_digest"' not in everything


def test_formulas_are_texts_in_a_spreadsheet(admin: Person, acme: Field) -> None:
    call_for_help(acme, message='=HYPERLINK("http://evil.test")')
    archive = export(admin)
    text = archive.read("tables/panic_requests.csv").decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(text))
    assert line["message"].startswith("'=HYPERLINK")
    (row,) = rows_in(archive, "tables/panic_requests.jsonl")
    assert row["message"].startswith("=HYPERLINK")


def test_more_rows_than_a_step_come_in_order_and_once(
    admin: Person, acme: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_work, "ROWS_A_STEP", 3)
    with admin.world.portal.app_context(), scope(admin.world.acme_id):
        for number in range(10):
            db.session.add(
                PanicButton(
                    organisation_id=admin.world.acme_id,
                    name=f"B{number}",
                    sort_name=f"b{number}",
                    created_at=utcnow(),
                )
            )
        commit()
    archive = export(admin)
    found = [r["name"] for r in rows_in(archive, "tables/panic_buttons.jsonl")]
    assert found[-10:] == [f"B{n}" for n in range(10)]
    assert len(found) == len(set(found))


def test_small_files_are_in_it(admin: Person, world: World) -> None:
    pdf = b"%PDF-1.4\n1 0 obj << >> endobj\ntrailer << >>\n%%EOF\n"
    upload = {"language": "en", "file": (io.BytesIO(pdf), "Über uns.pdf")}
    url = f"/o/{world.acme}/settings/documents"
    assert admin.post(url, upload, content_type="multipart/form-data").status_code == 303
    archive = export(admin)
    (name,) = [n for n in archive.namelist() if n.startswith("files/")]
    assert name.endswith("-Über uns.pdf")
    assert archive.read(name) == pdf


def test_it_needs_the_permission_and_a_fresh_proof(
    admin: Person, reader: Person, stranger: Person, world: World
) -> None:
    assert reader.get(data(world)).status_code == 403
    assert reader.post(f"{data(world)}/exports").status_code == 403
    assert stranger.post(f"{data(world)}/exports").status_code == 404
    stale_proof(admin)
    asked = admin.post(f"{data(world)}/exports")
    assert asked.status_code == 403
    assert "step_up" in asked.text


def test_asking_and_fetching_are_in_the_log_and_one_runs_at_a_time(
    admin: Person, world: World
) -> None:
    assert admin.post(f"{data(world)}/exports").status_code == 303
    assert "In the making" in admin.get(data(world)).text
    again = admin.post(f"{data(world)}/exports")
    assert again.status_code == 409
    assert "An export is being made already" in again.text
    work_off(world.portal)
    assert events(world, world.acme_id).count("records:export:asked") == 1
    export(admin)
    assert events(world, world.acme_id)[-1] == "activity:file:fetched"


def test_it_is_its_maker_s_alone_and_gone_after_a_day(admin: Person, world: World) -> None:
    export(admin)
    with world.portal.app_context(), unscoped("looking"):
        file = db.session.scalars(select(File).where(File.kind == export_work.KIND)).one()
    url = f"/o/{world.acme}/downloads/{file.public_id}"
    assert file.for_user_id == admin.user_id
    assert admin.get(url).status_code == 200
    with time_machine.travel(utcnow() + timedelta(hours=23)):
        assert sign_in(world, "admin@acme.test").get(url).status_code == 200
    with time_machine.travel(utcnow() + timedelta(hours=25)):
        assert sign_in(world, "admin@acme.test").get(url).status_code == 404


def test_a_cancelled_one_leaves_no_file(admin: Person, world: World) -> None:
    asked = admin.post(f"{data(world)}/exports")
    with world.portal.app_context(), unscoped("one step"):
        work = db.session.scalars(select(Activity)).one()
        with scope(world.acme_id):
            export_work.export_step(work)
            commit()
    assert latest_work(world).file_id is not None
    assert admin.post(f"{asked.location}/cancellation").status_code == 303
    work_off(world.portal)
    assert latest_work(world).state == "cancelled"
    with world.portal.app_context(), unscoped("looking"):
        assert db.session.scalars(select(File)).all() == []


def test_the_table_follows_its_maker_s_spreadsheet(admin: Person, world: World) -> None:
    with world.portal.app_context():
        db.session.get_one(User, admin.user_id).csv_delimiter = ";"
        commit()
    first = export(admin).read("tables/users.csv").decode("utf-8-sig").splitlines()[0]
    assert first.startswith("id;public_id;name;")


WORK = """
from webapp import create_app
from webapp.core import drains
with create_app().app_context():
    drains.run("activities")
"""


@pytest.mark.feature("Q-10")
def test_a_worker_that_dies_in_the_middle_is_followed_by_another(
    admin: Person, acme: Field, settings: Settings
) -> None:
    """What the dead one had not committed is done once more, and stands in the file once."""
    world = admin.world
    call_for_help(acme)
    asked = admin.post(f"{data(world)}/exports")
    environ = {
        **os.environ,
        "OUTPOST_ENV": "test",
        "BASE_URL": settings.base_url,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "CODE_PEPPER": settings.code_pepper,
        "DATA_DIR": str(settings.data_dir),
        "OUTPOST_CRASH_AT": "export.before_commit#9",
    }
    ran = subprocess.run([sys.executable, "-c", WORK], env=environ, capture_output=True)
    assert ran.returncode == -9, ran.stderr
    half = latest_work(world)
    assert half.cursor is not None
    assert half.cursor["table"] == 4, "eight entries stand: four tables in both forms"
    with world.portal.app_context(), unscoped("the dead are missed"):
        db.session.execute(update(Activity).values(claimed_until=utcnow() - timedelta(seconds=1)))
        commit()
    work_off(world.portal)
    page = admin.get(asked.location).text
    url = next(p for p in page.split('"') if "/downloads/" in p and p[-1] != "/")
    archive = opened(admin.get(url).data)
    assert len(archive.namelist()) == len(set(archive.namelist()))
    assert len(rows_in(archive, "tables/panic_requests.jsonl")) == 1
