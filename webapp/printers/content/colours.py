"""The four colours of a button's pages, and whether people can read what stands in them (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.core.errors import Refusal

DEFAULT_COLOURS: Final = {
    "surface": "#f2f5f7",
    "ink": "#162330",
    "accent": "#005d5b",
    "on_accent": "#ffffff",
}
NAMES: Final = {
    "surface": _l("Background"),
    "ink": _l("Text"),
    "accent": _l("Bar and main button"),
    "on_accent": _l("Text on bar and button"),
}
PAIRS: Final = (("ink", "surface"), ("on_accent", "accent"))
LEAST_CONTRAST: Final = 4.5
HEX: Final = re.compile(r"#[0-9a-f]{6}")
_SHEET: Final = re.compile(r"[0-9a-f]{6}(?:-[0-9a-f]{6}){3}")


def with_defaults(colours: Mapping[str, str]) -> dict[str, str]:
    """All four; what is missing or no colour is the default."""
    return {
        name: colours[name] if HEX.fullmatch(colours.get(name, "")) else default
        for name, default in DEFAULT_COLOURS.items()
    }


def own_only(colours: Mapping[str, str]) -> dict[str, str]:
    """What differs from the default; nothing when nothing does."""
    return {n: c for n, c in colours.items() if c != DEFAULT_COLOURS[n]}


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def check_contrast(colours: Mapping[str, str]) -> None:
    """Raise `Refusal` naming the first pair that can't be read well."""
    for front, back in PAIRS:
        found = contrast(colours[front], colours[back])
        if found < LEAST_CONTRAST:
            words = _(
                "“%(front)s” on “%(back)s” (%(one)s on %(other)s) has a contrast of %(found)s:1. At least 4.5:1 "
                "is needed to be read at a printer: make one darker or the other lighter.",
                front=NAMES[front],
                back=NAMES[back],
                one=colours[front],
                other=colours[back],
                found=f"{int(found * 10) / 10:.1f}",
            )
            raise Refusal(words, field=front)


def sheet_name(colours: Mapping[str, str]) -> str | None:
    """What names the sheet of these colours: the colours themselves. None where all are the default."""
    own = own_only(with_defaults(colours))
    if not own:
        return None
    return "-".join(c[1:] for c in with_defaults(colours).values())


def sheet(name: str) -> str | None:
    """The sheet of that name, for old browsers: plain rules. None when the name holds no four colours."""
    if not _SHEET.fullmatch(name):
        return None
    surface, ink, accent, on_accent = (f"#{part}" for part in name.split("-"))
    return (
        f"body {{ background: {surface}; color: {ink}; }}\n"
        f".page h1, .page p, .hint, label.name {{ color: {ink}; }}\n"
        f".top, .go {{ background: {accent}; color: {on_accent}; border-color: {accent}; }}\n"
        f".languages .chosen, .reason input:checked + span, .big .number {{ border-color: {accent}; }}\n"
        ".page p.number { color: #162330; }\n"
    )


def _luminance(colour: str) -> float:
    """Relative luminance of sRGB."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
