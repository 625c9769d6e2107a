"""Alarms of all trades and of the portal itself: conditions that open and close (P-44, docs/alarms.md)."""

from flask import Flask


def init_app(app: Flask) -> None:
    from flask_babel import lazy_gettext as _

    from webapp.alarms import (  # noqa: F401 - sweeps, kinds and pages register themselves
        jobs,
        maintenance_pages,
        portal,
        setting_pages,
    )
    from webapp.alarms.routes import bp
    from webapp.alarms.tiles import alarm_tile
    from webapp.core import tiles
    from webapp.core.navigation import Place, register
    from webapp.orgs.permissions import Permission

    app.register_blueprint(bp)
    tiles.register("alarms", alarm_tile, order=5)
    register(
        Place("top", _("Alarms"), "alarms.alarms", "alarm", Permission.ALARMS_READ, order=20),
        Place("operator", _("Alarms of the portal"), "alarms.operator_alarms", "alarm", order=30),
    )
