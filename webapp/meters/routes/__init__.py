"""Meters as an organisation sees them. Each module registers its views at the blueprint."""

from webapp.meters.routes import (
    batch_drafts,
    batches,
    claims,
    downloads,
    keys,
    labels,
    meters,
    ownership,
    proving,
    public_keys,
)
from webapp.meters.routes.blueprint import bp

__all__ = [
    "batch_drafts",
    "batches",
    "bp",
    "claims",
    "downloads",
    "keys",
    "labels",
    "meters",
    "ownership",
    "proving",
    "public_keys",
]
