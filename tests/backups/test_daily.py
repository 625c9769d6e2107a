"""Daily by the clock, 14 kept, seen on the operator's page, mailed when one fails, watched as alarms (Q-12, P-44)."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import create_server

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from simulators.mailbox import Mailbox
from tests.alarms.test_portal import Watch
from tests.cast import Person, World
from tests.mail.conftest import _mailbox, box
from webapp.backups import jobs, making, watching
from webapp.backups.models import Backup, BackupState
from webapp.core import drains
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.mail.models import Mail
from webapp.settings import SettingsError, from_environment

__all__ = ["_mailbox", "box"]
pytestmark = [pytest.mark.feature("Q-12")]

NIGHT = datetime(2030, 5, 1, 2, 30, tzinfo=UTC)


def rows(portal: Portal) -> list[Backup]:
    with portal.app_context():
        return list(db.session.scalars(select(Backup).order_by(Backup.id)))


def sweep(portal: Portal) -> None:
    with portal.app_context():
        drains.run(jobs.SWEEP)


def test_one_a_day_and_the_newest_are_kept(world: World, backing_up: Path, portal: Portal) -> None:
    with time_machine.travel(NIGHT - timedelta(minutes=1), tick=False) as traveller:
        sweep(portal)  # a new portal makes its first at once
        for _day in range(4):
            for minutes in (1, 5, 1434):
                traveller.shift(timedelta(minutes=minutes))
                sweep(portal)
    found = rows(portal)
    assert [row.state for row in found] == ["done"] * 5
    assert found[1].began_at == NIGHT
    assert len(list(backing_up.iterdir())) == 3  # BACKUP_KEEP of the fixture
    assert Path(found[-1].place).stat().st_size == found[-1].size_bytes


def test_files_of_other_names_are_never_removed(backing_up: Path, ground: Portal) -> None:
    backing_up.mkdir()
    mine = backing_up / "outpost-by-hand.backup"
    mine.write_text("mine")
    for second in range(5):
        (backing_up / f"outpost-20300101T00000{second}Z-abcd.backup").write_text("")
    making.prune(backing_up)
    assert mine.exists()
    assert len(list(backing_up.iterdir())) == 4


@pytest.mark.parametrize(
    ("now", "at", "expected"),
    [
        (NIGHT, "02:30", NIGHT),
        (NIGHT - timedelta(seconds=1), "02:30", NIGHT - timedelta(days=1)),
        (NIGHT, "off", None),
    ],
)
def test_when_one_is_due(now: datetime, at: str, expected: datetime | None) -> None:
    assert jobs.last_moment(now, at) == expected


@pytest.mark.parametrize("value", ["2:30", "24:00", "noon"])
def test_a_time_that_is_none_stops_the_start(value: str) -> None:
    with pytest.raises(SettingsError, match="BACKUP_AT must be a time of day"):
        from_environment({"BACKUP_AT": value})


def test_two_never_run_at_once(world: World, backing_up: Path, portal: Portal) -> None:
    with portal.app_context(), making.only_one():
        with pytest.raises(making.Busy), making.only_one():
            pass
        sweep(portal)
    assert rows(portal) == []


def test_one_whose_process_died_is_said_to_have_failed(
    world: World, backing_up: Path, portal: Portal, box: Mailbox
) -> None:
    with portal.app_context(), db.engine.begin() as connection:
        statement = Backup.__table__.insert().values(  # type: ignore[attr-defined]
            began_at=utcnow(), state="running", place="", revision="", by=""
        )
        connection.execute(statement)
    sweep(portal)
    (row,) = rows(portal)
    assert row.state == "failed"
    assert "has ended before it was done" in (row.error or "")


def broken(portal: Portal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A directory that can't be made: its parent is a file."""
    (tmp_path / "file").write_text("")
    bad = replace(portal.extensions["settings"], backup_dir=tmp_path / "file" / "backups")
    monkeypatch.setitem(portal.extensions, "settings", bad)


def test_a_failed_one_is_mailed_past_the_outbox(
    world: World,
    box: Mailbox,
    backing_up: Path,
    portal: Portal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken(portal, monkeypatch, tmp_path)
    sweep(portal)
    sweep(portal)  # not tried again before its usual time
    (row,) = rows(portal)
    assert row.state == "failed"
    (mail,) = box.messages()
    assert mail.recipients == ("support@outpost.test",)
    assert "Not a directory" in (mail.text or "")
    assert "/operator/backups" in (mail.text or "")
    with portal.app_context(), unscoped("looking"):
        assert db.session.scalars(select(Mail)).all() == []


def test_where_the_mail_server_is_gone_the_outbox_tries_on(
    world: World, backing_up: Path, portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(portal, monkeypatch, tmp_path)
    sweep(portal)
    with portal.app_context(), unscoped("looking"):
        (mail,) = db.session.scalars(select(Mail)).all()
        assert mail.type == "backup_failed"


def test_the_operator_sees_them_and_asks_for_one(
    operator: Person, backing_up: Path, portal: Portal
) -> None:
    empty = operator.get("/operator/backups").text
    assert "Back up now" in empty
    assert operator.post("/operator/backups").status_code == 303
    twice = operator.post("/operator/backups", follow_redirects=True)
    assert "asked for already" in twice.text
    sweep(portal)
    (row,) = rows(portal)
    assert row.state == BackupState.DONE
    page = operator.get("/operator/backups").text
    assert Path(row.place).name in page
    assert "Operator" in page  # who asked


def test_without_a_key_the_page_says_so(operator: Person) -> None:
    assert "BACKUP_KEY is not set" in operator.get("/operator/backups").text


def test_it_requires_an_operator(admin: Person, visitor: Person) -> None:
    assert admin.get("/operator/backups").status_code in (403, 404)
    assert admin.post("/operator/backups").status_code in (403, 404)
    assert visitor.get("/operator/backups").status_code == 303


@pytest.fixture
def watch(world: World, box: Mailbox) -> Iterator[Watch]:
    with time_machine.travel(utcnow(), tick=False) as traveller:
        yield Watch(world, traveller)


@pytest.mark.feature("P-44")
def test_no_backup_for_26_hours_is_an_alarm_until_one_succeeds(
    watch: Watch, box: Mailbox, backing_up: Path, portal: Portal
) -> None:
    watch.over(2, watching.look_at_backups)
    assert watch.states() == {}
    watch.traveller.shift(timedelta(hours=26))
    watch.over(2, watching.look_at_backups)
    assert [m.subject for m in box.messages()] == ["[Outpost] Alarm: No recent backup"]
    sweep(portal)
    watch.over(3, watching.look_at_backups)
    assert watch.states() == {"backup": "closed"}


def certificate(days: int) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "portal")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, SHA256())
    )
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM), plain


@contextmanager
def served(tmp_path: Path, *, days: int) -> Iterator[int]:
    """A real TLS server that shows a certificate of so many days; its port."""
    chain, key = certificate(days)
    (tmp_path / "pem").write_bytes(chain + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem")
    with create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            try:
                while True:
                    with context.wrap_socket(listening.accept()[0], server_side=True):
                        pass
            except OSError:
                return

        threading.Thread(target=answer, daemon=True).start()
        yield listening.getsockname()[1]


def at(portal: Portal, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    there = replace(portal.extensions["settings"], base_url=f"https://127.0.0.1:{port}")
    monkeypatch.setitem(portal.extensions, "settings", there)


@pytest.mark.feature("P-44")
@pytest.mark.parametrize(
    ("days", "subject"),
    [
        (60, None),
        (10, "[Outpost] Warning: Certificate runs out"),
        (1, "[Outpost] Alarm: Certificate runs out"),
        (-5, "[Outpost] Alarm: Certificate runs out"),
    ],
)
def test_a_certificate_that_ends_within_two_weeks(
    watch: Watch,
    box: Mailbox,
    portal: Portal,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    days: int,
    subject: str | None,
) -> None:
    with served(tmp_path, days=days) as port:
        at(portal, monkeypatch, port)
        watch.over(2, watching.look_at_certificate)
    assert [m.subject for m in box.messages()] == ([subject] if subject else [])


@pytest.mark.feature("P-44")
def test_a_certificate_that_nobody_can_see_is_no_alarm(
    watch: Watch, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(portal, monkeypatch, 1)
    watch.over(2, watching.look_at_certificate)
    assert watch.states() == {}
