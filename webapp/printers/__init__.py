"""Printers: the panic button.

An office printer carries an app with one purpose: something is wrong, call for help, with all that the
technician needs to know already filled in. Wire contract: docs/protocols/printers.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Nothing is imported before: the site agent, which is below this package, runs without Flask."""
    from webapp.core import tiles
    from webapp.devices import replacing, technical
    from webapp.imports.subjects import register as register_import
    from webapp.printers import words
    from webapp.printers.agents import device_api as _agents  # noqa: F401 - it fills the blueprint
    from webapp.printers.api import bp as api_bp
    from webapp.printers.cli import printers
    from webapp.printers.device_api import bp as device_bp
    from webapp.printers.domains import jobs as domain_jobs  # noqa: F401 - it registers itself
    from webapp.printers.history import statements as _statements  # noqa: F401 - registers itself
    from webapp.printers.imports import Printers
    from webapp.printers.panic import files, routes  # noqa: F401 - they fill the blueprint
    from webapp.printers.panic.blueprint import bp as panic_bp
    from webapp.printers.polling import drain as _drain  # noqa: F401 - registers itself
    from webapp.printers.polling import searching as _searching  # noqa: F401
    from webapp.printers.polling import words as reading_words
    from webapp.printers.replacing import TRADE
    from webapp.printers.routes import bp as admin_bp
    from webapp.printers.technical import printers as technical_source
    from webapp.printers.tiles import printer_tile

    app.register_blueprint(device_bp)
    app.register_blueprint(api_bp)
    app.register_blueprint(panic_bp)
    app.register_blueprint(admin_bp)
    app.cli.add_command(printers)
    app.jinja_env.globals["printer_words"] = words
    app.jinja_env.globals["printer_reading"] = reading_words
    tiles.register("printers", printer_tile, order=50)
    technical.register("printers", technical_source, order=50)
    replacing.register(TRADE)
    register_import(Printers())
    _register_places()
    _register_device_page()


def _register_places() -> None:
    from flask_babel import lazy_gettext as _

    from webapp.core.navigation import Place, register
    from webapp.orgs.permissions import Permission

    register(
        Place(
            "printers",
            _("Requests"),
            "printers.requests",
            "bell",
            Permission.PRINTER_REQUESTS_READ,
            order=10,
        ),
        Place(
            "printers",
            _("Printers"),
            "printers.printers",
            "printer",
            Permission.PRINTERS_READ,
            order=20,
        ),
        Place(
            "printers",
            _("Panic buttons"),
            "printers.buttons",
            "alarm",
            Permission.PRINTERS_READ,
            order=30,
        ),
    )


def _register_device_page() -> None:
    from flask_babel import lazy_gettext as _

    from webapp.devices.models import DeviceKind
    from webapp.devices.pages import DevicePage, register_page
    from webapp.orgs.permissions import Permission
    from webapp.printers.agents.services import LOST_AFTER as AGENT_LOST_AFTER
    from webapp.printers.readings import LOST_AFTER

    register_page(
        DevicePage(
            DeviceKind.PRINTER,
            _("Printer"),
            "printer",
            Permission.PRINTERS_READ,
            "printers.printer",
            LOST_AFTER,
        )
    )
    register_page(
        DevicePage(
            DeviceKind.PRINTER_AGENT,
            _("Site agent"),
            "screen",
            Permission.PRINTERS_READ,
            "printers.agent",
            AGENT_LOST_AFTER,
        )
    )
