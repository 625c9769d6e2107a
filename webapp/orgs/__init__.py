"""Organisations, memberships, roles, and users as an administrator sees them."""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.orgs import events, navigation, words  # noqa: F401 - they register themselves
    from webapp.orgs.cli import users
    from webapp.orgs.routes import bp

    app.register_blueprint(bp)
    words.init_app(app)
    app.cli.add_command(users)
