"""Meters with keys from files: subjects of the import engine (K-4, P-42).

*Deliveries* are the operator's, for an organisation; *own meters* an organisation brings in itself, claimed at once.
"""

from webapp.meters.imports.subjects import Deliveries, OwnMeters

__all__ = ["Deliveries", "OwnMeters"]
