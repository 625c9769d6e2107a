"""What all equipment shares: identity, owner, credential, last seen."""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.devices import models

    app.extensions["device_kinds"] = tuple(models.DeviceKind)
