"""Templates, placeholders, outbox."""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.core.health import status_check
    from webapp.mail import drain, operations, smtp, standard  # noqa: F401 - they register
    from webapp.mail.status import mail_part

    smtp.init_app(app, app.extensions["settings"])
    status_check(mail_part)
