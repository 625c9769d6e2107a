"""`make check`: every check runs, the failed ones are named at the end."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
LOCKS = (
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-node.lock",
    "package-lock.json",
)
ADDRESS = re.compile(r"[a-z+]+://|--(?:extra-)?index-url|--find-links|\"resolved\"")
CODE = ("webapp", "simulators", "tests", "benchmarks", "bin", "wsgi.py")


def main() -> int:
    code = [name for name in CODE if (ROOT / name).exists()]
    commands = {
        "formatting": [str(BIN / "ruff"), "format", "--check", "--quiet", *code],
        "lint": [str(BIN / "ruff"), "check", "--quiet", *code],
        "types": [str(BIN / "mypy"), "--no-error-summary"],
        "layers": [str(BIN / "lint-imports"), "--no-logo"],
        "translations": [sys.executable, "bin/_translations.py", "check"],
    }
    results = {name: run(name, command) for name, command in commands.items()}
    results["templates"] = report("templates", template_faults())
    results["lock files"] = report("lock files", lock_faults())
    failed = [name for name, passed in results.items() if not passed]
    sys.stdout.write(f"failed: {', '.join(failed)}\n" if failed else "all checks passed\n")
    return 1 if failed else 0


def run(name: str, command: list[str]) -> bool:
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        sys.stdout.write(done.stdout + done.stderr)
    return said(name, done.returncode == 0, time.monotonic() - began)


def report(name: str, faults: list[str]) -> bool:
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    return said(name, not faults, 0.0)


def said(name: str, passed: bool, seconds: float) -> bool:
    sys.stdout.write(f"  {name:<14} {'ok' if passed else 'FAILED':<8} {seconds:6.1f} s\n")
    sys.stdout.flush()
    return passed


def template_faults() -> list[str]:
    """Templates that Jinja can't compile, with the filters and tests of the application itself."""
    from jinja2 import TemplateSyntaxError

    environment = jinja_environment()
    faults = []
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in {".html", ".txt"}:
            try:
                environment.compile(path.read_text(), filename=str(path))
            except TemplateSyntaxError as error:
                faults.append(f"{path.relative_to(ROOT)}:{error.lineno}: {error.message}")
    return faults


def jinja_environment() -> Environment:
    """Of an application that is put together but asks no server."""
    sys.path.insert(0, str(ROOT))
    from webapp import create_app
    from webapp.settings import from_environment

    environ = {
        "OUTPOST_ENV": "test",
        "BASE_URL": "http://localhost",
        "DATABASE_URL": "postgresql+psycopg://nobody@/nothing?host=/nonexistent",
        "REDIS_URL": "unix:///nonexistent/redis.sock",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "CODE_PEPPER": secrets.token_urlsafe(48),
    }
    return create_app(from_environment(environ)).jinja_env


def lock_faults() -> list[str]:
    """Lock files pin by checksum; where packages come from is each machine's own affair."""
    faults = []
    for name in LOCKS:
        for number, line in enumerate((ROOT / name).read_text().splitlines(), 1):
            if ADDRESS.search(line):
                faults.append(f"{name}:{number}: names an address: {line.strip()[:80]}")
    return faults


if __name__ == "__main__":
    sys.exit(main())
