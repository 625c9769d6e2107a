"""The demonstration's printers: all states, three weeks, the same after the second run, and no mail."""

from __future__ import annotations

import json
import stat
import uuid

import pytest
from sqlalchemy import func, select

from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.mail.models import Mail
from webapp.printers.demo import ACME_REQUESTS, token_file
from webapp.printers.models import (
    PanicButton,
    PanicImage,
    PanicMail,
    PanicRequest,
    PanicRequestEvent,
    Printer,
    PrinterReading,
)


@pytest.fixture
def seeded(portal: Portal) -> Portal:
    _seed(portal)
    return portal


def _seed(portal: Portal) -> None:
    result = portal.test_cli_runner().invoke(args=["demo", "seed"])
    assert result.exit_code == 0, result.output


def _all(portal: Portal, statement: object) -> list[object]:
    with portal.app_context(), unscoped("looking at the demonstration"):
        return list(db.session.scalars(statement))  # type: ignore[call-overload]


@pytest.mark.feature("B-8", "B-9")
def test_it_tells_three_weeks_with_something_of_everything(seeded: Portal) -> None:
    """One test for all of its story: seeding takes seconds."""
    names = _all(seeded, select(PanicButton.name).order_by(PanicButton.name))
    assert names == ["Alliance building", "Berlin", "Head office"]
    states = set(_all(seeded, select(Printer.state)))
    assert states == {"online", "warning", "alarm", "offline", "not_set_up"}
    assert set(_all(seeded, select(PanicRequest.state))) == {"new", "in_progress", "done"}
    assert {"opened", "taken", "note", "done"} <= set(_all(seeded, select(PanicRequestEvent.kind)))
    assert len(set(_all(seeded, select(PanicRequest.language)))) >= 3
    assert _all(seeded, select(Printer).where(Printer.counters_doubtful)) == [], "they only rise"
    assert len(_all(seeded, select(PrinterReading.id))) > 200
    in_order = select(PanicRequest.created_at).order_by(
        PanicRequest.organisation_id, PanicRequest.number
    )
    acme = _all(seeded, in_order)[:ACME_REQUESTS]
    assert acme == sorted(acme)
    alliance = select(PanicButton).where(PanicButton.name == "Alliance building")
    (button,) = _all(seeded, alliance)
    assert {"fr", "de"} <= set(button.texts["who_intro"])  # type: ignore[attr-defined]
    assert set(_all(seeded, select(PanicImage.page))) == {"logo", "who", "thanks"}
    assert set(_all(seeded, select(PanicMail.language))) == {"fr", "de"}
    about = select(Mail).where(Mail.cause_kind == "request")
    assert _all(seeded, about) == [], "nobody is written to for requests of the past"


def test_the_second_run_changes_nothing_but_a_lost_token(seeded: Portal) -> None:
    text = token_of(seeded)
    before = [_all(seeded, select(func.count()).select_from(t)) for t in (Printer, PanicRequest)]
    _seed(seeded)
    after = [_all(seeded, select(func.count()).select_from(t)) for t in (Printer, PanicRequest)]
    assert after == before
    assert token_of(seeded) == text
    with seeded.app_context():
        token_file().write_text("op_enrol_abcdefghjkmn_of-another-database\n")
    _seed(seeded)
    assert "abcdefghjkmn" not in token_of(seeded)


def token_of(portal: Portal) -> str:
    with portal.app_context():
        path = token_file()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path.read_text().strip()


def test_the_token_in_the_file_launches_a_living_printer(seeded: Portal) -> None:
    fleet = json.loads(seeded.test_cli_runner().invoke(args=["demo", "fleet"]).output)
    printers = [p["argv"] for p in fleet if "printer" in p["argv"]]
    assert len(printers) == 3
    assert len({argv[argv.index("--port") + 1] for argv in printers}) == 3
    for argv in printers:
        answer = seeded.test_client().post(
            "/device/v1/printers/launch",
            json={
                "launch_id": str(uuid.uuid4()),
                "facts": {"serial": argv[argv.index("--serial") + 1]},
            },
            headers={"Authorization": f"Bearer {token_of(seeded)}"},
        )
        assert answer.json
        assert answer.json["outcome"] == "open"
