"""What everybody may read: `/legal`, its texts with all their editions; and what one accepted oneself."""

from __future__ import annotations

from flask import Blueprint, abort, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.accounts.access import SIGNED_IN
from webapp.core.access import PUBLIC, allow
from webapp.core.clock import utcnow
from webapp.core.preferences import LANGUAGE_NAMES, language
from webapp.core.web import render
from webapp.legal import queries
from webapp.legal.models import LegalKind, LegalText

bp = Blueprint("legal_pages", __name__)


@bp.get("/legal")
@allow(PUBLIC)
def notice() -> ResponseReturnValue:
    now = utcnow()
    texts = queries.current_texts(LegalKind, language(), now)
    return render("legal/notice.html", identity=queries.identity(), texts=texts)


@bp.get("/legal/<kind>")
@allow(PUBLIC)
def text(kind: str) -> ResponseReturnValue:
    """The text in force in the visitor's language, else in one that there is, which is said."""
    row = queries.current_text(_kind(kind), language(), utcnow())
    if row is None:
        return render("legal/absent.html", label=_kind(kind).label, status=404)
    return _page(row)


@bp.get("/legal/<kind>/<language>/<int:edition>")
@allow(PUBLIC)
def edition(kind: str, language: str, edition: int) -> ResponseReturnValue:
    found = queries.published(_kind(kind), utcnow())
    row = next((t for t in found if (t.language, t.edition) == (language, edition)), None)
    return _page(row or abort(404))


def _page(row: LegalText) -> ResponseReturnValue:
    now = utcnow()
    others = queries.published(LegalKind(row.kind), now)
    current = queries.in_force(now).get((row.kind, row.language))
    return render(
        "legal/text.html",
        text=row,
        others=others,
        current=current,
        is_announced=row.valid_from is not None and row.valid_from > now,
        wanted=language(),
        languages_by_name=LANGUAGE_NAMES,
        back=url_for("legal_pages.notice"),
    )


def _kind(value: str) -> LegalKind:
    return LegalKind(value) if value in set(LegalKind) else abort(404)


@bp.get("/me/acceptances")
@allow(SIGNED_IN)
def acceptances() -> ResponseReturnValue:
    """What one accepted, when and from where."""
    return render("legal/acceptances.html", rows=queries.acceptances_of(current_user))
