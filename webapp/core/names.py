"""People's order of names, made in Python: the database sorts by code point (decision 15)."""

import unicodedata


def sort_name(name: str) -> str:
    """How people look it up: without accents and case."""
    bare = unicodedata.normalize("NFKD", name)
    return "".join(c for c in bare if not unicodedata.combining(c)).casefold()
