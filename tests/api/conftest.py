"""Programs with tokens, and Acme's printers to talk about."""

from __future__ import annotations

from tests.api.programs import make_program, program
from tests.printers.conftest import acme

__all__ = ["acme", "make_program", "program"]
