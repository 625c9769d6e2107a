"""Help: one page a topic in seven languages, found from the pages that it is about, judged by its readers (P-39)."""

from flask import Flask


def init_app(app: Flask) -> None:
    from flask_babel import lazy_gettext as _

    from webapp.core.navigation import Place, register
    from webapp.help.routes import bp, help_url

    app.register_blueprint(bp)
    app.jinja_env.globals["help_url"] = help_url
    register(Place("operator", _("Help pages"), "help.votes", "help", order=75))
