"""The page of features, the marks of tests and the last results are held against each other."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import features
from tests.plugins import features as plugin

PAGE = """
## Tills

<!-- rows: T-1..T-2 T-2b -->

| id | what | state |
|---|---|---|
| T-1 | Register | {first} |
| T-2 | Models | open |
| T-2b | Versions | partly: no satellites |
"""


def page(first: str = "open") -> features.Page:
    return features.read_page(PAGE.format(first=first))


def marks(*rows: str) -> features.Marks:
    return features.Marks({row: {"tests/test_x.py"} for row in rows})


def test_the_real_page_has_every_row_once_with_a_state_in_few_words() -> None:
    real = features.read_page(features.PAGE.read_text())
    assert features.page_faults(real) == []
    assert len(real.rows) == 166
    assert {"F-22b", "F-25b", "H-9b"} <= real.ids
    assert [row.id for row in real.rows if len(row.what.split()) > 12] == []


def test_a_consistent_page_has_no_contradictions() -> None:
    proofs = {"T-1": {"tests/test_x.py::test_a": "passed"}}
    assert features.contradictions(page("done"), marks("T-1", "T-2b"), proofs) == []


def test_a_dropped_row_is_missed() -> None:
    text = PAGE.format(first="open").replace("| T-2 | Models | open |\n", "")
    assert features.page_faults(features.read_page(text)) == ["docs/features.md misses T-2"]


def test_an_unknown_row_and_a_doubled_one_are_named() -> None:
    text = PAGE.format(first="open") + "| T-9 | Scale | open |\n| T-1 | Again | open |\n"
    assert features.page_faults(features.read_page(text)) == [
        "docs/features.md lists T-9, which no range names",
        "docs/features.md lists T-1 twice",
    ]


@pytest.mark.parametrize("state", ["", "nearly", "partly:", "Done"])
def test_a_state_that_is_none_is_refused(state: str) -> None:
    [fault] = features.page_faults(page(state))
    assert fault.startswith(f"docs/features.md: T-1 has the state {state!r}")


def test_done_needs_a_test_that_passed() -> None:
    skipped = {"T-1": {"tests/test_x.py::test_a": "skipped"}}
    for proofs in ({}, skipped):
        assert features.contradictions(page("done"), marks("T-1"), proofs) == [
            "T-1 says done without a test that passed"
        ]


def test_done_is_refused_while_one_of_its_tests_fails() -> None:
    proofs = {"T-1": {"tests/a.py::test_a": "passed", "tests/a.py::test_b": "failed"}}
    assert features.contradictions(page("done"), marks("T-1"), proofs) == [
        "T-1 says done, but failed in tests/a.py::test_b"
    ]


def test_a_mark_with_an_unknown_row_is_an_error() -> None:
    assert features.contradictions(page(), marks("T-77"), {}) == [
        "tests/test_x.py: mark names T-77, which docs/features.md does not list"
    ]


def test_marks_are_found_on_functions_modules_and_parameters(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "test_y.py").write_text(
        "import pytest\n"
        "from pytest import mark\n"
        "pytestmark = [pytest.mark.feature('T-1')]\n"
        "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.feature('T-2'))])\n"
        "@mark.feature('T-3', 'T-4')\n"
        "def test_a(x): ...\n"
    )
    found = features.read_marks(folder)
    assert found.files == {row: {"tests/deep/test_y.py"} for row in ("T-1", "T-2", "T-3", "T-4")}
    assert found.unreadable == []


def test_a_mark_that_hides_its_row_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_y.py").write_text(
        "from pytest import mark\n"
        "@mark.feature(ROW)\ndef test_a(): ...\n"
        "@mark.feature()\ndef test_b(): ...\n"
    )
    assert features.read_marks(folder).unreadable == [
        "tests/test_y.py:2: a feature mark must name its rows as plain strings",
        "tests/test_y.py:4: a feature mark without a row",
    ]


def test_the_report_lists_rows_without_a_passing_test_with_counts() -> None:
    proofs = {"T-1": {"tests/a.py::test_a": "passed"}, "T-2": {"tests/a.py::test_b": "failed"}}
    lines = list(features.report(page(), proofs))
    assert lines[0] == "Tills: 1 of 3 rows shown by a passing test"
    assert [line.split()[0] for line in lines[1:-1]] == ["T-2", "T-2b"]
    assert lines[-1] == "All: 1 of 3 rows"


@pytest.mark.parametrize("text", ["T-1..F-2", "T1", "T-1..", "t-1"])
def test_a_range_that_is_none_stops_the_reading(text: str) -> None:
    with pytest.raises(ValueError, match="not a row id"):
        features.expand(text)


def test_proofs_of_tests_that_are_gone_or_lost_their_mark_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "test_y.py").write_text('@mark.feature("T-1")\ndef test_here(): ...\n')
    proofs = {
        "T-1": {
            "test_y.py::test_here[a]": "passed",
            "test_y.py::test_renamed": "passed",
            "gone.py::test_here": "passed",
        },
        "T-2": {"test_y.py::test_here[a]": "passed"},
    }
    assert features.current(proofs, tmp_path) == {
        "T-1": {"test_y.py::test_here[a]": "passed"},
        "T-2": {},
    }


def test_a_later_run_replaces_what_it_ran_and_keeps_the_rest() -> None:
    old = {"T-1": {"a::one": "failed", "a::two": "passed"}, "T-2": {"a::one": "passed"}}
    assert plugin.merged(old, {"T-1": {"a::one": "passed"}}) == {
        "T-1": {"a::one": "passed", "a::two": "passed"}
    }


@pytest.mark.parametrize("content", ["", "{", "[]", '{"T-1": 3}', '{"T-1": {"passed": 1}}'])
def test_a_damaged_results_file_reads_as_empty(tmp_path: Path, content: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(content)
    assert plugin.read(path) == {}


SAMPLE = """
import pytest

@pytest.fixture
def torn():
    yield
    raise RuntimeError("teardown")

@pytest.mark.feature("T-1", "T-2")
def test_good(): ...

@pytest.mark.feature("T-1")
def test_bad(): assert False

@pytest.mark.feature("T-3")
def test_skipped(): pytest.skip("later")

@pytest.mark.feature("T-4")
@pytest.mark.xfail
def test_expected_to_fail(): assert False

@pytest.mark.feature("T-5")
def test_breaks_afterwards(torn): ...

def test_unmarked(): ...
"""


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_a_run_writes_its_outcomes_by_row(tmp_path: Path, options: list[str]) -> None:
    run_sample(tmp_path, SAMPLE, *options)
    results = json.loads((tmp_path / plugin.RESULTS).read_text())
    assert {row: (entry["passed"], entry["failed"]) for row, entry in results.items()} == {
        "T-1": (1, 1),
        "T-2": (1, 0),
        "T-3": (0, 0),
        "T-4": (0, 0),
        "T-5": (0, 1),
    }
    assert results["T-2"]["tests"] == {"test_sample.py::test_good": "passed"}


def run_sample(folder: Path, source: str, *options: str) -> None:
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  feature(*ids): rows\n")
    (folder / "test_sample.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.plugins.features", *options]
    environment = {"PYTHONPATH": str(features.ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert "test_sample" in done.stdout, done.stdout + done.stderr
