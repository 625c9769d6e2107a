"""An administrator at work on the templates of Acme, and a look behind the screens."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.cast import Person, World
from webapp.audit.models import AuditRow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.mail.models import EmailTemplate, Mail
from webapp.mail.outbox import send

SYSTEM = "password_reset.de"


def url(world: World, rest: str = "") -> str:
    return f"/o/{world.acme}/mail/templates{rest}"


class Desk:
    """An administrator at work on the templates of Acme, and a look behind the screens."""

    def __init__(self, admin: Person) -> None:
        self.admin, self.world = admin, admin.world

    def copy(self, ref: str = SYSTEM, *, nonce: str = "") -> str:
        """The new template's id."""
        before = set(self.ids())
        answer = self.admin.post(
            url(self.world, f"/{ref}/copies"), {"nonce": nonce or f"{ref}-{len(before)}"}
        )
        assert answer.status_code == 303
        [new] = set(self.ids()) - before
        return new

    def activate(self, ref: str) -> None:
        assert self.admin.post(url(self.world, f"/{ref}/activations")).status_code == 303

    def save(self, ref: str, **fields: Any) -> TestResponse:
        form = {"version": str(self.row(ref).version), **filled(self.row(ref)), **fields}
        return self.admin.post(url(self.world, f"/{ref}/edit"), form)

    def ids(self) -> list[str]:
        return [row.public_id for row in self.rows()]

    def rows(self) -> list[EmailTemplate]:
        with self.world.portal.app_context(), unscoped("a test looks"):
            return list(db.session.scalars(select(EmailTemplate).order_by(EmailTemplate.id)))

    def row(self, ref: str) -> EmailTemplate:
        return next(row for row in self.rows() if row.public_id == ref)

    def mails(self) -> list[Mail]:
        with self.world.portal.app_context(), unscoped("a test looks"):
            return list(db.session.scalars(select(Mail).order_by(Mail.id)))

    def write(self, language: str = "de", organisation_id: int | None = None) -> Mail:
        """A mail of the kind, as the portal writes it."""
        with self.world.portal.app_context():
            mail = send(
                "password_reset",
                to="otto@acme.test",
                language=language,
                organisation_id=organisation_id or self.world.acme_id,
                values={"NAME": "Otto", "LINK": "https://localhost/r/x", "MINUTES": 60},
            )
            commit()
            return mail

    def listed(self, query: str = "") -> list[tuple[str, str]]:
        """(name, state) of each row of the list."""
        page = self.admin.get(url(self.world, query)).text
        rows = re.findall(r"<tr data-row.*?</tr>", page, re.DOTALL)
        return [
            (
                re.search(r'class="col-name"><a[^>]*>(.*?)</a>', row, re.DOTALL)[1],  # type: ignore[index]
                "active" if ">Active<" in row else "inactive",
            )
            for row in rows
        ]

    def events(self) -> list[str]:
        with self.world.portal.app_context(), unscoped("a test looks"):
            rows = db.session.scalars(select(AuditRow).order_by(AuditRow.seq))
            return [row.event.removeprefix("mail:template:") for row in rows]


def filled(row: EmailTemplate) -> dict[str, str]:
    return {"name": row.name, "subject": row.subject, "html": row.html, "sample": row.language}
