"""`/operator/legal`: identity, texts by kind and language, drafts, publishing."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import func, select

from webapp.accounts.access import OPERATOR
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db, rollback
from webapp.core.errors import Refusal
from webapp.core.preferences import LANGUAGE_NAMES
from webapp.core.tenancy import unscoped
from webapp.core.web import render, see_other
from webapp.legal import queries, services
from webapp.legal.forms import DraftForm, IdentityForm, day_as_instant
from webapp.legal.markup import clean
from webapp.legal.models import Acceptance, LegalKind, LegalText
from webapp.orgs.models import Organisation, OrganisationKind
from webapp.settings import LANGUAGES

bp = Blueprint("legal", __name__)


@bp.get("/operator/legal")
@allow(OPERATOR)
def overview() -> ResponseReturnValue:
    now = utcnow()
    drafts = db.session.execute(
        select(LegalText.kind, LegalText.language).where(LegalText.published_at.is_(None))
    )
    return render(
        "legal/overview.html",
        identity=queries.identity(),
        is_entered=queries.identity_row() is not None,
        kinds=list(LegalKind),
        codes=LANGUAGES,
        names=LANGUAGE_NAMES,
        in_force=queries.in_force(now),
        drafts={(kind, language) for kind, language in drafts},
        gaps=queries.gaps(now),
    )


@bp.get("/operator/legal/identity")
@allow(OPERATOR)
def identity() -> ResponseReturnValue:
    row = queries.identity_row()
    form = IdentityForm(formdata=None, **queries.identity(), version=str(row.version if row else 0))
    return render("legal/identity.html", form=form)


@bp.post("/operator/legal/identity")
@allow(OPERATOR)
def save_identity() -> ResponseReturnValue:
    form = IdentityForm()
    if not form.validate():
        return render("legal/identity.html", form=form, status=422)
    try:
        version = int(form.version.data) if form.version.data.isdecimal() else 0
        services.save_identity(form.values(), version=version, by=current_user.name, now=utcnow())
    except Refusal as refusal:
        form.refuse(refusal)
        return render("legal/identity.html", form=form, status=refusal.status)
    flash(_("Saved. It stands in the foot of every page now."), "ok")
    return see_other(url_for("legal.overview"))


@bp.get("/operator/legal/<kind>/<language>")
@allow(OPERATOR)
def editions(kind: str, language: str) -> ResponseReturnValue:
    found = queries.editions(*_checked(kind, language))
    counts = db.session.execute(
        select(Acceptance.text_id, func.count().label("number"))
        .where(Acceptance.text_id.in_([text.id for text in found]))
        .group_by(Acceptance.text_id)
    )
    return render(
        "legal/editions.html",
        kind=LegalKind(kind),
        language_code=language,
        language_name=LANGUAGE_NAMES[language],
        editions=found,
        draft=next((text for text in found if text.published_at is None), None),
        accepted={row.text_id: row.number for row in counts},
        now=utcnow(),
    )


@bp.post("/operator/legal/<kind>/<language>/drafts")
@allow(OPERATOR)
def begin_draft(kind: str, language: str) -> ResponseReturnValue:
    row = services.begin_draft(*_checked(kind, language), now=utcnow())
    return see_other(url_for("legal.draft", public_id=row.public_id))


@bp.get("/operator/legal/drafts/<public_id>")
@allow(OPERATOR)
def draft(public_id: str) -> ResponseReturnValue:
    row = _draft(public_id)
    day = row.valid_from.astimezone(_zone()).date() if row.valid_from else None
    form = DraftForm(formdata=None, body=row.body, valid_from=day, version=str(row.version))
    return _editor(row, form)


@bp.post("/operator/legal/drafts/<public_id>")
@allow(OPERATOR)
def save_draft(public_id: str) -> ResponseReturnValue:
    form = DraftForm()
    row = _draft(public_id)
    if not form.validate():
        return _editor(row, form, status=422)
    try:
        _save(row, form)
    except Refusal as refusal:
        form.refuse(refusal)
        return _editor(row, form, status=refusal.status)
    flash(_("The draft is saved. Nobody but the operators sees it yet."), "ok")
    return see_other(url_for("legal.draft", public_id=public_id))


@bp.post("/operator/legal/drafts/<public_id>/publications")
@allow(OPERATOR)
def publish(public_id: str) -> ResponseReturnValue:
    """What stands in the form is saved and published in one."""
    form = DraftForm()
    row = _draft(public_id)
    if not form.validate():
        return _editor(row, form, status=422)
    try:
        _save(row, form)
        db.session.flush()
        services.publish(row, by=current_user.name, now=utcnow())
    except Refusal as refusal:
        rollback()
        form.refuse(refusal)
        return _editor(_draft(public_id), form, status=refusal.status)
    flash(_("Edition %(number)s is published.", number=row.edition), "ok")
    return see_other(url_for("legal.editions", kind=row.kind, language=row.language))


@bp.post("/operator/legal/drafts/<public_id>/removals")
@allow(OPERATOR)
def drop_draft(public_id: str) -> ResponseReturnValue:
    row = _draft(public_id)
    back = url_for("legal.editions", kind=row.kind, language=row.language)
    services.drop_draft(row)
    flash(_("The draft is removed."), "ok")
    return see_other(back)


def _save(row: LegalText, form: DraftForm) -> None:
    version = int(form.version.data) if form.version.data.isdecimal() else 0
    valid_from = day_as_instant(form.day(), _zone())
    services.save_draft(row, body=form.body.data or "", valid_from=valid_from, version=version)


def _editor(row: LegalText, form: DraftForm, *, status: int = 200) -> ResponseReturnValue:
    return render(
        "legal/draft.html",
        text=row,
        form=form,
        language_name=LANGUAGE_NAMES[row.language],
        shown=clean(form.body.data or ""),
        zone=str(_zone()),
        status=status,
    )


def _draft(public_id: str) -> LegalText:
    row = db.session.scalar(
        select(LegalText).where(LegalText.public_id == public_id, LegalText.published_at.is_(None))
    )
    return row or abort(404)


def _checked(kind: str, language: str) -> tuple[LegalKind, str]:
    if kind not in set(LegalKind) or language not in LANGUAGES:
        abort(404)
    return LegalKind(kind), language


def _zone() -> ZoneInfo:
    """A day begins where the operator is."""
    with unscoped("the operator's time zone"):
        found = db.session.scalar(
            select(Organisation.time_zone)
            .where(Organisation.kind == OrganisationKind.OPERATOR)
            .order_by(Organisation.id)
            .limit(1)
        )
    return ZoneInfo(found or "UTC")
