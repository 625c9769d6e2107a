"""Organisations, memberships, roles, and users as an administrator sees them."""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.orgs.routes import bp

    app.register_blueprint(bp)
