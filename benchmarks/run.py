"""`make bench`: every benchmark in a process of its own; prints `name value unit`, one figure a line.

`python benchmarks/run.py pages lists` runs only these.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = (
    "pages",
    "lists",
    "catalogue",
    "signin",
    "mails",
    "audit",
    "webhooks",
    "search",
    "people",
    "imports",
    "snmp",
    "keys",
    "keys_import",
    "batches",
)
FIGURE = re.compile(r"[a-z0-9_]+ [0-9.]+ \S+")


def main(chosen: list[str]) -> int:
    failed = [name for name in chosen or BENCHMARKS if not _ran(name)]
    for name in failed:
        print(f"# {name} failed", file=sys.stderr)
    return 1 if failed else 0


def _ran(name: str) -> bool:
    """Run one benchmark and pass its figures on; everything else it says is left out."""
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if FIGURE.fullmatch(line):
            print(line, flush=True)
    if done.returncode:
        print(done.stderr[-3000:], file=sys.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
