"""The area of those who run the portal: news, notices, work that is due, budgets, seeing as (P-36)."""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.core import announcements
    from webapp.operator import events, gauges, tiles  # noqa: F401 - they register themselves
    from webapp.operator.navigation import register_places
    from webapp.operator.news import home_news
    from webapp.operator.notices import status_notices
    from webapp.operator.routes import bp

    app.register_blueprint(bp)
    register_places()
    announcements.register("home", home_news)
    announcements.register("status", status_notices)
