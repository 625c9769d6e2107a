"""The administrator's side of printers: requests, printers, panic buttons, labels."""

from webapp.printers.routes import (
    buttons,
    erasure,
    labels,
    printers,
    reasons,
    requests,
    statistics,
)
from webapp.printers.routes.blueprint import bp

__all__ = ["bp", "buttons", "erasure", "labels", "printers", "reasons", "requests", "statistics"]
