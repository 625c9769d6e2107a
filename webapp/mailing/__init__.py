"""Mails as an organisation sees them: what was sent, what waits, what failed."""

from flask import Flask
from flask_babel import lazy_gettext as _

from webapp.core import navigation
from webapp.orgs.permissions import Permission


def init_app(app: Flask) -> None:
    from webapp.mailing.routes import bp

    app.register_blueprint(bp)
    navigation.register(
        navigation.Place(
            "organisation", _("Mail"), "mailing.mails", "mail", Permission.MAIL_READ, order=60
        )
    )
