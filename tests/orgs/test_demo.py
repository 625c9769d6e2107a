"""The demonstration's data: there after one run, the same after the second."""

import json

import pytest
from sqlalchemy import func, select

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.orgs import demo
from webapp.orgs.models import Membership, Organisation


def seed(portal: Portal) -> str:
    result = portal.test_cli_runner().invoke(args=["demo", "seed"])
    assert result.exit_code == 0, result.output
    return result.output


def count(portal: Portal, table: type) -> int:
    with portal.app_context(), unscoped("counting"):
        return db.session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.feature("P-10")
def test_seeding_twice_makes_everything_once(portal: Portal) -> None:
    said = seed(portal)
    first = [count(portal, table) for table in (User, Organisation, Membership)]
    assert seed(portal) == said
    assert [count(portal, table) for table in (User, Organisation, Membership)] == first
    assert first == [4, 5 + 4, 3 + 4], "four people, each with a space of their own"


def test_the_accounts_are_those_that_the_launcher_tells(portal: Portal) -> None:
    said = seed(portal)
    for username, email in demo.ACCOUNTS.items():
        assert f"{email}  ({username})  {demo.PASSWORD}" in said
    with portal.app_context():
        people = {u.email: u for u in db.session.scalars(select(User))}
    assert people["operator@outpost.test"].is_operator
    assert not any(u.must_change_password for u in people.values())


def test_the_fleet_is_a_json_list(portal: Portal) -> None:
    seed(portal)
    result = portal.test_cli_runner().invoke(args=["demo", "fleet"])
    assert isinstance(json.loads(result.output), list)
