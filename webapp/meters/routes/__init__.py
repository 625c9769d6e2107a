"""Meters as an organisation sees them. Each module registers its views at the blueprint."""

from webapp.meters.routes import meters
from webapp.meters.routes.blueprint import bp

__all__ = ["bp", "meters"]
