"""People: signing in, passwords, sessions."""

from flask import Flask

from webapp.accounts import sessions


def init_app(app: Flask) -> None:
    from webapp.accounts import routes

    sessions.init_app(app)
    app.register_blueprint(routes.bp)
