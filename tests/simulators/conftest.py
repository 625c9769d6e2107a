"""Outside judges: net-snmp's commands, and the recordings where they lie beside the repository."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.printer import Agent

RECORDINGS = Path(
    os.environ.get("OUTPOST_RECORDINGS")
    or Path(__file__).parents[3] / "shared" / "data" / "snmprec"
)

NetSnmp = Callable[..., str]


def recordings() -> list[Path]:
    return sorted(RECORDINGS.glob("*.snmprec"))


def recording(name: str) -> Path:
    file = RECORDINGS / f"{name}.snmprec"
    if not file.exists():
        pytest.skip(f"no recordings beside the repository ({RECORDINGS})")
    return file


@pytest.fixture
def net_snmp() -> NetSnmp:
    """`net_snmp("snmpget", agent, "-v2c", "1.3.6…")` → what the command prints, numbers only."""
    if not shutil.which("snmpget"):
        pytest.skip("net-snmp's commands are not installed (Debian package snmp)")

    def ask(
        command: str, agent: Agent, version: str, *words: str, community: str = "public"
    ) -> str:
        done = subprocess.run(
            [command, version, "-c", community, "-On", "-t0.5", "-r1", "-m", ""]
            + [f"{agent.host}:{agent.port}", *words],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout + done.stderr

    return ask
