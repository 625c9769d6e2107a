"""Shapes of what is entered about organisations, people and rights."""
