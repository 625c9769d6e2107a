"""The administrator's side of printers: requests, printers, panic buttons, labels."""

from webapp.printers.routes import (
    buttons,
    labels,
    printers,
    reasons,
    requests,
    statistics,
)
from webapp.printers.routes.blueprint import bp

__all__ = ["bp", "buttons", "labels", "printers", "reasons", "requests", "statistics"]
