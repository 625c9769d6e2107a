"""Writes which feature rows the tests of a run have shown, for ``python -m tests.features``.

Outcomes are kept by test, so that a run of a few files replaces what it ran and keeps the rest.
"""

import fcntl
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

RESULTS = Path(".cache") / "feature-results.json"

Proofs = dict[str, dict[str, str]]
"""Row id → test (node id) → ``passed``, ``failed`` or ``skipped``."""


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Only the controller of an xdist run collects and writes: reports of all workers pass it."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config.rootpath / RESULTS), "feature-recorder")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Rows ride in ``user_properties``: xdist carries those from worker to controller."""
    for item in items:
        rows = {row for mark in item.iter_markers("feature") for row in mark.args}
        item.user_properties.extend(("feature", row) for row in sorted(rows))


class Recorder:
    """Gathers outcomes by row and test, and merges them into the file when the run ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.proofs: Proofs = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        outcome = outcome_of(report)
        for name, row in report.user_properties:
            if name == "feature" and outcome:
                self._note(str(row), report.nodeid, outcome)

    def pytest_sessionfinish(self) -> None:
        if self.proofs:
            with locked(self.path):
                write(self.path, merged(read(self.path), self.proofs))

    def _note(self, row: str, test: str, outcome: str) -> None:
        tests = self.proofs.setdefault(row, {})
        if tests.get(test) != "failed":
            tests[test] = outcome


def outcome_of(report: pytest.TestReport) -> str | None:
    """What one phase says about its test; ``None`` where it says nothing (a set-up that went well).

    A test that is expected to fail proves nothing, whichever way it ends.
    """
    if hasattr(report, "wasxfail"):
        return "skipped"
    if report.when == "call" or report.outcome != "passed":
        return report.outcome
    return None


def merged(old: Proofs, new: Proofs) -> Proofs:
    """Every test of the new run replaces all that the old file said of it, under any row."""
    ran = {test for tests in new.values() for test in tests}
    kept = {
        row: {test: outcome for test, outcome in tests.items() if test not in ran}
        for row, tests in old.items()
    }
    rows = sorted(kept.keys() | new.keys())
    union = {row: kept.get(row, {}) | new.get(row, {}) for row in rows}
    return {row: tests for row, tests in union.items() if tests}


def read(path: Path) -> Proofs:
    """The file's proofs; none where it is missing or was damaged: a run must not stop for it."""
    try:
        return {row: entry["tests"] for row, entry in json.loads(path.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return {}


def write(path: Path, proofs: Proofs) -> None:
    entries = {row: counted(tests) for row, tests in sorted(proofs.items())}
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(entries, indent=1) + "\n")
    fresh.replace(path)


def counted(tests: dict[str, str]) -> dict[str, object]:
    return {
        "passed": count(tests.values(), "passed"),
        "failed": count(tests.values(), "failed"),
        "tests": dict(sorted(tests.items())),
    }


def count(outcomes: Iterable[str], wanted: str) -> int:
    return sum(outcome == wanted for outcome in outcomes)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Two runs that end at once merge one after the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
