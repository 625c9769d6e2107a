"""Q-10: a crash point kills only where a test asked for it, and only in the test environment."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from webapp.core import crashpoints
from webapp.core.crashpoints import crash_point

pytestmark = pytest.mark.feature("Q-10")


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _pid, number: found.append(number))
    monkeypatch.setenv("OUTPOST_ENV", "test")
    crashpoints._passed.clear()
    return found


def test_it_kills_at_the_named_passing(killed: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTPOST_CRASH_AT", "a#3,b")
    for name in ("a", "a", "c"):
        crash_point(name)
    assert killed == []
    crash_point("a")
    crash_point("b")
    assert killed == [signal.SIGKILL] * 2


def test_it_kills_once_where_a_mark_is_left(
    killed: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OUTPOST_CRASH_AT", "a")
    monkeypatch.setenv("OUTPOST_CRASH_ONCE", str(tmp_path))
    crash_point("a")
    crashpoints._passed.clear()
    crash_point("a")
    assert killed == [signal.SIGKILL]


@pytest.mark.parametrize("environment", ["production", "development", ""])
def test_it_never_kills_elsewhere(
    killed: list[int], monkeypatch: pytest.MonkeyPatch, environment: str
) -> None:
    monkeypatch.setenv("OUTPOST_CRASH_AT", "a")
    monkeypatch.setenv("OUTPOST_ENV", environment)
    crash_point("a")
    assert killed == []
