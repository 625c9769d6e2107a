"""Files that go with a mail: noted in its transaction, read when it leaves."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload, undefer

from webapp.core.db import db
from webapp.core.files import File
from webapp.core.tenancy import unscoped
from webapp.mail.models import Mail, MailAttachment


def attach(mail: Mail, file: File) -> None:
    """The file may belong to an organisation above, or to the operator's: the mail carries it all the same."""
    with unscoped("an attachment belongs to its mail's organisation"):
        db.session.add(
            MailAttachment(
                organisation_id=mail.organisation_id,
                mail_id=mail.id,
                file_id=file.id,
                name=file.name,
            )
        )
        db.session.flush()


def attachments_of(mail: Mail) -> list[tuple[str, str, bytes]]:
    """Name, media type and content of each."""
    with unscoped("a mail leaves with its attachments"):
        rows = db.session.scalars(
            select(MailAttachment)
            .where(MailAttachment.mail_id == mail.id)
            .options(joinedload(MailAttachment.file).options(undefer(File.content)))
            .order_by(MailAttachment.id)
        ).all()
    return [(row.name, row.file.media_type, row.file.content or b"") for row in rows]
