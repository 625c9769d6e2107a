"""Templates, placeholders, outbox."""

from flask import Flask


def init_app(app: Flask) -> None:
    from flask_babel import lazy_gettext as _

    from webapp.core import navigation
    from webapp.core.health import status_check
    from webapp.mail import drain, routes, smtp, standard, types  # noqa: F401 - drains, types register
    from webapp.mail.status import mail_part
    from webapp.orgs.permissions import Permission

    smtp.init_app(app, app.extensions["settings"])
    app.register_blueprint(routes.bp)
    navigation.register(
        navigation.Place(
            "organisation", _("Mail"), "mail.mails", "mail", Permission.MAIL_READ, order=60
        )
    )
    status_check(mail_part)
    types.check_defaults(app)
