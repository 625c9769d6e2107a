"""Webhooks: what happens is told to other programs, signed. Contract: docs/protocols/webhooks.md."""

from flask import Flask


def init_app(app: Flask) -> None:
    from flask_babel import lazy_gettext as _

    from webapp.core import navigation
    from webapp.orgs.permissions import Permission
    from webapp.webhooks import drain  # noqa: F401 - registers drain and sweep
    from webapp.webhooks.routes import bp

    app.register_blueprint(bp)
    navigation.register(
        navigation.Place(
            "organisation",
            _("Webhooks"),
            "webhooks.webhooks",
            "upload",
            Permission.API_READ,
            order=75,
        )
    )
