"""How meters' states are called."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.queries import actor_of as actor_of
from webapp.audit.queries import event_of as event_of
from webapp.meters import kinds, lint
from webapp.meters.models import BatchState, ClaimState, KeyOrigin, Medium, Radio

CLAIM_STATES = {
    ClaimState.UNCLAIMED: _("Unclaimed"),
    ClaimState.PENDING: _("Pending"),
    ClaimState.CLAIMED: _("Claimed"),
}

BATCH_STATES = {
    BatchState.OPEN: _("Open"),
    BatchState.PENDING: _("Waits for confirmation"),
    BatchState.TAKEN: _("Taken over"),
    BatchState.WITHDRAWN: _("Withdrawn"),
}

RADIOS = {
    Radio.LORAWAN: "LoRaWAN",
    Radio.WMBUS: _("Wireless M-Bus / OMS"),
    Radio.MBUS: _("M-Bus, wired"),
}

MEDIA = {
    Medium.WATER: _("Water"),
    Medium.HEAT: _("Heat"),
    Medium.COOLING: _("Cooling"),
    Medium.GAS: _("Gas"),
    Medium.ELECTRICITY: _("Electricity"),
    Medium.MODULE: _("Radio module"),
    Medium.OTHER: _("Other"),
}

ORIGINS = {
    KeyOrigin.DELIVERY: _("Factory delivery"),
    KeyOrigin.IMPORT: _("Import"),
    KeyOrigin.EXCHANGE: _("Exchange"),
    KeyOrigin.RESET: _("Reset"),
}

REVEAL_FORMS = {
    "api": _("By a program (API)"),
    "encrypted": _("Encrypted to a deposited key"),
}


def reveal_form(form: str) -> str:
    """In which form a key left: words for those that have some, else the format's own name."""
    return str(REVEAL_FORMS.get(form, form.replace("_", " ")))


KEY_NAMES = kinds.LABELS
SLOT_NAMES = kinds.SLOT_LABELS
FINDINGS = lint.LABELS
