"""Backup and restore are two commands (Q-12): made, wrecked, restored, compared; refused before anything is touched."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.backups.conftest import Site

pytestmark = pytest.mark.feature("Q-12")


def test_what_was_wrecked_is_as_it_was(site: Site) -> None:
    before = site.checksums()
    backup = site.make()
    with site.connect() as connection:
        connection.execute("UPDATE users SET name = 'Mallory'")
        connection.execute("DROP TABLE audit_rows CASCADE")
    (site.data / "audit-heads/1.json").write_text("forged")
    (site.data / "audit-heads/2.json").write_text("younger")
    assert site.checksums() != before

    done = site.flask("backup", "restore", str(backup), "--replace")
    assert done.returncode == 0, done.stderr
    assert site.checksums() == before
    assert (site.data / "audit-heads/1.json").read_text() == "{}"
    assert not (site.data / "audit-heads/2.json").exists()
    assert list(site.data.glob("audit-heads.before-*/2.json")) != []
    assert list(site.data.glob("restoring-*")) == []
    (old,) = (name for name in site.databases() if "_before_" in name)
    assert old in done.stdout


def test_into_a_new_database(site: Site) -> None:
    before, backup = site.checksums(), site.make()
    name = str(make_url(site.settings.database_url).database)
    site.postgres.drop_database(name)
    missing = site.flask("backup", "restore", str(backup))
    assert missing.returncode == 1
    assert "can't be opened" in missing.stderr
    site.postgres.create_database(name)
    done = site.flask("backup", "restore", str(backup))
    assert done.returncode == 0, done.stderr
    assert site.checksums() == before


def test_a_database_with_content_is_not_touched_without_replace(site: Site) -> None:
    backup, before = site.make(), site.checksums()
    refused = site.flask("backup", "restore", str(backup))
    assert refused.returncode == 1
    assert "--replace" in refused.stderr
    assert site.checksums() == before


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 20)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")


def other(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04" + bytes(100))


@pytest.mark.parametrize(
    ("harm", "words"),
    [(cut, "cut off"), (flip, "damaged"), (grow, "damaged"), (other, "not a backup of Outpost")],
)
def test_a_harmed_file_is_refused_before_anything_is_touched(
    site: Site, harm: object, words: str
) -> None:
    backup, before, databases = site.make(), site.checksums(), site.databases()
    harm(backup)  # type: ignore[operator]
    for command in (["verify", str(backup)], ["restore", str(backup), "--replace"]):
        refused = site.flask("backup", *command)
        assert refused.returncode == 1
        assert words in refused.stderr
        assert "Traceback" not in refused.stderr
    assert site.checksums() == before
    assert site.databases() == databases
    assert (site.data / "audit-heads/1.json").read_text() == "{}"


def test_another_key_is_named_as_the_cause(site: Site) -> None:
    backup, before = site.make(), site.checksums()
    other_key = "another-key-0123456789-abcdefghijklmnopqr"
    refused = site.flask("backup", "restore", str(backup), "--replace", BACKUP_KEY=other_key)
    assert refused.returncode == 1
    assert "another BACKUP_KEY" in refused.stderr
    assert site.checksums() == before


def test_a_restore_that_is_killed_leaves_the_old_database(site: Site) -> None:
    backup = site.make()
    with site.connect() as connection:
        connection.execute("UPDATE users SET name = 'Later'")
    later = site.checksums()
    killed = site.flask(
        "backup", "restore", str(backup), "--replace", OUTPOST_CRASH_AT="restore.before_swap"
    )
    assert killed.returncode == -9
    assert site.checksums() == later
    (left_over,) = (name for name in site.databases() if "_restoring_" in name)

    again = site.flask("backup", "restore", str(backup), "--replace")
    assert again.returncode == 0, again.stderr
    assert left_over not in site.databases()
    assert site.checksums() != later


def test_secrets_are_not_inside_and_nobody_else_may_read_it(site: Site) -> None:
    backup = site.make()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    content = backup.read_bytes()
    assert b"admin@acme.test" not in content
    assert b"PGDMP" not in content
    told = site.flask("backup", "verify", str(backup))
    assert told.returncode == 0
    assert "1 files" in told.stdout  # the audit's heads; secrets/secret_key stays out


def test_list_names_them(site: Site) -> None:
    backup = site.make()
    told = site.flask("backup", "list")
    assert str(backup) in told.stdout
    assert "1 backups in" in told.stdout


def test_without_a_key_nothing_is_made(site: Site) -> None:
    refused = site.flask("backup", "create", BACKUP_KEY="")
    assert refused.returncode == 1
    assert "BACKUP_KEY is not set" in refused.stderr
    assert not site.folder.exists()


def test_a_dump_that_is_killed_leaves_no_half_backup(site: Site) -> None:
    assert site.flask("backup", "create", OUTPOST_CRASH_AT="backup.after_dump").returncode == -9
    assert list(site.folder.glob("*.backup")) == []
    site.make()
    assert [path.suffix for path in site.folder.iterdir()] == [".backup"]


def test_a_schema_of_a_later_version_is_refused(site: Site) -> None:
    with site.connect() as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.execute("INSERT INTO alembic_version VALUES ('of-the-future')")
    backup, before = site.make(), site.checksums()
    refused = site.flask("backup", "restore", str(backup), "--replace")
    assert refused.returncode == 1
    assert "its schema of-the-future is unknown here" in refused.stderr
    assert site.checksums() == before
