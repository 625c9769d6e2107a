"""Holds ``docs/features.md`` against the tests: ``python -m tests.features``.

Prints the rows that no passing test shows, by area, and ends with 1 where the page, the marks and
the last results contradict each other. Results come from the plugin ``tests.plugins.features``.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.plugins import features as plugin

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "features.md"

ROW = re.compile(r"^\| *([A-Z]-\d+[a-z]?) *\| *(.*?) *\| *(.*?) *\|$")
TITLE = re.compile(r"^## (.+)$")
RANGES = re.compile(r"^<!-- rows: (.+) -->$")
SPAN = re.compile(r"^([A-Z])-(\d+)([a-z]?)(?:\.\.\1-(\d+))?$")
STATE = re.compile(r"^(open|done|partly: \S.*)$")


@dataclass(frozen=True)
class Row:
    id: str
    what: str
    state: str
    area: str


@dataclass
class Page:
    """The page as read: its rows in order, and the ids that its ranges promise, by area."""

    rows: list[Row] = field(default_factory=list)
    promised: dict[str, list[str]] = field(default_factory=dict)

    @property
    def ids(self) -> set[str]:
        return {row.id for row in self.rows}


@dataclass
class Marks:
    """Rows named by tests (row → files), and marks whose row can't be read off the source."""

    files: dict[str, set[str]] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)


def main() -> int:
    page = read_page(PAGE.read_text())
    marks = read_marks(ROOT / "tests")
    proofs = current(plugin.read(ROOT / plugin.RESULTS), ROOT)
    for line in report(page, proofs):
        print(line)
    problems = contradictions(page, marks, proofs)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if problems else 0


def read_page(text: str) -> Page:
    page, area = Page(), ""
    for line in text.splitlines():
        if title := TITLE.match(line):
            area = title[1]
        elif ranges := RANGES.match(line):
            page.promised[area] = [row for part in ranges[1].split() for row in expand(part)]
        elif row := ROW.match(line):
            page.rows.append(Row(row[1], row[2], row[3], area))
    return page


def expand(part: str) -> list[str]:
    """``F-10..F-12`` → its three ids; ``F-22b`` → itself."""
    span = SPAN.match(part)
    if span is None:
        raise ValueError(f"not a row id or a range of them: {part!r}")
    letter, first, suffix, last = span.groups()
    if last is None:
        return [f"{letter}-{first}{suffix}"]
    return [f"{letter}-{number}" for number in range(int(first), int(last) + 1)]


def read_marks(folder: Path) -> Marks:
    marks = Marks()
    for path in sorted(folder.rglob("*.py")):
        name = str(path.relative_to(folder.parent))
        for call in feature_calls(ast.parse(path.read_text(), filename=name)):
            _note_call(marks, call, name)
    return marks


def feature_calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Each ``….mark.feature(…)``, wherever it stands: decorator, ``pytestmark`` or ``param``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.feature"):
            yield node


def _note_call(marks: Marks, call: ast.Call, file: str) -> None:
    place = f"{file}:{call.lineno}"
    if not call.args:
        marks.unreadable.append(f"{place}: a feature mark without a row")
    for argument in call.args:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            marks.files.setdefault(argument.value, set()).add(file)
        else:
            marks.unreadable.append(f"{place}: a feature mark must name its rows as plain strings")


def current(proofs: plugin.Proofs, root: Path) -> plugin.Proofs:
    """Proofs without those of tests that were since removed or renamed, or lost the mark."""
    sources = {test.partition("::")[0] for tests in proofs.values() for test in tests}
    texts = {name: _source(root / name) for name in sources}
    return {
        row: {
            test: outcome
            for test, outcome in tests.items()
            if _still_there(test, row, texts[test.partition("::")[0]])
        }
        for row, tests in proofs.items()
    }


def _source(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def _still_there(test: str, row: str, source: str) -> bool:
    function = test.partition("[")[0].rpartition("::")[2]
    return f"def {function}(" in source and f'"{row}"' in source


def contradictions(page: Page, marks: Marks, proofs: plugin.Proofs) -> list[str]:
    return [
        *page_faults(page),
        *marks.unreadable,
        *(
            f"{', '.join(sorted(files))}: mark names {row}, which docs/features.md does not list"
            for row, files in sorted(marks.files.items())
            if row not in page.ids
        ),
        *(fault for row in page.rows if (fault := unearned(row, proofs.get(row.id, {})))),
    ]


def page_faults(page: Page) -> list[str]:
    """Rows unknown, missing, twice or with a state that is none."""
    promised = [row for rows in page.promised.values() for row in rows]
    listed = [row.id for row in page.rows]
    return [
        *(
            f"docs/features.md lists {row}, which no range names"
            for row in _beyond(listed, promised)
        ),
        *(f"docs/features.md misses {row}" for row in _beyond(promised, listed)),
        *(f"docs/features.md lists {row} twice" for row in _doubled(listed)),
        *(
            f"docs/features.md: {row.id} has the state {row.state!r}; open, partly: … or done"
            for row in page.rows
            if not STATE.match(row.state)
        ),
    ]


def unearned(row: Row, tests: dict[str, str]) -> str | None:
    """Why a row may not say ``done``; ``None`` where it may, or does not."""
    if row.state != "done":
        return None
    if failed := sorted(test for test, outcome in tests.items() if outcome == "failed"):
        return f"{row.id} says done, but failed in {', '.join(failed)}"
    if "passed" not in tests.values():
        return f"{row.id} says done without a test that passed"
    return None


def report(page: Page, proofs: plugin.Proofs) -> Iterator[str]:
    """The rows without a passing test, by area, and the sums."""
    shown = {row for row, tests in proofs.items() if "passed" in tests.values()}
    for area in page.promised:
        rows = [row for row in page.rows if row.area == area]
        without = [row for row in rows if row.id not in shown]
        yield f"{area}: {len(rows) - len(without)} of {len(rows)} rows shown by a passing test"
        yield from (f"  {row.id:<6} {row.state:<8} {row.what}" for row in without)
    yield f"All: {len(page.ids & shown)} of {len(page.ids)} rows"


def _beyond(these: list[str], those: list[str]) -> list[str]:
    known = set(those)
    return [row for row in these if row not in known]


def _doubled(rows: list[str]) -> list[str]:
    return sorted({row for row in rows if rows.count(row) > 1})


if __name__ == "__main__":
    sys.exit(main())
