"""What administrators do with their organisation's own templates: copy, activate, edit, delete (P-21)."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from webapp.audit.log import record
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.mail.compose import Draft
from webapp.mail.events import MailEvent
from webapp.mail.models import EmailTemplate
from webapp.mail.types import check_draft, mail_type

MOST_TEMPLATES = 500
LONGEST_NAME = 120
LONGEST_HTML = 100_000


class Overtaken(Exception):
    """Somebody saved the template since the form was opened."""


def copy_template(
    kind: str,
    language: str,
    draft: Draft,
    *,
    name: str,
    organisation_id: int,
    now: datetime,
    copied_from: EmailTemplate | None = None,
) -> EmailTemplate:
    """An inactive template of the organisation's own, named as a copy."""
    _refuse_too_many(organisation_id)
    copy = EmailTemplate(
        organisation_id=organisation_id,
        type=kind,
        language=language,
        name=str(_("Copy of %(name)s", name=name))[:LONGEST_NAME],
        subject=draft.subject,
        html=draft.html,
        copied_from_id=copied_from.id if copied_from else None,
        created_at=now,
        updated_at=now,
    )
    db.session.add(copy)
    db.session.flush()
    _record(MailEvent.TEMPLATE_COPIED, copy, **{"from": name})
    return copy


def activate(template: EmailTemplate) -> None:
    """From now on mails of its kind and language are written with it; the one before becomes inactive.

    All templates of the kind and language are locked first, so that of two activated at once the later wins.
    """
    rows = _locked(template.organisation_id, template.type, template.language)
    if template not in rows:
        raise _gone()
    if template.active:
        return
    before = _switch_off(rows)
    _set_active([template.id], active=True)
    _record(MailEvent.TEMPLATE_ACTIVATED, template, **({"instead_of": before} if before else {}))


def use_fallback(kind: str, language: str, *, organisation_id: int) -> None:
    """Go back to the parents' or the system's: none of the organisation's own stays active."""
    rows = _locked(organisation_id, kind, language)
    active = next((row for row in rows if row.active), None)
    if active is not None:
        _switch_off(rows)
        _record(MailEvent.TEMPLATE_ACTIVATED, active, instead_of=active.name, now="fallback")


def edit_template(
    template: EmailTemplate, *, version: int, name: str, draft: Draft, now: datetime
) -> None:
    """Save a checked draft. Raises `Refusal` at its field, or `Overtaken` and sets nothing."""
    checked = check_draft(draft, mail_type(template.type).known)
    if not checked.html.strip():
        raise Refusal(_("Write something: the mail would be empty."), field="html")
    _lock(template)
    if template.version != version:
        raise Overtaken
    values = {"name": name, "subject": checked.subject, "html": checked.html}
    changed = sorted(field for field, v in values.items() if getattr(template, field) != v)
    if not changed:
        return
    for field in changed:
        setattr(template, field, values[field])
    template.updated_at = now
    _record(MailEvent.TEMPLATE_EDITED, template, changed=changed)


def delete_template(template: EmailTemplate) -> None:
    """Mails that were written with it stay as they are; an active one falls back to the next."""
    _lock(template)
    _record(MailEvent.TEMPLATE_DELETED, template, was_active=template.active)
    db.session.delete(template)
    db.session.flush()


def _refuse_too_many(organisation_id: int) -> None:
    number = db.session.scalar(
        select(func.count())
        .select_from(EmailTemplate)
        .where(EmailTemplate.organisation_id == organisation_id)
    )
    if (number or 0) >= MOST_TEMPLATES:
        words = _("There are %(n)d templates already. Delete some before.", n=MOST_TEMPLATES)
        raise Refusal(words)


def _locked(organisation_id: int, kind: str, language: str) -> list[EmailTemplate]:
    return list(
        db.session.scalars(
            select(EmailTemplate)
            .where(
                EmailTemplate.organisation_id == organisation_id,
                EmailTemplate.type == kind,
                EmailTemplate.language == language,
            )
            .order_by(EmailTemplate.id)
            .with_for_update(),
            execution_options={"populate_existing": True},
        )
    )


def _lock(template: EmailTemplate) -> None:
    found = db.session.scalar(
        select(EmailTemplate).where(EmailTemplate.id == template.id).with_for_update(),
        execution_options={"populate_existing": True},
    )
    if found is None:
        raise _gone()


def _gone() -> Refusal:
    return Refusal(_("Somebody deleted this template meanwhile."), status=410)


def _switch_off(rows: list[EmailTemplate]) -> str | None:
    """The name of the one that was active."""
    active = [row for row in rows if row.active]
    _set_active([row.id for row in active], active=False)
    return active[0].name if active else None


def _set_active(ids: list[int], *, active: bool) -> None:
    """Without touching the version: who edits the text meanwhile is not disturbed."""
    db.session.execute(
        update(EmailTemplate).where(EmailTemplate.id.in_(ids)).values(active=active),
        execution_options={"synchronize_session": "fetch"},
    )


def _record(event: MailEvent, template: EmailTemplate, **detail: object) -> None:
    about = {"type": template.type, "language": template.language}
    record(
        event,
        organisation_id=template.organisation_id,
        kind="email_template",
        id=template.public_id,
        label=template.name,
        detail={**about, **detail},
    )
