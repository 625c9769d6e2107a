"""Long work done at once, the ZIP that came of it, a person with traces everywhere."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from sqlalchemy import select, update

from tests.cast import Person, World
from tests.printers.conftest import Field, acme
from webapp.accounts.models import UserSession
from webapp.core import drains
from webapp.core.activities import Activity
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal

__all__ = ["Field", "acme"]


def work_off(portal: Portal) -> None:
    with portal.app_context():
        drains.run("activities")


def latest_work(world: World) -> Activity:
    with world.portal.app_context(), unscoped("looking"):
        return db.session.scalars(select(Activity).order_by(Activity.id.desc())).all()[0]


def export(who: Person) -> zipfile.ZipFile:
    """Ask for everything, have it made, fetch it."""
    asked = who.post(f"/o/{who.world.acme}/settings/data/exports")
    assert asked.status_code == 303, asked.text
    work_off(who.world.portal)
    work = latest_work(who.world)
    assert work.state == "done", work.last_error
    page = who.get(asked.location).text
    url = next(part for part in page.split('"') if "/downloads/" in part and part[-1] != "/")
    answer = who.get(url)
    assert answer.status_code == 200, answer.text
    return opened(answer.data)


def opened(content: bytes) -> zipfile.ZipFile:
    found = zipfile.ZipFile(io.BytesIO(content))
    assert found.testzip() is None
    return found


def rows_in(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read(name).decode().splitlines()]


def stale_proof(who: Person) -> None:
    """As if the password was typed long ago."""
    with who.world.portal.app_context():
        old = update(UserSession).values(proved_at=utcnow().replace(year=2020))
        db.session.execute(old)
        commit()
