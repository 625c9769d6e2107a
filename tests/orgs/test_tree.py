"""The tree under two hands at once: paths stay true, no loop ever comes about (P-10)."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from tests import make
from tests.cast import World
from tests.orgs.trees import Tree
from webapp.core.clock import utcnow
from webapp.core.db import commit, db, rollback
from webapp.core.errors import Refusal
from webapp.core.principal import Actor, Principal
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.orgs.models import Organisation
from webapp.orgs.services.tree import Particulars, create_organisation, move_organisation

pytestmark = pytest.mark.feature("P-10")

BY = Principal(Actor.JOB, None, "tests")


def find(public_id: str) -> Organisation:
    return db.session.scalars(select(Organisation).where(Organisation.public_id == public_id)).one()


def move(portal: Portal, what: str, below: str) -> str:
    """In a request of its own; how it ended."""
    with portal.app_context(), unscoped("tests"):
        try:
            move_organisation(find(what), below=find(below), by=BY)
            commit()
        except Refusal:
            rollback()
            return "refused"
        except StaleDataError:
            rollback()
            return "conflict"
        finally:
            db.session.remove()
        return "moved"


def assert_paths_are_true(portal: Portal) -> None:
    with portal.app_context():
        rows = {o.id: o for o in db.session.scalars(select(Organisation))}
    for row in rows.values():
        above, ids = row, [row.id]
        while above.parent_id is not None:
            above = rows[above.parent_id]
            assert above.id not in ids, f"a loop through {row.name}"
            ids.insert(0, above.id)
        assert row.path == "/" + "".join(f"{i}/" for i in ids), row.name


def test_two_that_hang_under_each_other_at_once_make_no_loop(tree: Tree) -> None:
    portal = tree.world.portal
    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            ends = [
                pool.submit(move, portal, tree.north, tree.south),
                pool.submit(move, portal, tree.south, tree.north),
            ]
            found = sorted(e.result() for e in ends)
        assert found == ["moved", "refused"]
        assert_paths_are_true(portal)
        for each in (tree.north, tree.south):
            move(portal, each, tree.world.acme)


def test_many_moves_at_once_leave_every_path_true(world: World) -> None:
    """Who moves what somebody moved meanwhile is told so (409); nobody waits for ever."""
    with world.portal.app_context(), unscoped("a forest"):
        acme = db.session.get_one(Organisation, world.acme_id)
        rows = [acme, *(make.organisation(f"N{n}", parent=acme) for n in range(8))]
        commit()
        names = [row.public_id for row in rows]
    dice = random.Random(7)
    moves = [(dice.choice(names[1:]), dice.choice(names)) for _ in range(48)]
    with ThreadPoolExecutor(6) as pool:
        ends = list(pool.map(lambda pair: move(world.portal, *pair), moves))
    assert "moved" in ends
    assert_paths_are_true(world.portal)


def test_a_child_born_while_its_parent_moves_has_the_new_path(tree: Tree) -> None:
    portal = tree.world.portal

    def bear(number: int) -> None:
        with portal.app_context(), unscoped("tests"):
            north = find(tree.north)
            create_organisation(Particulars(f"Child {number}"), below=north, by=BY, now=utcnow())
            commit()
            db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(bear, n) for n in range(6)]
        jobs += [
            pool.submit(move, portal, tree.north, where)
            for where in (tree.south, tree.world.acme, tree.south)
        ]
        for job in jobs:
            job.result()
    assert_paths_are_true(portal)


def test_the_same_prefix_twice_at_once_is_given_once(world: World) -> None:
    def create(number: int) -> bool:
        with world.portal.app_context(), unscoped("tests"):
            try:
                wanted = Particulars(f"Twin {number}", prefix="TWIN")
                create_organisation(wanted, below=None, by=BY, now=utcnow())
                commit()
            except Refusal:
                rollback()
                return False
            finally:
                db.session.remove()
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(create, range(4))) == [False, False, False, True]


def test_a_move_that_would_dig_too_deep_is_refused(ground: Portal, world: World) -> None:
    with unscoped("tests"):
        low = high = db.session.get_one(Organisation, world.acme_id)
        for level in range(2, 9):
            low = make.organisation(f"L{level}", parent=low)
        other = db.session.get_one(Organisation, world.globex_id)
        for level in range(2, 7):
            other = make.organisation(f"G{level}", parent=other)
        with pytest.raises(Refusal, match="12 levels"):
            move_organisation(high, below=other, by=BY)
