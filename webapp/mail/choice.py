"""Which template and which language a mail is written in (P-21)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.mail.compose import Draft
from webapp.mail.models import EmailTemplate
from webapp.mail.types import system_draft
from webapp.orgs.models import Organisation, OrganisationKind
from webapp.settings import LANGUAGES


@dataclass(frozen=True)
class Choice:
    """`template_id` None: the system's own."""

    draft: Draft
    language: str
    template_id: int | None = None


def choose(name: str, organisation: Organisation, *, language: str | None) -> Choice:
    """The organisation's active template, else its parents', else the system's.

    In the language of the recipient, else of the organisation, else English; the system has all of them, so
    a language that the portal speaks is always met.
    """
    wanted = chosen_language(language, organisation)
    own = _nearest_template(name, organisation, wanted)
    if own is not None:
        return Choice(Draft(own.subject, own.html), wanted, own.id)
    return Choice(system_draft(name, wanted), wanted)


def chosen_language(language: str | None, organisation: Organisation) -> str:
    """The first that the portal speaks; `de-AT` counts as `de`."""
    for candidate in (language, organisation.language):
        spoken = (candidate or "").replace("_", "-").split("-")[0].lower()
        if spoken in LANGUAGES:
            return spoken
    return "en"


def owner_of(organisation_id: int | None) -> Organisation:
    """The organisation a mail belongs to; without one, the operator's."""
    if organisation_id is None:
        condition = Organisation.kind == OrganisationKind.OPERATOR
    else:
        condition = Organisation.id == organisation_id
    return db.session.scalars(
        select(Organisation).where(condition).order_by(Organisation.id).limit(1)
    ).one()


def _nearest_template(name: str, organisation: Organisation, language: str) -> EmailTemplate | None:
    """Of the organisation and those above it, the one that is closest."""
    chain = [int(part) for part in organisation.path.strip("/").split("/") if part]
    with unscoped("an organisation's mails may use its parents' templates"):
        found = db.session.scalars(
            select(EmailTemplate).where(
                EmailTemplate.organisation_id.in_(chain or [organisation.id]),
                EmailTemplate.type == name,
                EmailTemplate.language == language,
                EmailTemplate.active.is_(True),
            )
        ).all()
    return max(found, key=lambda t: chain.index(t.organisation_id), default=None)
