"""Language and theme: what a visitor chooses before and after signing in."""

from __future__ import annotations

from flask import Blueprint, Flask, abort, has_request_context, request
from flask import session as cookie
from flask_babel import Babel
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.core.access import PUBLIC, allow
from webapp.core.web import local_target, see_other
from webapp.settings import LANGUAGES

THEMES = ("system", "light", "dark")
LANGUAGE_NAMES = {
    "en": "English",
    "fr": "Français",
    "de": "Deutsch",
    "it": "Italiano",
    "es": "Español",
    "pl": "Polski",
    "sv": "Svenska",
}

bp = Blueprint("core", __name__)
babel = Babel()


def init_app(app: Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "../translations"
    babel.init_app(app, locale_selector=language)
    app.register_blueprint(bp)


def language() -> str:
    """The user's language, else the one chosen in this browser, else the browser's, else English."""
    if not has_request_context():
        return "en"
    own = getattr(current_user, "language", None) if current_user else None
    chosen = own or cookie.get("language")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES, "en")


def theme() -> str:
    chosen = request.cookies.get("theme", "system")
    return chosen if chosen in THEMES else "system"


@bp.post("/preferences/language", endpoint="language")
@allow(PUBLIC)
def language_choice() -> Response:
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        abort(400)
    cookie["language"] = chosen
    if current_user.is_authenticated:
        current_user.language = chosen
    return _back()


@bp.post("/preferences/theme", endpoint="theme")
@allow(PUBLIC)
def theme_choice() -> Response:
    chosen = request.form.get("theme", "")
    if chosen not in THEMES:
        abort(400)
    response = _back()
    response.set_cookie(
        "theme", chosen, max_age=365 * 86400, samesite="Lax", secure=request.is_secure
    )
    return response


def _back() -> Response:
    return see_other(local_target(request.form.get("next"), "/"))
