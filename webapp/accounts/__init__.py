"""People: signing in, passwords, sessions."""

from flask import Flask

from webapp.accounts import sessions


def init_app(app: Flask) -> None:
    from webapp.accounts.routes import bp

    sessions.init_app(app)
    app.register_blueprint(bp)
