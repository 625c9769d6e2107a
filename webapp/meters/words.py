"""How meters' states are called."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.meters.models import BatchState, ClaimState, Medium, Radio

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
