"""What all equipment shares: identity, owner, credential, last seen."""

from flask import Flask
from flask_babel import lazy_gettext as _


def init_app(app: Flask) -> None:
    from webapp.core.navigation import Place, register
    from webapp.devices import (
        messages,
        models,
        presence,  # noqa: F401 - its sweep registers itself
        public,
        replacement_pages,  # noqa: F401 - adds to the blueprint
        support,
    )
    from webapp.devices.routes import bp
    from webapp.orgs.permissions import Permission

    app.extensions["device_kinds"] = tuple(models.DeviceKind)
    app.register_blueprint(bp)
    app.register_blueprint(public.bp)
    app.register_blueprint(support.bp)
    messages.init_app(app)
    place = Place(
        "organisation",
        _("Enrolment tokens"),
        "devices.enrolment_tokens",
        "key",
        Permission.ENROLMENT_READ,
        order=60,
    )
    register(place)
