"""What concerns a person: the bell in the head, the page behind it, mails of those kinds one wants mails of (P-37)."""

from flask import Flask


def init_app(app: Flask) -> None:
    from flask_babel import lazy_gettext as _

    from webapp.core.navigation import Place, register
    from webapp.notices import jobs, standard  # noqa: F401 - they register themselves
    from webapp.notices.routes import bp

    app.register_blueprint(bp)
    register(Place("me", _("Notifications"), "notices.notifications", "bell", order=15))
