"""What a page says, and the tool that keeps the catalogues."""

from __future__ import annotations

import importlib.util
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
SPOKEN = ("aria-label", "title", "placeholder", "alt")
SILENT = {"script", "style", "code", "kbd", "pre", "samp"}


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations", ROOT / "bin/_translations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = _tool()


class Visible(HTMLParser):
    """(line, text) of what a page shows or speaks: text between tags, and names in attributes."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self.silent = 0
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        line = self.getpos()[0]
        self.found += [(line, value) for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append((self.getpos()[0], " ".join(data.split())))
