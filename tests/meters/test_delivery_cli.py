"""K-4: `flask meters deliver` and `undo-delivery`: a look by default, the same checks, exit codes for scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import select

from tests.cast import Person, World
from tests.meters.delivering import PASSWORD, Dock, dock_of, kem, key, own_csv
from webapp.imports.models import Import, ImportRow

pytestmark = pytest.mark.feature("K-4")


@pytest.fixture
def dock(operator: Person, world: World) -> Dock:
    return dock_of(operator, world)


def run(dock: Dock, *words: str) -> Result:
    return dock.world.portal.test_cli_runner().invoke(args=["meters", *words])


def file_of(tmp_path: Path, content: str | bytes) -> str:
    path = tmp_path / "list.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def test_a_look_leaves_nothing_behind(dock: Dock, tmp_path: Path) -> None:
    path = file_of(tmp_path, own_csv(3))
    done = run(dock, "deliver", path, "--to", dock.world.acme, "--type", "Water meter")
    assert (done.exit_code, done.output.count("3 lines, 0 faulty")) == (0, 1), done.output
    assert dock.meters() == []
    assert dock.all(select(Import)) == []
    assert dock.all(select(ImportRow)) == []


def test_committed_then_undone(dock: Dock, tmp_path: Path) -> None:
    path = file_of(tmp_path, own_csv(3))
    done = run(dock, "deliver", path, "--to", "ACME", "--type", "KAM Water meter", "--commit")
    assert done.exit_code == 0, done.output
    assert "committed, 3 devices" in done.output
    assert len(dock.meters()) == 3
    (delivery,) = dock.deliveries()
    assert delivery.by == "command line"
    undone = run(dock, "undo-delivery", delivery.public_id)
    assert (undone.exit_code, dock.meters()) == (0, []), undone.output
    again = run(dock, "undo-delivery", delivery.public_id)
    assert again.exit_code == 1
    assert run(dock, "undo-delivery", "nothing").exit_code == 1


def test_faults_are_told_by_line_serial_and_field(dock: Dock, tmp_path: Path) -> None:
    path = file_of(tmp_path, f"Zähler;Nr;Key\nW1;1;{key(1)}\nW2;2;{key(2)[:-2]}\n")
    maps = ["--map", "serial=Zähler", "--map", "mbus_id=#2", "--map", "oms_aes128=Key"]
    done = run(dock, "deliver", path, "--to", "ACME", "--type", "Water meter", *maps, "--commit")
    assert done.exit_code == 3
    assert '3;W2;oms_aes128;fault;"OMS key has 30 hexadecimal digits' in done.output
    assert key(2)[:20] not in done.output
    assert dock.meters() == []


def test_a_password_from_a_file(dock: Dock, tmp_path: Path) -> None:
    path = file_of(tmp_path, kem([("00000001", key(1))]))
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    words = [
        "deliver",
        path,
        "--to",
        "ACME",
        "--format",
        "kem",
        "--type",
        "Water meter",
        "--commit",
    ]
    assert run(dock, *words, "--password-file", str(secret)).exit_code == 0
    assert len(dock.meters()) == 1
    secret.write_text("wrong")
    assert run(dock, *words, "--password-file", str(secret)).exit_code == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--to", "Nobody"], 1),
        (["--to", "ACME", "--type", "Unknown"], 1),
        (["--to", "ACME", "--map", "serial=No such heading"], 1),
        (["--to", "ACME", "--map", "no_field=serial"], 1),
        (["--to", "ACME", "--format", "xls"], 2),
        ([], 2),
        (["--to", "ACME"], 1),
    ],
)
def test_what_can_be_mended_is_a_sentence(
    dock: Dock, tmp_path: Path, words: list[str], code: int
) -> None:
    done = run(dock, "deliver", file_of(tmp_path, own_csv(1)), *words)
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    assert dock.all(select(Import)) == []
