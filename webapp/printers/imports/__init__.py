"""Printers from a file: a subject of the import engine (B-8)."""

from webapp.printers.imports.subject import Printers

__all__ = ["Printers"]
