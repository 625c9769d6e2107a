"""Sealed checkpoints, and rows that go when their time is over: what went rightly is no fault, all else is found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import func, select, text

from tests.audit.doing import Doing, do
from tests.cast import World
from webapp.audit import checkpoints
from webapp.audit.models import AuditCheckpoint, AuditRow
from webapp.audit.retention import remove_old_rows
from webapp.core import drains
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import scope, unscoped
from webapp.core.web import Portal
from webapp.settings import Settings

pytestmark = pytest.mark.feature("P-30")


@pytest.fixture(autouse=True)
def _no_old_files(portal: Portal) -> Iterator[None]:
    place = portal.extensions["settings"].data_dir
    for name in ("audit-checkpoints", "audit-heads"):
        shutil.rmtree(place / name, ignore_errors=True)
    yield
    for name in ("audit-checkpoints", "audit-heads"):
        shutil.rmtree(place / name, ignore_errors=True)


@pytest.fixture
def ten(world: World) -> World:
    """Ten rows in Acme's log, seven of them two years old, one in Globex's."""
    for number in range(10):
        do(world, world.acme_id, Doing.DONE, f"thing {number}")
    do(world, world.globex_id, Doing.DONE, "elsewhere")
    return world


def verify(world: World, *more: str) -> Result:
    return world.portal.test_cli_runner().invoke(args=["audit", "verify", *more])


def tamper(world: World, statement: str, **values: object) -> None:
    with world.portal.app_context(), db.engine.begin() as connection:
        connection.execute(text(statement), {"acme": world.acme_id, **values})


def remove(world: World, up_to: int) -> int:
    """What the sweep does when rows up to this one are old: a moment between it and the next."""
    with world.portal.app_context(), scope(world.acme_id):
        after = db.session.scalar(select(AuditRow.at).where(AuditRow.seq == up_to + 1))
        count = remove_old_rows(after or utcnow() + timedelta(seconds=1))
        commit()
        return count


def write(world: World) -> list[dict[str, object]]:
    with world.portal.app_context():
        drains.run("audit-checkpoints")
        return lines(world)


def lines(world: World) -> list[dict[str, object]]:
    with world.portal.app_context():
        return [json.loads(x) for p in checkpoints.files() for x in p.read_text().splitlines()]


def seqs(world: World) -> list[int]:
    with world.portal.app_context(), scope(world.acme_id):
        return list(db.session.scalars(select(AuditRow.seq).order_by(AuditRow.seq)))


def test_the_clock_makes_one_for_each_chain_that_moved(ten: World) -> None:
    found = next(d for d in drains.all_drains() if d.name == "audit-checkpoints")
    assert found.every_seconds == 3600
    entries = write(ten)
    assert {(e["organisation"], e["seq"], e["kind"]) for e in entries} == {
        (ten.acme_id, 10, "hourly"),
        (ten.globex_id, 1, "hourly"),
    }
    assert len(write(ten)) == 2, "quiet chains get none"
    do(ten, ten.acme_id, Doing.DONE, "later")
    assert len(write(ten)) == 3
    assert verify(ten).exit_code == 0


def test_old_rows_go_and_the_chain_holds(ten: World) -> None:
    assert remove(ten, 7) == 7
    assert seqs(ten) == [8, 9, 10]
    found = verify(ten)
    assert found.exit_code == 0, found.stderr
    (entry,) = lines(ten)
    assert (entry["seq"], entry["kind"]) == (7, "removal")
    do(ten, ten.acme_id, Doing.DONE, "goes on")
    assert remove(ten, 9) == 2
    assert verify(ten).exit_code == 0


def test_the_heads_written_out_before_hold_after_a_removal(ten: World) -> None:
    ten.portal.test_cli_runner().invoke(args=["audit", "write-heads"])
    remove(ten, 10)
    assert seqs(ten) == []
    assert verify(ten).exit_code == 0, verify(ten).stderr


def test_only_what_is_old_from_the_beginning_goes(ten: World) -> None:
    with ten.portal.app_context(), scope(ten.acme_id):
        assert remove_old_rows(utcnow() - timedelta(days=365)) == 0
    assert len(seqs(ten)) == 10
    assert lines(ten) == []


def test_rows_removed_after_the_checkpoint_are_found(ten: World) -> None:
    remove(ten, 5)
    tamper(ten, "DELETE FROM audit_rows WHERE organisation_id = :acme AND seq IN (6, 7)")
    found = verify(ten)
    assert found.exit_code == 1
    assert "rows 6 to 7 are missing" in found.stderr


def test_an_hourly_checkpoint_excuses_no_missing_rows(ten: World) -> None:
    """Who may write the database alone can't pass off a removal as the portal's own."""
    write(ten)
    do(ten, ten.acme_id, Doing.DONE, "one more")
    tamper(ten, "DELETE FROM audit_rows WHERE organisation_id = :acme AND seq <= 10")
    assert "rows 1 to 10 are missing" in verify(ten).stderr
    tamper(ten, "UPDATE audit_checkpoints SET kind = 'removal' WHERE organisation_id = :acme")
    found = verify(ten)
    assert "row 10: its checkpoint is forged" in found.stderr
    assert "rows 1 to 10 are missing" in found.stderr


@pytest.mark.parametrize("change", ["seq = 8", "hash = sha256('x')", "seal = sha256('y')"])
def test_a_forged_checkpoint_is_found(ten: World, change: str) -> None:
    remove(ten, 7)
    tamper(ten, f"UPDATE audit_checkpoints SET {change} WHERE organisation_id = :acme")
    found = verify(ten)
    assert found.exit_code == 1
    assert "its checkpoint is forged" in found.stderr


def test_a_removed_checkpoint_is_found_by_the_file(ten: World) -> None:
    remove(ten, 7)
    tamper(ten, "DELETE FROM audit_checkpoints WHERE organisation_id = :acme")
    found = verify(ten)
    assert "row 7: its checkpoint stands in the file, but not in the database" in found.stderr


def test_a_changed_row_after_a_removal_is_found(ten: World) -> None:
    remove(ten, 7)
    tamper(ten, "UPDATE audit_rows SET object_id = 'x' WHERE organisation_id = :acme AND seq = 9")
    assert "row 9: was changed" in verify(ten).stderr


def test_a_chain_written_anew_differs_from_its_checkpoint(ten: World) -> None:
    write(ten)
    tamper(
        ten, "UPDATE audit_rows SET hash = sha256('x') WHERE organisation_id = :acme AND seq = 10"
    )
    assert "row 10: differs from its checkpoint" in verify(ten).stderr


def test_a_cut_off_end_is_found_by_the_last_checkpoint(ten: World) -> None:
    write(ten)
    tamper(ten, "DELETE FROM audit_rows WHERE organisation_id = :acme AND seq > 6")
    assert "a checkpoint names row 10, the chain ends at 6" in verify(ten).stderr


def test_a_line_missing_in_the_file_is_found(ten: World) -> None:
    write(ten)
    with ten.portal.app_context():
        (path,) = checkpoints.files()
        kept = [
            x for x in path.read_text().splitlines() if f'"organisation": {ten.acme_id}' not in x
        ]
        path.write_text("".join(f"{x}\n" for x in kept))
    found = verify(ten)
    assert (
        f"organisation {ten.acme_id}, row 10: its checkpoint is missing in the files"
        in found.stderr
    )


def test_a_copy_kept_elsewhere_can_be_held_against(ten: World, tmp_path: Path) -> None:
    remove(ten, 7)
    with ten.portal.app_context():
        (path,) = checkpoints.files()
    copy = tmp_path / "copy.jsonl"
    shutil.copy(path, copy)
    assert verify(ten, "--against", str(copy)).exit_code == 0
    tamper(ten, "DELETE FROM audit_checkpoints WHERE organisation_id = :acme")
    path.unlink()
    found = verify(ten, "--against", str(copy))
    assert "stands in the file, but not in the database" in found.stderr


def test_a_forged_line_and_an_unreadable_one_are_named(ten: World) -> None:
    write(ten)
    with ten.portal.app_context():
        (path,) = checkpoints.files()
    sound = path.read_text()
    path.write_text(sound.replace('"seq": 10', '"seq": 4'))
    assert "row 4: its checkpoint in the file is forged" in verify(ten).stderr
    path.write_text(sound + '{"organisation": ')
    found = verify(ten)
    assert found.exit_code == 1
    assert f"{path}, line 3 can't be read" in found.stderr


def test_a_torn_last_line_does_not_spoil_the_next(ten: World) -> None:
    write(ten)
    with ten.portal.app_context():
        (path,) = checkpoints.files()
    with path.open("a") as handle:
        handle.write('{"organisation"')
    do(ten, ten.acme_id, Doing.DONE, "later")
    with ten.portal.app_context():
        drains.run("audit-checkpoints")
    assert path.read_text().splitlines()[-1].startswith('{"organisation": ')


POINTS = (
    "audit.checkpoint_made",
    "audit.checkpoint_written",
    "audit.before_removal",
    "audit.in_removal",
)

REMOVE = """
import sys
from datetime import datetime, UTC, timedelta
from webapp import create_app
from webapp.audit.retention import remove_old_rows
from webapp.core.db import commit
from webapp.core.tenancy import scope
with create_app().app_context(), scope(int(sys.argv[1])):
    remove_old_rows(datetime.now(UTC) + timedelta(days=1))
    commit()
"""


@pytest.mark.parametrize("point", POINTS)
def test_dying_between_checkpoint_and_removal_leaves_a_chain_that_holds(
    ten: World, settings: Settings, point: str
) -> None:
    environ = {
        **os.environ,
        "OUTPOST_ENV": "test",
        "BASE_URL": settings.base_url,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "CODE_PEPPER": settings.code_pepper,
        "DATA_DIR": str(settings.data_dir),
        "OUTPOST_CRASH_AT": point,
    }
    ran = subprocess.run(
        [sys.executable, "-c", REMOVE, str(ten.acme_id)], env=environ, capture_output=True
    )
    assert ran.returncode == -9, ran.stderr
    assert len(seqs(ten)) == 10, "nothing is half removed"
    assert verify(ten).exit_code == 0, verify(ten).stderr
    assert remove(ten, 10) == 10
    assert verify(ten).exit_code == 0, verify(ten).stderr
    with ten.portal.app_context(), unscoped("looking"):
        open_ones = select(func.count()).where(AuditCheckpoint.written_to.is_(None))
        assert db.session.scalar(open_ones) == 0
