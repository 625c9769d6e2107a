"""The administrator's side of printers: requests, printers, panic buttons, labels."""

from webapp.printers.routes import (
    agents,
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
    statements,
    statistics,
)
from webapp.printers.routes.blueprint import bp

__all__ = [
    "agents",
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
    "statements",
    "statistics",
]
