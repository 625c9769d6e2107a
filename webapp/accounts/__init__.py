"""People: signing in, passwords, sessions."""

from typing import Any

from flask import Flask, url_for
from flask_babel import gettext as _

from webapp.accounts import known_browsers, sessions
from webapp.mail.standard import CONFIRM_EMAIL, PASSWORD_RESET
from webapp.mail.types import renewed_by


def init_app(app: Flask) -> None:
    from webapp.accounts import (  # noqa: F401 - they register themselves
        email_pages,
        jobs,
        me,
        navigation,
        second_step_pages,
        two_factor_pages,
    )
    from webapp.accounts.email_changes import renew_confirmation
    from webapp.accounts.routes import bp
    from webapp.accounts.services import renew_reset

    sessions.init_app(app)
    known_browsers.init_app(app)
    app.register_blueprint(bp)
    renewed_by(PASSWORD_RESET, renew_reset)
    renewed_by(CONFIRM_EMAIL, renew_confirmation)
    app.context_processor(_account_menu)


def _account_menu() -> dict[str, Any]:
    return {
        "account_links": [
            (_("Profile"), url_for("accounts.profile"), "user"),
            (_("Password"), url_for("accounts.password"), "lock"),
            (_("Two-factor sign-in"), url_for("accounts.two_factor"), "phone"),
            (_("Sessions"), url_for("accounts.my_sessions"), "screen"),
        ],
        "sign_out_url": url_for("accounts.sign_out"),
    }
