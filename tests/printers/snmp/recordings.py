"""Where the recordings of real printers lie. They are not part of this repository."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FOLDER = Path(os.environ.get("PRINTER_RECORDINGS", ROOT.parent / "shared" / "data" / "snmprec"))

needs_recordings = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="no recordings: set PRINTER_RECORDINGS to a folder of .snmprec files",
)


def all_names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.snmprec")) if FOLDER.is_dir() else []
