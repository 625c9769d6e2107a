"""A program as it speaks to the API: a token and a client without cookies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.cast import World
from webapp.accounts.models import User
from webapp.api.services import create_token
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.principal import NOBODY
from webapp.core.tenancy import scope, unscoped
from webapp.orgs.permissions import Permission


@dataclass
class Program:
    """Somebody's program. `token` is the text that it shows."""

    world: World
    token: str
    client: FlaskClient

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(f"/api/v1{path}", headers=self._headers(more), **more)

    def post(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self.client.post(f"/api/v1{path}", json=json, headers=self._headers(more), **more)

    def call(self, method: str, url: str) -> TestResponse:
        """Any path of the portal."""
        return self.client.open(url, method=method, headers=self._headers({}), json={})

    def _headers(self, more: dict[str, Any]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}


MakeProgram = Callable[..., Program]


@pytest.fixture
def make_program(world: World) -> MakeProgram:
    """Its maker by mail address, in Acme unless the maker is Globex's."""

    def make(*permissions: Permission, maker: str = "admin@acme.test", days: int = 30) -> Program:
        org_id = world.globex_id if maker.endswith("globex.test") else world.acme_id
        with world.portal.app_context():
            with unscoped("a test's maker"):
                user = db.session.scalars(select(User).where(User.email == maker)).one()
            with scope(org_id):
                _row, text = create_token(
                    "Ticket system",
                    permissions or list(Permission),
                    expires_on=utcnow().date() + timedelta(days=days),
                    organisation_id=org_id,
                    maker=user,
                    makers=list(Permission),
                    by=NOBODY,
                    now=utcnow(),
                )
                commit()
        return Program(world, text, world.portal.test_client(use_cookies=False))

    return make


@pytest.fixture
def program(make_program: MakeProgram) -> Program:
    """May do everything that Acme's administrator may."""
    return make_program()
