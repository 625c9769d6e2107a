"""`make lock`: resolve all dependencies anew, by checksum and without addresses."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("requirements", "requirements-dev", "requirements-node")
OPTIONS = ("--upgrade", "--universal", "--python-version", "3.11", "--generate-hashes")
QUIET = ("--no-header", "--no-annotate", "--quiet", "--no-emit-index-url", "--no-emit-find-links")


def main() -> int:
    uv = shutil.which("uv")
    if uv is None:
        sys.stderr.write("make lock needs uv (a package of the Python package index).\n")
        return 1
    for part in PARTS:
        compiled = [uv, "pip", "compile", *OPTIONS, *QUIET, f"{part}.in", "-o", f"{part}.lock"]
        subprocess.run(compiled, cwd=ROOT, check=True)
    npm = ["npm", "install", "--package-lock-only", "--omit-lockfile-registry-resolved"]
    subprocess.run([*npm, "--ignore-scripts", "--no-audit", "--no-fund"], cwd=ROOT, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
