"""The JSON API for programs: tokens, what all its endpoints share, the page that explains it.

An endpoint of a trade lives in the trade (`webapp/<trade>/api.py`) under `@allow(ApiToken(Permission.…))`.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    from flask_babel import lazy_gettext as _

    from webapp.api import reference, v1
    from webapp.api.routes import bp
    from webapp.core import budgets, navigation
    from webapp.orgs.permissions import Permission

    budgets.init_app(app)
    app.register_blueprint(bp)
    app.register_blueprint(v1.bp)
    app.register_blueprint(reference.bp)
    navigation.register(
        navigation.Place(
            "organisation", _("API tokens"), "api.tokens", "link", Permission.API_READ, order=70
        )
    )
