"""A trade that is switched off (P-17): its pages and API say so, nothing else shows it, nothing is lost."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from tests.api.programs import MakeProgram, make_program
from tests.cast import Person, World
from tests.orgs.trees import version_in
from tests.printers.conftest import SERIAL, Field, acme
from tests.printers.desk import call_for_help
from tests.rules.test_access import calls, url_of
from webapp.api.access import ApiToken
from webapp.core.access import access_of
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.devices.models import DeviceKind
from webapp.orgs.access import MEMBER
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission
from webapp.orgs.trades import KINDS, PATHS, SERVED, trade_of
from webapp.orgs.words import TRADES

__all__ = ["acme", "make_program"]

pytestmark = pytest.mark.feature("P-17")


def choose(world: World, *trades: str) -> None:
    with world.portal.app_context(), unscoped("a setting"):
        row = db.session.scalars(select(Organisation).where(Organisation.id == world.acme_id)).one()
        row.trades = list(trades)
        commit()


def home(world: World) -> str:
    return f"/o/{world.acme}/"


def test_every_page_of_the_trade_says_so(world: World, admin: Person) -> None:
    """Generated from the URL map: no page of the trade is forgotten, no other is touched."""
    choose(world, "fuel")
    asked = 0
    for rule, method in calls(world.portal):
        access = access_of(world.portal, rule.endpoint)
        if access is not MEMBER and not isinstance(access, Permission):
            continue
        url = url_of(world.portal, rule, world.acme)
        if trade_of(rule.rule) != "printers":
            assert not rule.endpoint.startswith("printers."), rule.endpoint
            continue
        answer = admin.get(url) if method == "GET" else admin.post(url, method=method)
        assert answer.status_code == 403, f"{method} {url}"
        assert "Printers: switched off" in answer.text, f"{method} {url}"
        asked += 1
    assert asked > 20


def test_pages_of_no_trade_are_not_touched(world: World, admin: Person) -> None:
    choose(world, "fuel")
    for page in ("", "settings", "audit", "users"):
        assert admin.get(home(world) + page, follow_redirects=True).status_code == 200


def test_the_page_names_who_switched_it_off_and_leads_to_the_switch(
    world: World, admin: Person, reader: Person
) -> None:
    url = f"{home(world)}settings"
    choose(world, "printers", "fuel")
    with world.portal.app_context():
        from webapp.audit import log
        from webapp.core.principal import Actor, Principal
        from webapp.orgs.events import OrgEvent

        log.record(
            OrgEvent.SETTINGS_CHANGED,
            organisation_id=world.acme_id,
            kind="organisation",
            id=world.acme,
            detail={"changes": {"trades": [["printers", "fuel"], ["fuel"]]}},
            by=Principal(Actor.USER, 1, "Anna Rossi"),
        )
        commit()
    choose(world, "fuel")
    page = admin.get(f"{home(world)}printers").text
    assert "Anna Rossi switched this off for Acme." in page
    assert f'href="{url}"' in page
    page = reader.get(f"{home(world)}printers").text
    assert "admin@acme.test" in page
    assert f'href="{url}"' not in page


def test_strangers_learn_nothing(world: World, stranger: Person) -> None:
    choose(world, "fuel")
    assert stranger.get(f"{home(world)}printers").status_code == 404


def test_the_api_answers_a_problem(
    world: World, admin: Person, make_program: MakeProgram, acme: Field
) -> None:
    program = make_program(Permission.PRINTERS_READ, Permission.PRINTER_REQUESTS_READ)
    assert program.get("/printers").status_code == 200
    choose(world, "fuel")
    asked = 0
    for rule, method in calls(world.portal):
        access = access_of(world.portal, rule.endpoint)
        if isinstance(access, ApiToken) and trade_of(rule.rule) == "printers" and method == "GET":
            answer = program.call("GET", url_of(world.portal, rule, world.acme))
            assert answer.status_code == 403, rule.rule
            assert answer.content_type == "application/problem+json"
            assert answer.json is not None
            assert (answer.json["code"], answer.json["trade"]) == ("trade_off", "printers")
            asked += 1
    assert asked >= 4


def test_tiles_search_and_menu_leave_it_out(world: World, admin: Person, acme: Field) -> None:
    find = f"{home(world)}search?q={SERIAL}"
    assert SERIAL in re.sub(r"<input[^>]*>|<title>.*?</title>", "", admin.get(find).text)
    choose(world, "fuel")
    page = admin.get(home(world)).text
    assert f"{home(world)}printers" not in page
    assert f"{home(world)}printers" not in admin.get(find).text
    choose(world)
    assert f"{home(world)}printers" in admin.get(home(world)).text
    assert f"{home(world)}printers" in admin.get(find).text


def test_devices_are_served_and_nothing_is_lost(world: World, admin: Person, acme: Field) -> None:
    choose(world, "fuel")
    made = call_for_help(acme)
    page = f"{home(world)}printers/requests/{made.public_id}"
    assert admin.get(page).status_code == 403
    choose(world, "fuel", "printers")
    assert admin.get(page).status_code == 200


def test_below_one_decides_for_oneself(world: World, admin: Person) -> None:
    """What the organisation above switched off stays on below."""
    from tests import make

    with world.portal.app_context(), unscoped("a branch"):
        acme = db.session.get_one(Organisation, world.acme_id)
        below = make.organisation("North", parent=acme).public_id
        commit()
    choose(world, "fuel")
    assert admin.get(f"/o/{below}/printers").status_code in (200, 308)


def test_switching_on_again_by_the_form(world: World, admin: Person) -> None:
    choose(world, "fuel")
    url = f"{home(world)}settings"
    data = {"colour": "", "trades": ["printers"], "version": version_in(admin.get(url).text)}
    assert admin.post(url, data).status_code == 303
    assert admin.get(f"{home(world)}printers", follow_redirects=True).status_code == 200


def test_every_trade_and_kind_of_device_is_mapped(world: World) -> None:
    trades = {name for name, _label, _icon in TRADES}
    assert set(PATHS) == trades
    assert set(KINDS) == {kind.value for kind in DeviceKind}
    assert set(KINDS.values()) == trades


def test_every_rule_of_a_trade_s_package_is_mapped(world: World) -> None:
    """A new page or endpoint under a path that the map does not know is found here."""
    packages = {f"webapp.{name}": name for name in PATHS}
    for rule in world.portal.url_map.iter_rules():
        view = world.portal.view_functions[rule.endpoint]
        trade = packages.get(".".join(view.__module__.split(".")[:2]))
        if trade is not None and not rule.rule.startswith((*SERVED, "/operator/")):
            assert trade_of(rule.rule) == trade, rule.rule
        if trade is None:
            assert trade_of(rule.rule) is None, rule.rule


@pytest.mark.parametrize(
    ("rule", "trade"),
    [
        ("/o/<org>/printers", "printers"),
        ("/o/<org>/printers/requests", "printers"),
        ("/o/<org>/printers-of-old", None),
        ("/api/v1/printer-requests", "printers"),
        ("/device/v1/printers/launch", None),
        ("/o/<org>/", None),
    ],
)
def test_a_path_belongs_to_a_trade_by_whole_words(rule: str, trade: str | None) -> None:
    assert trade_of(rule) == trade
