"""Who runs the portal, the legal texts by version and language, and who accepted which (P-40)."""

from flask import Flask


def init_app(app: Flask) -> None:
    from flask_babel import lazy_gettext as _

    from webapp.core.navigation import Place, register
    from webapp.legal import events, records  # noqa: F401 - they register themselves
    from webapp.legal.foot import legal_foot
    from webapp.legal.pages import bp as pages
    from webapp.legal.routes import bp as operator

    app.register_blueprint(pages)
    app.register_blueprint(operator)
    app.context_processor(legal_foot)
    register(Place("operator", _("Legal texts"), "legal.overview", "file", order=72))
