"""Printers: the panic button.

An office printer carries an app with one purpose: something is wrong, call for help, with all that the
technician needs to know already filled in. Wire contract: docs/protocols/printers.md.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.printers.cli import printers
    from webapp.printers.device_api import bp as device_bp
    from webapp.printers.panic.routes import bp as panic_bp

    app.register_blueprint(device_bp)
    app.register_blueprint(panic_bp)
    app.cli.add_command(printers)
