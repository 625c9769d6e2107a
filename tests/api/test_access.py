"""Who gets in with which token, and what becomes of those who don't."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, update

from tests.api.programs import MakeProgram, Program
from tests.cast import World
from webapp.accounts.models import User
from webapp.api.models import Token
from webapp.audit.models import AuditRow
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Membership, Organisation
from webapp.orgs.permissions import Permission

pytestmark = pytest.mark.feature("P-32")


def change(world: World, model: type[Any], **values: object) -> None:
    with world.portal.app_context(), unscoped("a test changes rows"):
        db.session.execute(update(model).values(**values))
        commit()


def token_row(world: World) -> Token:
    with world.portal.app_context(), unscoped("a test looks"):
        return db.session.scalars(select(Token)).one()


def test_a_token_opens_its_organisation(program: Program) -> None:
    answer = program.get("/organisation")
    assert answer.status_code == 200, answer.text
    assert answer.json
    assert answer.json["name"] == "Acme"
    assert answer.json["id"] == program.world.acme


def test_the_secret_is_not_in_the_database(program: Program) -> None:
    secret = program.token.split("_", 3)[3]
    row = token_row(program.world)
    assert len(row.secret_digest) == 32
    assert secret not in repr(vars(row))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1] + ("a" if text[-1] != "a" else "b"),
        lambda text: text.replace("op_api", "op_enrol"),
        lambda text: text + "a",
        lambda _text: "op_api_abcdefghjkmn_" + "x" * 43,
        lambda _text: "",
        lambda _text: "ä" * 20,
    ],
)
def test_a_wrong_token_is_refused(program: Program, spoil: Any) -> None:
    program.token = spoil(program.token)
    answer = program.get("/organisation")
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_cookie_is_no_token(world: World, admin: Any) -> None:
    assert admin.get("/api/v1/organisation").status_code == 401


def test_a_revoked_token_opens_nothing(program: Program) -> None:
    change(program.world, Token, revoked_at=utcnow())
    answer = program.get("/organisation")
    assert answer.status_code == 401
    assert "revoked" in answer.text


def test_a_token_is_good_until_the_end_of_its_day(make_program: MakeProgram) -> None:
    program = make_program(days=3)
    last_day = utcnow().date() + timedelta(days=3)
    with time_machine.travel(f"{last_day}T23:59:50Z", tick=False):
        assert program.get("/organisation").status_code == 200
    with time_machine.travel(f"{last_day + timedelta(days=1)}T00:00:10Z", tick=False):
        answer = program.get("/organisation")
        assert answer.status_code == 401
        assert "expired" in answer.text


def test_a_closed_organisation_has_no_programs(program: Program) -> None:
    change(program.world, Organisation, closed_at=utcnow())
    assert program.get("/organisation").status_code == 401


def test_a_missing_permission_is_named(make_program: MakeProgram) -> None:
    program = make_program(Permission.PRINTERS_READ)
    answer = program.get("/organisation")
    assert answer.status_code == 403
    assert answer.json
    assert answer.json["permission"] == "organisation:profile:read"


def test_a_token_never_has_more_than_its_maker(make_program: MakeProgram) -> None:
    program = make_program(Permission.PRINTER_REQUESTS_EDIT, maker="reader@acme.test")
    assert program.post("/printer-requests/abcdefghjkmn/completions").status_code == 403


def test_what_the_maker_loses_the_token_loses(program: Program) -> None:
    change(program.world, Membership, roles=[], grants=[])
    assert program.get("/organisation").status_code == 403


def test_a_deactivated_makers_token_opens_nothing(program: Program) -> None:
    change(program.world, User, deactivated_at=utcnow())
    assert program.get("/organisation").status_code == 403


def test_last_use_is_kept_also_of_refused_requests(make_program: MakeProgram) -> None:
    program = make_program(Permission.PRINTERS_READ)
    assert program.get("/organisation").status_code == 403
    row = token_row(program.world)
    assert row.last_used_at is not None
    assert str(row.last_used_address) == "127.0.0.1"


def test_making_a_token_stands_in_the_log_without_its_secret(program: Program) -> None:
    with program.world.portal.app_context(), unscoped("a test looks"):
        rows = db.session.scalars(select(AuditRow).order_by(AuditRow.id)).all()
    row = next(r for r in rows if r.event == "api:token:created")
    assert program.token.split("_", 3)[3] not in repr(row.payload)


def test_unknown_paths_and_methods_speak_json(program: Program) -> None:
    for answer in (program.get("/nothing"), program.post("/organisation")):
        assert answer.status_code in (404, 405)
        assert answer.mimetype == "application/problem+json"
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
