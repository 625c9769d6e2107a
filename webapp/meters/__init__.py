"""Meter keys: keys of radio meters, from the maker down to whoever reads the meter, and who took them.

Wire contract: docs/protocols/meters.md. Tables: docs/data-model/meters.md.
"""

from flask import Flask
from flask_babel import lazy_gettext as _


def init_app(app: Flask) -> None:
    from webapp.meters import keyring
    from webapp.meters.routes import bp

    keyring.init_app(app)
    app.register_blueprint(bp)
    _register_places()
    _register_device_page()


def _register_places() -> None:
    from webapp.core.navigation import Place, register
    from webapp.orgs.permissions import Permission

    register(
        Place("meters", _("Meters"), "meters.meters", "key", Permission.METERS_READ, order=10),
    )


def _register_device_page() -> None:
    from webapp.devices.models import DeviceKind
    from webapp.devices.pages import DevicePage, register_page
    from webapp.orgs.permissions import Permission

    register_page(
        DevicePage(DeviceKind.METER, _("Meter"), "key", Permission.METERS_READ, "meters.meter")
    )
