"""Organisations, memberships, roles, and users as an administrator sees them."""

from flask import Flask
from sqlalchemy.exc import InternalError

from webapp.mail.standard import CONFIRM_EMAIL, FIRST_PASSWORD, INVITATION
from webapp.mail.types import renewed_by


def init_app(app: Flask) -> None:
    from webapp.orgs import events, jobs, navigation, trades, words  # noqa: F401 - they register themselves
    from webapp.orgs.cli import users
    from webapp.orgs.routes import bp
    from webapp.orgs.seeing import answer_read_only
    from webapp.orgs.services.invitations import renew_invitation
    from webapp.orgs.services.people import renew_first_password
    from webapp.orgs.services.sign_ups import renew_confirmation

    app.register_blueprint(bp)
    app.register_error_handler(InternalError, answer_read_only)
    words.init_app(app)
    trades.init_app(app)
    renewed_by(FIRST_PASSWORD, renew_first_password)
    renewed_by(CONFIRM_EMAIL, renew_confirmation)
    renewed_by(INVITATION, renew_invitation)
    app.cli.add_command(users)
