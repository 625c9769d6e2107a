"""Rules about the code that a reviewer would otherwise have to remember."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRADES = ("fuel", "meters", "tills", "hubs", "printers")
SOURCES = sorted((ROOT / "webapp").rglob("*.py"))


def calls_in(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted text of every call."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def found(pattern: str, paths: list[Path], *allowed: str) -> list[str]:
    matcher = re.compile(pattern)
    return [
        f"{path.relative_to(ROOT)}:{line} {call}"
        for path in paths
        if str(path.relative_to(ROOT)) not in allowed
        for line, call in calls_in(path)
        if matcher.fullmatch(call)
    ]


def test_only_core_commits() -> None:
    """One commit a request: `core.db.commit()`, never the session's own, which would skip the audit chain."""
    assert found(r"(db\.)?session\.(commit|rollback)", SOURCES, "webapp/core/db.py") == []


def test_nobody_loads_by_identity() -> None:
    """`session.get` of a loaded row passes the query guard by."""
    snmp = "webapp/printers/snmp/collect.py"  # asks a printer, no database
    assert found(r"(db\.)?session\.(get|get_one)", SOURCES, snmp) == []


def test_only_the_clock_module_reads_the_clock() -> None:
    pattern = r"(datetime\.)?(datetime|date)\.(now|utcnow|today)|time\.time"
    allowed = ("webapp/core/clock.py", "webapp/printers/agent/clock.py")
    outside_launcher = [p for p in SOURCES if "launcher" not in p.parts]
    assert found(pattern, outside_launcher, *allowed) == []


def test_trades_write_no_text_sql() -> None:
    trades = [p for p in SOURCES if set(p.relative_to(ROOT / "webapp").parts) & set(TRADES)]
    assert found(r"(sa\.)?text", [p for p in trades if p.name != "models.py"]) == []


def test_unscoped_says_why() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "unscoped":
                reason = node.args[0] if node.args else None
                assert isinstance(reason, ast.Constant | ast.JoinedStr), f"{path}:{node.lineno}"


def test_files_stay_small() -> None:
    too_long = {
        str(path.relative_to(ROOT)): lines
        for path in SOURCES
        if "Final" not in path.name and (lines := len(path.read_text().splitlines())) > 320
    }
    texts = {"webapp/printers/texts.py", "webapp/printers/default_mails.py"}
    assert set(too_long) - texts == set()


def test_templates_hold_no_inline_script_or_style() -> None:
    """The content security policy would stop them; mails and previews have rules of their own."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        if "emails" in path.parts:
            continue
        source = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:", source), (
            path
        )


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-dev.lock", "package-lock.json"]
)
def test_locks_name_no_host(name: str) -> None:
    assert "://" not in (ROOT / name).read_text()
