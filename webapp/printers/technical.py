"""What printers and their app need of the network."""

from __future__ import annotations

from flask_babel import gettext as _

from webapp.devices.technical import Chapter, Flow, Portal


def printers(portal: Portal) -> Chapter:
    return Chapter(
        _("Printers"),
        [
            Flow(
                _("the app on the printer"),
                portal.host,
                portal.port,
                portal.protocol,
                _("panic button: launch, and the three pages it opens"),
            ),
            Flow(
                _("the app or collector"),
                _("the printers"),
                "161/udp",
                "SNMP v1, v2c, v3",
                _("serial number, counters, supplies, faults; stays within your network"),
            ),
        ],
        _("The portal never opens a connection into your network."),
    )
