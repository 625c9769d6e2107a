"""The audit log and its chain."""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.audit import cli, log

    log.init_app(app)
    cli.init_app(app)
