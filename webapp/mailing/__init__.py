"""Mails as an organisation sees them: what was sent, what waits, what failed; and the templates of their texts."""

from flask import Flask
from flask_babel import lazy_gettext as _

from webapp.core import navigation
from webapp.orgs.permissions import Permission


def init_app(app: Flask) -> None:
    from webapp.mailing import routes  # noqa: F401 - routes register
    from webapp.mailing.blueprint import bp
    from webapp.mailing.templates import editor  # noqa: F401
    from webapp.mailing.templates import routes as _templates  # noqa: F401

    app.register_blueprint(bp)
    navigation.register(
        navigation.Place(
            "organisation", _("Mail"), "mailing.mails", "mail", Permission.MAIL_READ, order=60
        ),
        navigation.Place(
            "organisation",
            _("Mail templates"),
            "mailing.templates",
            "edit",
            Permission.MAIL_TEMPLATES_READ,
            order=61,
        ),
    )
