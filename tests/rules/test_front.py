"""What holds for all templates, sheets and scripts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(
    path
    for path in (ROOT / "templates").rglob("*.html")
    if "emails" not in path.relative_to(ROOT).parts
)
MODULES = sorted((ROOT / "static/js").glob("*.js"))
SHEETS = ROOT / "static/css"


def test_templates_have_no_inline_style_or_script() -> None:
    """The content security policy would refuse them silently."""
    forbidden = re.compile(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)|javascript:")
    found = [
        f"{path.relative_to(ROOT)}: {match.group().strip()}"
        for path in TEMPLATES
        for match in forbidden.finditer(path.read_text())
    ]
    assert found == []


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    names = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/img/icons.svg").read_text()))
    named = re.compile(r"""(?:\bicon\(|\bicon=|["']icon["']: )["']([a-z-]+)["']""")
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in TEMPLATES
        for name in named.findall(path.read_text())
        if name not in names
    ]
    assert missing == []


def test_scripts_are_small_and_all_are_loaded() -> None:
    lines = {path.name: len(path.read_text().splitlines()) for path in MODULES}
    assert {name: n for name, n in lines.items() if n > 60} == {}
    assert sum(lines.values()) < 600
    loaded = set(re.findall(r'"\./([a-z]+\.js)"', "".join(p.read_text() for p in MODULES)))
    assert loaded == set(lines) - {"outpost.js"}


def test_the_manifest_names_every_sheet_of_the_portal() -> None:
    named = (SHEETS / "manifest.txt").read_text().split()
    standing_alone = {"panic.css"}
    assert sorted(named) == sorted({path.name for path in SHEETS.glob("*.css")} - standing_alone)
    assert named[0] == "layers.css"


def test_dark_is_the_same_whether_chosen_or_by_the_system() -> None:
    """The names stand twice, once for each way into the dark; they must not drift apart."""
    text = (SHEETS / "tokens.css").read_text()
    blocks = re.findall(
        r":root(?::not\(\[data-theme=light\]\)|\[data-theme=dark\]) \{(.*?)\}", text, re.DOTALL
    )
    by_system, by_choice = (re.sub(r"\s+", " ", block) for block in blocks)
    assert by_system == by_choice


@pytest.mark.parametrize("theme", ["hex", "light", "dark"])
def test_every_theme_names_the_same_colours(theme: str) -> None:
    text = (SHEETS / "tokens.css").read_text()
    blocks = re.findall(r":root[^{]*\{([^{}]*)\}", text)
    colours = {"hex": blocks[0], "light": blocks[1], "dark": blocks[2]}
    roles = re.compile(r"--([a-z0-9-]+): (?:#|oklch)")
    assert roles.findall(colours[theme]) == roles.findall(blocks[1])


def test_only_declared_tokens_are_used() -> None:
    sheets = "".join(path.read_text() for path in SHEETS.glob("*.css"))
    used = set(re.findall(r"var\(--([a-z0-9-]+)", sheets))
    declared = set(re.findall(r"--([a-z0-9-]+):", sheets))
    assert used - declared == set()


def test_the_panel_sheet_works_on_old_browsers() -> None:
    """No custom properties, layers, grid or flex: embedded browsers of printers are old."""
    text = (SHEETS / "panic.css").read_text()
    assert re.findall(r"var\(|@layer|oklch|: (?:flex|grid)|:is\(|:has\(|rem\b|clamp\(", text) == []


@pytest.mark.parametrize("state", ["", "-warning", "-alarm", "-offline"])
def test_the_page_icon_is_drawn_for_every_state(state: str) -> None:
    assert (ROOT / f"static/img/favicon{state}.svg").read_text().startswith("<svg")
