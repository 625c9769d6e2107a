"""The blueprint, and what its routes share."""

from __future__ import annotations

from flask import Blueprint, abort
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.core.db import db
from webapp.operator.forms import WordedForm
from webapp.operator.models import News, Notice
from webapp.orgs.models import Organisation, OrganisationKind

bp = Blueprint("operator", __name__, url_prefix="/operator")


def organisation_or_404(public_id: str) -> Organisation:
    """Any organisation; only behind `OPERATOR`."""
    row = db.session.scalar(select(Organisation).where(Organisation.public_id == public_id))
    return row or abort(404)


def own_organisation() -> Organisation:
    """The operator's: its time zone is that of the area's forms, its documents are the system's."""
    return db.session.scalars(
        select(Organisation)
        .where(Organisation.kind == OrganisationKind.OPERATOR)
        .order_by(Organisation.id)
        .limit(1)
    ).first() or abort(404)


def stale(form: WordedForm, row: News | Notice) -> bool:
    """Whether somebody saved the row since the form was filled; the form says so then."""
    if form.version.data == str(row.version):
        return False
    words = _(
        "Somebody changed this while you were editing. Load the page anew and repeat your change."
    )
    form.form_errors.append(words)
    return True
