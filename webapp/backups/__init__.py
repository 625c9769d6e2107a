"""Backups: made daily, encrypted, verified, restored (Q-12); what watches them and the certificate (P-44)."""

from flask import Flask


def init_app(app: Flask) -> None:
    from flask_babel import lazy_gettext as _

    from webapp.alarms import portal
    from webapp.backups import jobs, records, watching  # noqa: F401 - sweeps register themselves
    from webapp.backups.cli import backup
    from webapp.backups.routes import bp
    from webapp.core.navigation import Place, register

    app.register_blueprint(bp)
    app.cli.add_command(backup)
    portal.watch_also(watching.look_at_backups, watching.look_at_certificate)
    register(Place("operator", _("Backups"), "backups.backups", "download", order=60))
