"""What the audit log says of meters and keys. Never a key's value."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent, name_objects


class MeterEvent(AuditEvent):
    DELIVERED = "meters:delivery:committed", _("Meters delivered")
    DELIVERY_UNDONE = "meters:delivery:undone", _("Delivery undone")
    IMPORTED = "meters:device:imported", _("Meters with keys imported")
    TYPE_CREATED = "meters:product_type:created", _("Product type created")
    TYPE_CHANGED = "meters:product_type:changed", _("Product type changed")
    MAKER_CREATED = "meters:maker:created", _("Maker created")
    MAKER_CHANGED = "meters:maker:changed", _("Maker changed")
    CLAIMED = "meters:device:claimed", _("Meters claimed")
    CLAIM_REFUSED = "meters:device:claim_refused", _("Claim refused")
    LEFT = "meters:device:left", _("Meters left to another organisation")
    LABELLED = "meters:device:labelled", _("Meters labelled")
    LABEL_CHANGED = "meters:label:changed", _("Label changed")
    LABEL_DELETED = "meters:label:deleted", _("Label deleted")
    KEY_EXCHANGED = "meters:key:exchanged", _("Exchange of a key recorded")
    KEY_RESET = "meters:key:reset", _("Key reset to the initial one")
    KEYS_CHECKED = "meters:key:checked", _("Keys checked for weakness")
    FINDING_DISMISSED = "meters:key:finding_dismissed", _("Warning about a key dismissed")
    BATCH_CREATED = "meters:batch:created", _("Batch created")
    BATCH_WITHDRAWN = "meters:batch:withdrawn", _("Batch withdrawn")
    BATCH_TAKEN = "meters:batch:taken", _("Batch taken over")
    OWNERSHIP_ASKED = "meters:batch:ownership_asked", _("Ownership asked for")
    OWNERSHIP_CONFIRMED = "meters:batch:ownership_confirmed", _("Ownership confirmed")
    OWNERSHIP_REFUSED = "meters:batch:ownership_refused", _("Ownership refused")
    OWNERSHIP_WITHDRAWN = "meters:batch:ownership_withdrawn", _("Request for ownership withdrawn")
    KEYS_REVEALED = "meters:key:revealed", _("Keys downloaded")
    KEYS_REFUSED = "meters:key:refused", _("Download of keys refused")
    KEY_PROVED = "meters:key:proved", _("Key tried on a telegram")
    RECEIVER_KEY_ADDED = "meters:receiver_key:added", _("Public key deposited")
    RECEIVER_KEY_CHANGED = "meters:receiver_key:changed", _("Public key changed")
    RECEIVER_KEY_RETIRED = "meters:receiver_key:retired", _("Public key retired")
    KEYS_RESEALED = "meters:data_key:rotated", _("Data key of the organisation changed")


name_objects(
    {
        "meter": _("Meter"),
        "meters": _("Meters"),
        "product_type": _("Product type"),
        "maker": _("Maker"),
        "label": _("Label"),
        "delivery": _("Factory delivery"),
        "batch": _("Batch"),
        "receiver_key": _("Public key"),
        "data_key": _("Data key"),
    }
)
