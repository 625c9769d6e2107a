"""The system's mail templates: files, shown by kind and language; how many organisations adapted them (P-36)."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import BigInteger, SmallInteger, Text, column, func, select
from sqlalchemy import literal as bound
from sqlalchemy.dialects.postgresql import JSONB

from webapp.accounts.access import OPERATOR
from webapp.core.access import allow
from webapp.core.db import db
from webapp.core.listing import Choice, Column, Listing, Page
from webapp.core.preferences import LANGUAGE_NAMES
from webapp.core.web import render
from webapp.mail.compose import Composed
from webapp.mail.models import EmailTemplate
from webapp.mail.types import MailType, all_types, system_draft
from webapp.mailing.blueprint import previewed
from webapp.mailing.templates.samples import sample_mail
from webapp.operator.routes.blueprint import bp, own_organisation
from webapp.orgs.models import Organisation

_COLUMNS = (
    column("key", BigInteger),
    column("type", Text),
    column("kind", Text),
    column("place", SmallInteger),
    column("language", Text),
    column("subject", Text),
    column("copies", BigInteger),
    column("active", BigInteger),
)


@bp.get("/templates", endpoint="templates")
@allow(OPERATOR)
def templates() -> ResponseReturnValue:
    return _page().respond("operator/templates.html")


@bp.get("/templates/<kind>/<language>", endpoint="template")
@allow(OPERATOR)
def template(kind: str, language: str) -> ResponseReturnValue:
    found = _kind_or_404(kind, language)
    return render(
        "operator/template.html",
        kind=found,
        code=language,
        mail=_sample(found, language),
        draft=system_draft(found.name, language),
        owners=_owners(kind, language),
    )


@bp.get("/templates/<kind>/<language>/preview")
@allow(OPERATOR)
def template_preview(kind: str, language: str) -> Response:
    return previewed(_sample(_kind_or_404(kind, language), language).html)


def _kind_or_404(name: str, language: str) -> MailType:
    if language not in LANGUAGE_NAMES:
        abort(404)
    return next((kind for kind in all_types() if kind.name == name), None) or abort(404)


def _sample(kind: MailType, language: str) -> Composed:
    draft = system_draft(kind.name, language)
    return sample_mail(kind, draft, language=language, organisation=own_organisation())


def _owners(kind: str, language: str) -> list[tuple[Organisation, bool]]:
    """Organisations with a template of their own, and whether their mails are written with it."""
    rows = db.session.execute(
        select(Organisation, func.bool_or(EmailTemplate.active))
        .join(EmailTemplate, EmailTemplate.organisation_id == Organisation.id)
        .where(EmailTemplate.type == kind, EmailTemplate.language == language)
        .group_by(Organisation.id)
        .order_by(Organisation.sort_name)
    )
    return [(organisation, active) for organisation, active in rows]


def _counts() -> dict[tuple[str, str], tuple[int, int]]:
    """Kind and language → organisations with a template of their own, and with an active one."""
    owner = func.distinct(EmailTemplate.organisation_id)
    rows = db.session.execute(
        select(
            EmailTemplate.type,
            EmailTemplate.language,
            func.count(owner),
            func.count(owner).filter(EmailTemplate.active),
        ).group_by(EmailTemplate.type, EmailTemplate.language)
    )
    return {(kind, language): (copies, active) for kind, language, copies, active in rows}


def _page() -> Page:
    """Files in the form of a table, which PostgreSQL filters, sorts and counts like any other."""
    counts = _counts()
    kinds = sorted(all_types(), key=lambda kind: str(kind.label).casefold())
    records = [
        _record(10 * i + n, kind, language, *counts.get((kind.name, language), (0, 0)))
        for i, kind in enumerate(kinds)
        for n, language in enumerate(LANGUAGE_NAMES)
    ]
    rows = (
        func.jsonb_to_recordset(bound(records, JSONB))
        .table_valued(*_COLUMNS, name="templates")
        .render_derived(name="templates", with_types=True)
    )
    return _listing(rows.c, kinds).page(select(*rows.c))


def _record(place: int, kind: MailType, language: str, copies: int, active: int) -> dict[str, Any]:
    return {
        "key": place,
        "place": place,
        "type": kind.name,
        "kind": str(kind.label),
        "language": language,
        "subject": system_draft(kind.name, language).subject,
        "copies": copies,
        "active": active,
    }


def _listing(c: Any, kinds: list[MailType]) -> Listing:
    return Listing(
        name="templates",
        model=EmailTemplate,
        key=c.key,
        default_sort="kind",
        total=lambda n, shown: ngettext(
            "%(shown)s template", "%(shown)s templates", n, shown=shown
        ),
        columns=[
            Column("kind", _l("Kind"), sort=c.place, link=_url),
            Column(
                "language", _l("Language"), value=lambda r: LANGUAGE_NAMES[r.language], main=True
            ),
            Column("subject", _l("Subject")),
            Column(
                "copies",
                _l("Adapted by organisations"),
                "number",
                sort=c.copies,
                first_descending=True,
            ),
            Column("active", _l("In use there"), "number", sort=c.active, first_descending=True),
        ],
        filters=[
            Choice("type", _l("Kind"), c.type, [(k.name, k.label) for k in kinds]),
            Choice("language", _l("Language"), c.language, list(LANGUAGE_NAMES.items())),
        ],
        row_name=lambda r: f"{r.kind} {r.language}",
    )


def _url(row: Any) -> str:
    return url_for("operator.template", kind=row.type, language=row.language)
