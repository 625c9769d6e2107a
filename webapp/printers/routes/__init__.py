"""The administrator's side of printers: requests, printers, panic buttons, labels."""

from webapp.printers.routes import (
    buttons,
    content,
    domains,
    erasure,
    labels,
    letters,
    printers,
    reading,
    readings,
    reasons,
    requests,
    statistics,
)
from webapp.printers.routes.blueprint import bp

__all__ = [
    "bp",
    "buttons",
    "content",
    "domains",
    "erasure",
    "labels",
    "letters",
    "printers",
    "reading",
    "readings",
    "reasons",
    "requests",
    "statistics",
]
