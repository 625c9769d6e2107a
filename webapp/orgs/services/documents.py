"""Logo and information documents of an organisation (P-17): checked by their content, kept in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload, undefer

from webapp.audit import log as audit
from webapp.core.db import db
from webapp.core.files import File, check_pdf, checked_logo, file_of
from webapp.core.principal import Principal
from webapp.core.tenancy import unscoped
from webapp.mail.models import MailAttachment
from webapp.orgs.events import OrgEvent
from webapp.orgs.models import Organisation, OrganisationDocument, OrganisationKind


def set_logo(content: bytes, *, organisation: Organisation, by: Principal, now: datetime) -> File:
    """A picture in place of the two letters; raises `Refusal` for what is none."""
    clean = checked_logo(content, field="logo")
    columns = file_of(
        clean,
        kind="logo",
        name="logo.png",
        media_type="image/png",
        organisation_id=organisation.id,
    )
    row = File(**columns, created_at=now, created_by=by.label)
    db.session.add(row)
    db.session.flush()
    _drop_logo(organisation)
    organisation.logo = row.public_id
    _record(OrgEvent.LOGO_CHANGED, organisation, by, {"size_bytes": row.size_bytes})
    return row


def remove_logo(organisation: Organisation, *, by: Principal) -> None:
    if organisation.logo is None:
        return
    _drop_logo(organisation)
    organisation.logo = None
    _record(OrgEvent.LOGO_CHANGED, organisation, by, {"removed": True})


def _drop_logo(organisation: Organisation) -> None:
    db.session.execute(delete(File).where(File.public_id == organisation.logo, File.kind == "logo"))


def set_document(
    content: bytes,
    name: str,
    language: str,
    *,
    organisation: Organisation,
    by: Principal,
    now: datetime,
) -> OrganisationDocument:
    """The PDF of one language, in place of the one before; raises `Refusal` for what is none."""
    check_pdf(content, field="file")
    _drop_document(language)
    columns = file_of(
        content,
        kind="document",
        name=_pdf_name(name),
        media_type="application/pdf",
        organisation_id=organisation.id,
    )
    file = File(**columns, created_at=now, created_by=by.label)
    row = OrganisationDocument(file=file, language=language, organisation_id=organisation.id)
    db.session.add_all([file, row])
    db.session.flush()
    _record(OrgEvent.DOCUMENT_CHANGED, organisation, by, {"language": language, "name": file.name})
    return row


def remove_document(language: str, *, organisation: Organisation, by: Principal) -> bool:
    """False when there was none."""
    if not _drop_document(language):
        return False
    _record(OrgEvent.DOCUMENT_CHANGED, organisation, by, {"language": language, "removed": True})
    return True


def _drop_document(language: str) -> bool:
    """A file that a mail refers to stays: the mail may not have left."""
    row = db.session.scalar(
        select(OrganisationDocument).where(OrganisationDocument.language == language)
    )
    if row is None:
        return False
    file_id = row.file_id
    db.session.delete(row)
    db.session.flush()
    in_use = select(MailAttachment.id).where(MailAttachment.file_id == file_id).exists()
    db.session.execute(
        delete(File).where(File.id == file_id, ~in_use).execution_options(synchronize_session=False)
    )
    return True


def documents() -> list[OrganisationDocument]:
    """Of the organisation in scope."""
    return list(
        db.session.scalars(
            select(OrganisationDocument)
            .options(joinedload(OrganisationDocument.file))
            .order_by(OrganisationDocument.language)
        )
    )


def document_file(language: str) -> File | None:
    """That of the organisation in scope, with its content."""
    return db.session.scalar(
        select(File)
        .join(OrganisationDocument, OrganisationDocument.file_id == File.id)
        .where(OrganisationDocument.language == language)
        .options(undefer(File.content))
    )


def document_for(organisation: Organisation, language: str) -> File | None:
    """What goes with an invitation: its own, else that of the nearest above, else the system's.

    In the mail's language, else the organisation's, else English, else whichever there is.
    """
    with unscoped("the document of an organisation, of those above, or of the operator"):
        operator = db.session.scalar(
            select(Organisation.id).where(Organisation.kind == OrganisationKind.OPERATOR).limit(1)
        )
        owners = [*reversed(organisation.lineage), *([operator] if operator else [])]
        rows = db.session.scalars(
            select(OrganisationDocument)
            .where(OrganisationDocument.organisation_id.in_(owners))
            .options(joinedload(OrganisationDocument.file))
        ).all()
    if not rows:
        return None
    nearest = min((row.organisation_id for row in rows), key=owners.index)
    of_owner = [row for row in rows if row.organisation_id == nearest]
    return _in_language(of_owner, (language, organisation.language, "en")).file


def _in_language(
    rows: Sequence[OrganisationDocument], wanted: Sequence[str]
) -> OrganisationDocument:
    by_language = {row.language: row for row in rows}
    return next((by_language[each] for each in wanted if each in by_language), rows[0])


def _pdf_name(name: str) -> str:
    """A name that can stand in a mail's head and in a download: one line, no path, `.pdf`."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    tidy = " ".join("".join(c if c.isprintable() else " " for c in last).split())
    stem = tidy[:-4] if tidy.lower().endswith(".pdf") else tidy
    return f"{stem.replace(chr(34), '')[:80] or 'information'}.pdf"


def _record(
    event: OrgEvent, organisation: Organisation, by: Principal, detail: dict[str, object]
) -> None:
    audit.record(
        event,
        organisation_id=organisation.id,
        kind="organisation",
        id=organisation.public_id,
        label=organisation.name,
        detail=detail,
        by=by,
    )


def change_settings(
    organisation: Organisation, *, colour: int | None, trades: list[str], by: Principal
) -> None:
    """Colour and trades; what did not change is not noted."""
    wanted = {"colour": colour, "trades": trades}
    changes = {
        name: [getattr(organisation, name), value]
        for name, value in wanted.items()
        if getattr(organisation, name) != value
    }
    for name, (_before, after) in changes.items():
        setattr(organisation, name, after)
    if changes:
        _record(OrgEvent.SETTINGS_CHANGED, organisation, by, {"changes": changes})
