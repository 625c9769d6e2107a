"""The blueprint, and what its routes share."""

from __future__ import annotations

from flask import Blueprint, Response, g

from webapp.core.headers import PREVIEW_CSP

bp = Blueprint("mailing", __name__, url_prefix="/o/<org>/mail")


@bp.url_defaults
def _same_organisation(_endpoint: str, values: dict[str, object]) -> None:
    if "organisation" in g:
        values.setdefault("org", g.organisation.public_id)


def previewed(html: str) -> Response:
    """The HTML of a mail, alone in a frame and without any right of its own."""
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = PREVIEW_CSP
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response
