"""Nobody hands out what they don't have; no organisation loses its last administrator (P-13, P-15)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests import make
from tests.cast import Person, World, sign_in
from tests.orgs.test_users import filled, save, url
from tests.orgs.trees import Tree, membership, person, public_id, user
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Organisation

ADMIN, READER = "admin@acme.test", "reader@acme.test"


@pytest.fixture
def clerk(world: World) -> Person:
    """May add and edit users, and see the organisation: nothing else."""
    with world.portal.app_context(), unscoped("a clerk"):
        row = make.user("clerk@acme.test")
        acme = db.session.get_one(Organisation, world.acme_id)
        grants = ["organisation:users:read", "organisation:users:edit"]
        make.membership(row, acme, grants=grants)
        world.user_ids["clerk@acme.test"] = row.id
        commit()
    return sign_in(world, "clerk@acme.test")


# No escalation


@pytest.mark.feature("P-15")
def test_one_is_offered_only_what_one_has(clerk: Person, world: World) -> None:
    page = clerk.get(url(world.acme, "/new")).text
    assert 'value="organisation:users:edit"' in page
    assert 'value="organisation:audit:read"' not in page
    assert 'value="administrator"' not in page


@pytest.mark.feature("P-13", "P-15")
@pytest.mark.parametrize(
    "rights", [{"roles": ["administrator"]}, {"grants": ["organisation:audit:read"]}]
)
def test_nobody_gives_what_they_do_not_have(
    clerk: Person, world: World, rights: dict[str, list[str]]
) -> None:
    form = filled(world.acme, roles=[], grants=["organisation:users:read"]) | rights
    assert clerk.post(url(world.acme, "/new"), form).status_code == 422


def test_nobody_raises_themselves(clerk: Person, world: World) -> None:
    answer = save(clerk, world.acme, "clerk@acme.test", roles=["administrator"])
    assert answer.status_code == 422
    found = membership(world, "clerk@acme.test", world.acme_id)
    assert found is not None
    assert found.roles == []


@pytest.mark.parametrize("path", ["removal", "deactivation", "password"])
def test_nobody_touches_somebody_who_may_more(clerk: Person, world: World, path: str) -> None:
    """A password set is an account taken over."""
    before = user(world, ADMIN)
    where = url(world.acme, f"/{before.public_id}/{path}")
    assert clerk.post(where, {"password": "Correct-Horse-7-Staple"}).status_code == 422
    after = user(world, ADMIN)
    assert (after.is_active, after.password_hash) == (True, before.password_hash)
    assert membership(world, ADMIN, world.acme_id) is not None


def test_nobody_demotes_somebody_who_may_more(clerk: Person, world: World) -> None:
    person(world, "second@acme.test", (world.acme, "administrator"))
    answer = save(
        clerk, world.acme, "second@acme.test", roles=[], grants=["organisation:users:read"]
    )
    assert answer.status_code == 422
    assert "you don&#39;t have yourself" in answer.text


def test_rights_below_do_not_reach_up(tree: Tree) -> None:
    person(
        tree.world, "nora@north.test", (tree.north, "administrator"), (tree.world.acme, "reader")
    )
    nora = sign_in(tree.world, "nora@north.test")
    assert nora.get(url(tree.world.acme, "/new")).status_code == 403
    form = filled(tree.world.acme)
    assert nora.post(url(tree.north, "/new"), form).status_code == 422
    own = url(tree.north, f"/{public_id(tree.world, 'nora@north.test')}/edit")
    assert nora.get(own).status_code == 200


# The last administrator


LAST = "is the last administrator"


@pytest.mark.feature("P-13")
def test_the_last_administrator_is_neither_removed_nor_demoted(admin: Person, world: World) -> None:
    where = url(world.acme, f"/{public_id(world, ADMIN)}/removal")
    answer = admin.post(where)
    assert answer.status_code == 422
    assert LAST in answer.text
    answer = save(admin, world.acme, ADMIN, roles=["reader"])
    assert answer.status_code == 422
    assert LAST in answer.text
    found = membership(world, ADMIN, world.acme_id)
    assert found is not None
    assert found.roles == ["administrator"]


@pytest.mark.feature("P-13")
def test_the_last_administrator_can_not_be_moved_away(admin: Person, tree: Tree) -> None:
    answer = save(admin, tree.world.acme, ADMIN, roles=["administrator"], organisation=tree.north)
    assert answer.status_code == 422
    assert LAST in answer.text


@pytest.mark.feature("P-13")
def test_the_last_administrator_of_any_organisation_stays_active(admin: Person, tree: Tree) -> None:
    person(tree.world, "nora@north.test", (tree.north, "administrator"))
    where = url(tree.north, f"/{public_id(tree.world, 'nora@north.test')}/deactivation")
    answer = admin.post(where)
    assert answer.status_code == 422
    assert "North" in answer.text
    person(tree.world, "nils@north.test", (tree.north, "administrator"))
    assert admin.post(where).status_code == 303


def test_a_deactivated_administrator_does_not_count(admin: Person, world: World) -> None:
    from webapp.core.clock import utcnow

    person(world, "gone@acme.test", (world.acme, "administrator"), deactivated_at=utcnow())
    where = url(world.acme, f"/{public_id(world, ADMIN)}/removal")
    assert admin.post(where).status_code == 422


def race(world: World, *requests: tuple[Person, str, dict[str, Any]]) -> list[int]:
    """All at the same moment."""
    with ThreadPoolExecutor(len(requests)) as pool:
        sent = [pool.submit(who.post, where, form) for who, where, form in requests]
        return sorted(each.result().status_code for each in sent)


@pytest.mark.feature("P-13")
@pytest.mark.parametrize("path", ["removal", "deactivation"])
def test_two_administrators_can_not_put_each_other_out_at_once(world: World, path: str) -> None:
    emails = [ADMIN, "second@acme.test"]
    person(world, "second@acme.test", (world.acme, "administrator"))
    first, second = (sign_in(world, email) for email in emails)
    urls = [url(world.acme, f"/{public_id(world, email)}/{path}") for email in reversed(emails)]
    answers = race(world, (first, urls[0], {}), (second, urls[1], {}))
    assert answers.count(303) == 1, answers
    left = [
        email
        for email in emails
        if membership(world, email, world.acme_id) and user(world, email).is_active
    ]
    assert len(left) == 1
