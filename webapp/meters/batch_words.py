"""How the faults of a check and the steps of a batch are called."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.meters.batches import Fault

FAULTS = {
    Fault.UNKNOWN: _("Unknown, or not yours"),
    Fault.DOUBLE: _("Named more than once; it goes along once"),
    Fault.HELD: _("In another open batch already"),
    Fault.PENDING: _("Waits for a confirmation of ownership"),
    Fault.SEVERAL: _("Several makers have this serial number: choose one"),
}

STEPS = {
    "created": _("Batch created"),
    "asked": _("Ownership asked for"),
    "confirmed": _("Ownership confirmed"),
    "refused": _("Ownership refused"),
    "withdrawn": _("Request withdrawn"),
    "taken": _("Taken over"),
    "batch_withdrawn": _("Batch withdrawn"),
}
