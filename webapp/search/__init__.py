"""One search over every device, person and organisation in reach (P-34)."""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.search.routes import bp

    app.register_blueprint(bp)
