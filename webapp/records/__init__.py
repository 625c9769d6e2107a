"""What the portal keeps, how long, and how it leaves or goes: retention, exports, erasure (P-17, P-30, Q-22).

A package says it of its own tables in `<package>/records.py`; this one finds them and does the work.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.records import export_work, jobs, standard  # noqa: F401 - they register themselves
    from webapp.records.routes import bp

    for package in iter_modules([str(Path(__file__).parents[1])]):
        name = f"webapp.{package.name}.records"
        if package.ispkg and package.name != "records" and find_spec(name):
            import_module(name)
    app.register_blueprint(bp)
