"""Printer codes: eight characters that bind a serial number to a printer. Kept as HMAC, and sealed for its label."""

from __future__ import annotations

from webapp.core.crypto import code_digest, seal, unseal
from webapp.core.db import random_code
from webapp.printers.models import Printer

LENGTH = 8


def give_new_code(printer: Printer) -> str:
    """Replace the code; the old one is no good from the commit on."""
    code = random_code(LENGTH)
    printer.code_digest = digest_of(code)
    printer.code_sealed = seal(code.encode(), context=_context(printer))
    return code


def code_of(printer: Printer) -> str:
    """The code for the admin's page and label, as `ABCD-EFGH`."""
    code = unseal(printer.code_sealed, context=_context(printer)).decode()
    return f"{code[:4]}-{code[4:]}"


def digest_of(typed: str) -> bytes:
    """Case, blanks and dashes do not matter."""
    plain = "".join(c for c in typed.upper() if c.isalnum())
    return code_digest(plain, purpose="printer-code")


def _context(printer: Printer) -> str:
    return f"printers/{printer.public_id}/code"
