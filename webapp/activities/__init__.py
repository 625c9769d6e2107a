"""Long work as people see it: what runs for them, how far it is, and the files it made (Q-33)."""

from flask import Flask
from flask_babel import lazy_gettext as _

from webapp.core import navigation


def init_app(app: Flask) -> None:
    from webapp.activities import ending  # noqa: F401 - listens
    from webapp.activities.routes import bp

    app.register_blueprint(bp)
    navigation.register(
        navigation.Place("organisation", _("Activity"), "activities.activities", "clock", order=70),
        navigation.Place(
            "organisation", _("My downloads"), "activities.downloads", "download", order=71
        ),
    )
