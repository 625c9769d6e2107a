"""Seeing as somebody of an organisation: everything to look at, nothing to change (P-36)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.cast import Person, World, sign_in
from tests.operator.desk import events, the_only
from tests.rules.test_access import call, calls, url_of
from webapp.accounts.models import User, UserSession
from webapp.audit.models import AuditRow
from webapp.core import access as core_access
from webapp.core.access import PUBLIC, access_of
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.drains import run
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.orgs.access import MEMBER
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission, Role
from webapp.orgs.seeing import OPEN_WHILE_SEEING, Seeing

pytestmark = pytest.mark.feature("P-36")

BEGUN, ENDED = "organisation:seeing:begun", "organisation:seeing:ended"


def begin(operator: Person, organisation: str, role: Role = Role.ADMINISTRATOR) -> None:
    form = {"role": role.value, "reason": "Call of Ms Rossi"}
    answer = operator.post(f"/operator/organisations/{organisation}/seeing", form)
    assert answer.status_code == 303, answer.text
    assert answer.location == f"/o/{organisation}/"


@pytest.fixture
def seer(operator: Person, world: World) -> Person:
    begin(operator, world.acme)
    return operator


def test_it_opens_the_organisation_and_says_so_on_every_page(seer: Person, world: World) -> None:
    for path in (f"/o/{world.acme}/", f"/o/{world.acme}/users", "/operator/", "/me/sessions"):
        page = seer.get(path)
        assert page.status_code == 200, path
        assert "You see Outpost as Administrator of Acme would" in page.text, path
        assert 'action="/operator/seeing/ending"' in page.text, path


def test_error_pages_say_so_too(seer: Person, world: World) -> None:
    for path in (f"/o/{world.globex}/", "/nowhere"):
        page = seer.get(path)
        assert page.status_code == 404
        assert "You see Outpost as" in page.text


def test_other_organisations_stay_closed(seer: Person, world: World) -> None:
    assert seer.get(f"/o/{world.globex}/users").status_code == 404


def test_the_role_decides_what_one_sees(operator: Person, world: World) -> None:
    begin(operator, world.acme, Role.READER)
    assert operator.get(f"/o/{world.acme}/").status_code == 200
    assert operator.get(f"/o/{world.acme}/settings").status_code == 403


def test_beginning_and_end_stand_in_the_organisations_log(seer: Person, world: World) -> None:
    assert seer.post("/operator/seeing/ending").status_code == 303
    assert events(world, world.acme_id) == [BEGUN, ENDED]
    with world.portal.app_context(), unscoped("who did it"):
        rows = db.session.scalars(select(AuditRow).where(AuditRow.event == BEGUN)).one()
        assert rows.payload
        assert rows.payload["actor"] == "Operator"
        assert rows.payload["detail"]["reason"] == "Call of Ms Rossi"


def test_after_the_end_the_operator_is_a_stranger_again(seer: Person, world: World) -> None:
    seer.post("/operator/seeing/ending")
    assert seer.get(f"/o/{world.acme}/").status_code == 404
    assert seer.get("/").location == "/operator/"
    assert seer.post("/operator/seeing/ending").status_code == 303, "twice does no harm"


def test_another_browser_of_the_operator_sees_nothing(seer: Person, world: World) -> None:
    other = sign_in(world, "operator@outpost.test")
    assert other.get(f"/o/{world.acme}/").status_code == 404
    assert "You see Outpost as" not in other.get("/operator/").text


def test_it_ends_by_itself_after_an_hour(seer: Person, world: World) -> None:
    with world.portal.app_context(), unscoped("an hour passes"):
        past = utcnow() - timedelta(minutes=61)
        db.session.execute(
            update(Seeing).values(began_at=past, ends_at=past + timedelta(minutes=60))
        )
        commit()
    assert seer.get(f"/o/{world.acme}/").status_code == 404
    with world.portal.app_context():
        run("seeing as")
    assert events(world, world.acme_id) == [BEGUN, ENDED]
    row = the_only(world.portal, Seeing)
    assert row.ended_at == row.ends_at


def test_it_ends_with_the_session(seer: Person, world: World) -> None:
    assert seer.post("/sign-out").status_code == 303
    with world.portal.app_context():
        run("seeing as")
    assert events(world, world.acme_id)[-1] == ENDED


def test_beginning_anew_needs_the_end_first(seer: Person, world: World) -> None:
    again = seer.post(
        f"/operator/organisations/{world.globex}/seeing", {"role": "reader", "reason": "x"}
    )
    assert again.status_code == 403
    assert events(world, world.globex_id) == []


def test_it_asks_for_a_fresh_proof(operator: Person, world: World) -> None:
    with world.portal.app_context():
        db.session.execute(update(UserSession).values(proved_at=utcnow() - timedelta(hours=1)))
        commit()
    form = {"role": "administrator", "reason": "Call"}
    answer = operator.post(f"/operator/organisations/{world.acme}/seeing", form)
    assert answer.status_code != 303
    assert operator.get(f"/o/{world.acme}/").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"), [("reason", ""), ("reason", "x" * 201), ("role", "king")]
)
def test_bad_input_begins_nothing(operator: Person, world: World, field: str, value: str) -> None:
    form = {"role": "administrator", "reason": "Call", field: value}
    answer = operator.post(f"/operator/organisations/{world.acme}/seeing", form)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert events(world, world.acme_id) == []


def test_a_second_step_that_the_organisation_asks_for_is_asked_of_the_operator(
    operator: Person, world: World
) -> None:
    with world.portal.app_context():
        db.session.execute(
            update(Organisation)
            .where(Organisation.id == world.acme_id)
            .values(require_two_factor=True)
        )
        commit()
    form = {"role": "administrator", "reason": "Call"}
    answer = operator.post(f"/operator/organisations/{world.acme}/seeing", form)
    assert answer.status_code == 422
    assert "two-factor" in answer.text


def test_personal_spaces_are_nobodys_business(operator: Person, world: World) -> None:
    with world.portal.app_context(), unscoped("a personal space"):
        own = Organisation(
            name="Rita",
            sort_name="rita",
            kind="personal",
            personal_user_id=world.user_ids["reader@acme.test"],
            created_at=utcnow(),
            path="/999999/",
        )
        db.session.add(own)
        commit()
        public_id = own.public_id
    form = {"role": "administrator", "reason": "Call"}
    assert operator.post(f"/operator/organisations/{public_id}/seeing", form).status_code == 422


# Over the whole URL map


def test_nothing_can_be_changed_anywhere(seer: Person, world: World) -> None:
    for rule, method in calls(world.portal):
        if method == "GET" or rule.endpoint in OPEN_WHILE_SEEING:
            continue
        url = url_of(world.portal, rule, world.acme)
        assert call(seer, method, url) == 403, f"{method} {url}"
    assert events(world, world.acme_id) == [BEGUN]


def test_the_refusal_says_what_to_do(seer: Person, world: World) -> None:
    answer = seer.post(f"/o/{world.acme}/settings", {"colour": "1"})
    assert answer.status_code == 403
    assert "can change nothing. End it first." in answer.text


def test_no_get_fails_because_it_may_not_write(seer: Person, world: World) -> None:
    for rule, method in calls(world.portal):
        access = access_of(world.portal, rule.endpoint)
        if method != "GET" or not (access is MEMBER or isinstance(access, Permission)):
            continue
        url = url_of(world.portal, rule, world.acme)
        assert call(seer, "GET", url) in (200, 303, 403, 404, 410, 422), url


def test_a_get_that_writes_is_refused_by_the_database(
    seer: Person, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(org: str) -> str:
        db.session.execute(update(User).values(name="Mallory"))
        return "done"

    careless.__access__ = MEMBER  # type: ignore[attr-defined]
    monkeypatch.setitem(world.portal.view_functions, "orgs.overview", careless)
    answer = seer.get(f"/o/{world.acme}/")
    assert answer.status_code == 403
    assert "can change nothing" in answer.text
    with world.portal.app_context():
        assert "Mallory" not in db.session.scalars(select(User.name)).all()


def test_a_get_that_reveals_a_secret_is_refused(
    seer: Person, admin: Person, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = core_access.reveals(core_access.allow(MEMBER)(lambda org: "secret"))
    monkeypatch.setitem(world.portal.view_functions, "orgs.overview", view)
    assert admin.get(f"/o/{world.acme}/").text == "secret"
    assert seer.get(f"/o/{world.acme}/").status_code == 403


def test_customers_are_not_concerned(seer: Person, admin: Person, world: World) -> None:
    assert admin.get(f"/o/{world.acme}/settings").status_code == 200
    assert admin.post("/preferences/language", {"language": "de"}).status_code == 303


def test_the_two_ways_out_exist(portal: Portal) -> None:
    assert set(portal.view_functions) >= OPEN_WHILE_SEEING
    assert all(access_of(portal, name) is not PUBLIC for name in OPEN_WHILE_SEEING)
