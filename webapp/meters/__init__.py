"""Meter keys: keys of radio meters, from the maker down to whoever reads the meter, and who took them.

Wire contract: docs/protocols/meters.md. Tables: docs/data-model/meters.md.
"""

from flask import Flask
from flask_babel import lazy_gettext as _


def init_app(app: Flask) -> None:
    from webapp.imports import subjects as import_subjects
    from webapp.meters import keyring
    from webapp.meters.api import bp as api_bp
    from webapp.meters.cli import keys
    from webapp.meters.delivery_cli import meters
    from webapp.meters.imports import Deliveries, OwnMeters
    from webapp.meters.routes import bp
    from webapp.meters.routes.deliveries import bp as deliveries_bp
    from webapp.meters.sealed_running import bp as operations_bp

    keyring.init_app(app)
    import_subjects.register(OwnMeters())
    import_subjects.register(Deliveries())
    app.register_blueprint(bp)
    app.register_blueprint(deliveries_bp)
    app.register_blueprint(api_bp)
    app.register_blueprint(operations_bp)
    app.cli.add_command(keys)
    app.cli.add_command(meters)
    _register_catalogue(app)
    _register_places()
    _register_device_page()


def _register_catalogue(app: Flask) -> None:
    from webapp.core import tiles
    from webapp.meters import words
    from webapp.meters.routes.types import bp as types_bp
    from webapp.meters.tiles import meter_tile

    app.register_blueprint(types_bp)
    app.jinja_env.globals["meter_words"] = words
    tiles.register("meters", meter_tile, order=20)


def _register_places() -> None:
    from webapp.core.navigation import Place, register
    from webapp.orgs.permissions import Permission

    register(
        Place("meters", _("Meters"), "meters.meters", "key", Permission.METERS_READ, order=10),
        Place("operator", _("Product types"), "meter_types.types", "key", order=20),
        Place(
            "meters", _("Prove a key"), "meters.proof", "check", Permission.KEYS_DOWNLOAD, order=80
        ),
        Place(
            "meters",
            _("Public keys"),
            "meters.receiver_keys",
            "lock",
            Permission.KEYS_DOWNLOAD,
            order=90,
        ),
        Place("operator", _("Factory deliveries"), "deliveries.deliveries", "upload", order=30),
        Place("operator", _("Master keys"), "key_operations.overview", "lock", order=58),
        Place(
            "meters",
            _("Claim by label"),
            "meters.claim_label",
            "qr",
            Permission.METERS_CLAIM,
            order=20,
        ),
        Place(
            "meters", _("Batches"), "meters.batches", "tick-list", Permission.BATCHES_READ, order=30
        ),
        Place(
            "meters",
            _("Take ownership"),
            "meters.ownership",
            "swap",
            Permission.OWNERSHIP_TAKE,
            order=40,
        ),
    )


def _register_device_page() -> None:
    from webapp.devices.models import DeviceKind
    from webapp.devices.pages import DevicePage, register_page
    from webapp.orgs.permissions import Permission

    register_page(
        DevicePage(DeviceKind.METER, _("Meter"), "key", Permission.METERS_READ, "meters.meter")
    )
