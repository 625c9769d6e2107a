"""Files on their way into the portal: map columns, look at every verdict, commit, undo (P-42, decision 16).

A package adds what it can import as a subject (`imports.subjects`); docs/imports.md says how.
"""

from flask import Flask
from flask_babel import lazy_gettext as _


def init_app(app: Flask) -> None:
    from webapp.core import navigation
    from webapp.imports import checking, committing, jobs, undoing  # noqa: F401 - long work
    from webapp.imports.routes import bp
    from webapp.imports.subjects import register
    from webapp.imports.users import Users
    from webapp.orgs.permissions import Permission

    app.register_blueprint(bp)
    register(Users())
    navigation.register(
        navigation.Place(
            "organisation",
            _("Imports"),
            "imports.imports",
            "upload",
            Permission.USERS_EDIT,
            order=72,
        )
    )
