"""A printer administrator is a user like any other (B-10, P-13): added, given the role, at home in printers alone."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.cast import Person, World, sign_in
from tests.printers.conftest import Field
from webapp.accounts.models import User
from webapp.core.db import commit, db

pytestmark = pytest.mark.feature("B-10")

NEW = {
    "name": "Carla Neri",
    "username": "carla",
    "email": "carla@acme.test",
    "roles": ["printer_admin"],
    "language": "en",
    "csv_delimiter": "comma",
    "csv_thousands": "none",
}


def test_a_printer_admin_works_on_printers_and_nothing_else(
    world: World, admin: Person, acme: Field
) -> None:
    added = admin.post(f"/o/{world.acme}/users/new", {**NEW, "organisation": world.acme})
    assert added.status_code == 303
    with world.portal.app_context():
        row = db.session.scalars(select(User).where(User.email == "carla@acme.test")).one()
        assert row.must_change_password, "what an administrator gives is a first password"
        row.must_change_password = False
        commit()
    carla = sign_in(world, "carla@acme.test")
    for path in (
        "/printers",
        "/printers/requests",
        "/printers/buttons",
        f"/printers/buttons/{acme.button}/edit",
    ):
        assert carla.get(f"/o/{world.acme}{path}").status_code == 200, path
    for path in ("/users", "/audit", "/settings"):
        assert carla.get(f"/o/{world.acme}{path}").status_code == 403, path
