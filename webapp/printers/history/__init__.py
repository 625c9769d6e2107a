"""Printers over time (B-13): curves, month statements, faults that open requests by themselves."""
