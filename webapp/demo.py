"""`flask demo seed`: the people and things of a demonstration. Not part of a production portal."""

from __future__ import annotations

from flask import Flask
from flask.cli import AppGroup

demo = AppGroup("demo", help="Data for a demonstration; absent in production.")


def init_app(app: Flask) -> None:
    app.cli.add_command(demo)
