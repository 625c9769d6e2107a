"""Printers from a CSV file: read, show every line's verdict, and make them only when somebody confirms.

A file with columns named in any of the portal's languages, or by the fields' English names. The general import
engine (P-42) replaces this package; its table of drafts goes with it.
"""

from webapp.printers.imports.services import confirm, keep_draft, recheck

__all__ = ["confirm", "keep_draft", "recheck"]
