"""The cast: the same people in all tests, each with a browser of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests import make
from webapp.accounts.models import User, UserSession
from webapp.core.clock import utcnow
from webapp.core.crypto import digest, token
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal

CSRF = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class World:
    """What stands before each test: public ids and numbers, no live rows."""

    portal: Portal
    acme: str = ""
    acme_id: int = 0
    globex: str = ""
    globex_id: int = 0
    user_ids: dict[str, int] = field(default_factory=dict)

    @classmethod
    def create(cls, portal: Portal) -> World:
        world = cls(portal)
        with portal.app_context(), unscoped("making the world of a test"):
            acme = make.organisation("Acme", prefix="ACME", may_create=True)
            globex = make.organisation("Globex", prefix="GLX")
            make.operator_organisation()
            people = {
                "admin@acme.test": (acme, "administrator", False),
                "reader@acme.test": (acme, "reader", False),
                "admin@globex.test": (globex, "administrator", False),
                "operator@outpost.test": (None, None, True),
            }
            for email, (organisation, role, is_operator) in people.items():
                user = make.user(email, is_operator=is_operator)
                world.user_ids[email] = user.id
                if organisation is not None and role is not None:
                    make.membership(user, organisation, role)
            world.acme, world.acme_id = acme.public_id, acme.id
            world.globex, world.globex_id = globex.public_id, globex.id
            commit()
        return world


@dataclass
class Person:
    """Somebody with a browser. `get` and `post` send what a browser would, CSRF token included."""

    world: World
    email: str | None
    client: FlaskClient

    @property
    def user_id(self) -> int:
        return self.world.user_ids[self.email or ""]

    def get(self, url: str, **more: Any) -> TestResponse:
        return self.client.get(url, **more)

    def fragment(self, url: str, **more: Any) -> TestResponse:
        """As htmx asks for a part of a page."""
        headers = {"HX-Request": "true", "HX-Request-Type": "partial", **more.pop("headers", {})}
        return self.client.get(url, headers=headers, **more)

    def post(self, url: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        with self.client.session_transaction() as cookie:
            cookie["csrf_token"] = CSRF
        secret = self.world.portal.config["SECRET_KEY"]
        signed = URLSafeTimedSerializer(secret, salt="wtf-csrf-token").dumps(CSRF)
        return self.client.post(url, data={"csrf_token": signed, **(data or {})}, **more)


def sign_in(world: World, email: str) -> Person:
    """A browser with a session row of this user, without the cost of a password hash."""
    secret, now = token(), utcnow()
    with world.portal.app_context(), unscoped("signing in the cast"):
        user = db.session.scalars(select(User).where(User.email == email)).one()
        db.session.add(
            UserSession(
                user=user,
                token_digest=digest(secret),
                created_at=now,
                last_seen_at=now,
                proved_at=now,
                address="127.0.0.1",
                user_agent="tests",
            )
        )
        commit()
    client = world.portal.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = secret
        cookie["_fresh"] = True
    return Person(world, email, client)
