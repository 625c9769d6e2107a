"""The query guard: one organisation's statements never see another's rows, and forgetting the scope is loud."""

from __future__ import annotations

import gc

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from tests import make
from tests.cast import World
from webapp.accounts.models import User
from webapp.core.clock import utcnow
from webapp.core.db import Base, db, rollback
from webapp.core.tenancy import (
    Global,
    Linked,
    OutsideScope,
    Owned,
    ShapeMissing,
    TwoParty,
    check_shapes,
    scope,
    unscoped,
)
from webapp.core.web import Portal
from webapp.orgs.models import Membership, Organisation
from webapp.printers.models import PanicButton
from webapp.printers.services import create_button

pytestmark = pytest.mark.feature("P-11")


@pytest.fixture
def buttons(ground: Portal, world: World) -> World:
    """One panic button in each organisation."""
    for name, number in (("Acme's", world.acme_id), ("Globex's", world.globex_id)):
        with scope(number):
            create_button(
                name,
                organisation_id=number,
                technician_emails=[],
                language="en",
                languages=["en"],
                now=utcnow(),
            )
    return world


def test_a_scope_shows_one_organisation(buttons: World) -> None:
    with scope(buttons.acme_id):
        assert db.session.scalars(select(PanicButton.name)).all() == ["Acme's"]
        assert db.session.scalar(select(func.count()).select_from(PanicButton)) == 1


def test_joins_aliases_and_subqueries_are_scoped_too(buttons: World) -> None:
    other = aliased(PanicButton)
    with scope(buttons.acme_id):
        joined = select(other.name).join(Organisation, Organisation.id == other.organisation_id)
        assert db.session.scalars(joined).all() == ["Acme's"]
        inside = select(User.id).where(
            select(PanicButton.id).where(PanicButton.name == "Globex's").exists()
        )
        assert db.session.scalars(inside).all() == []


def test_updates_touch_only_the_scope(buttons: World) -> None:
    with scope(buttons.acme_id):
        db.session.execute(update(PanicButton).values(name="renamed"))
    with unscoped("looking at both"):
        assert set(db.session.scalars(select(PanicButton.name))) == {"renamed", "Globex's"}


def test_below_shows_the_tree_under_an_organisation(buttons: World) -> None:
    with unscoped("making a branch"):
        acme = db.session.scalars(
            select(Organisation).where(Organisation.id == buttons.acme_id)
        ).one()
        branch = make.organisation("Branch", parent=acme)
        create_button(
            "Branch's",
            organisation_id=branch.id,
            technician_emails=[],
            language="en",
            languages=["en"],
            now=utcnow(),
        )
    with scope(buttons.acme_id, path=acme.path):
        assert set(db.session.scalars(select(PanicButton.name))) == {"Acme's", "Branch's"}


def test_one_tree_after_another_are_kept_apart(buttons: World) -> None:
    """What SQLAlchemy caches of one scope must never serve the next."""
    for number, name in ((buttons.acme_id, "Acme's"), (buttons.globex_id, "Globex's")) * 2:
        with scope(number, path=f"/{number}/"):
            assert db.session.scalars(select(PanicButton.name)).all() == [name]
        with scope(number):
            assert db.session.scalars(select(PanicButton.name)).all() == [name]


def test_the_tree_of_one_is_not_the_tree_of_eleven(buttons: World) -> None:
    with unscoped("an organisation whose number begins alike"):
        other = make.organisation("Eleven")
        other.path = f"/{buttons.acme_id}1/"
        db.session.flush()
        create_button(
            "Eleven's",
            organisation_id=other.id,
            technician_emails=[],
            language="en",
            languages=["en"],
            now=utcnow(),
        )
    with scope(buttons.acme_id, path=f"/{buttons.acme_id}/"):
        assert db.session.scalars(select(PanicButton.name)).all() == ["Acme's"]


@pytest.mark.parametrize(
    "statement",
    [
        select(PanicButton),
        select(PanicButton.name),
        select(func.count()).select_from(PanicButton),
        select(User.id).join(Membership, Membership.user_id == User.id),
        select(User.id).where(select(Membership.id).exists()),
        update(PanicButton).values(name="x"),
    ],
)
def test_outside_a_scope_a_tenants_table_raises(ground: Portal, statement: object) -> None:
    with pytest.raises(OutsideScope):
        db.session.execute(statement)


def test_a_new_row_must_belong_to_the_scope(buttons: World) -> None:
    with scope(buttons.acme_id):
        db.session.add(
            PanicButton(
                organisation_id=buttons.globex_id, name="x", sort_name="x", created_at=utcnow()
            )
        )
        with pytest.raises(OutsideScope):
            db.session.flush()
    rollback()


def test_a_new_row_needs_a_scope(buttons: World) -> None:
    db.session.add(
        PanicButton(organisation_id=buttons.acme_id, name="x", sort_name="x", created_at=utcnow())
    )
    with pytest.raises(OutsideScope):
        db.session.flush()
    rollback()


def test_every_table_has_exactly_one_shape(portal: Portal) -> None:
    check_shapes()


def test_a_table_without_a_shape_stops_the_start(portal: Portal) -> None:
    class Forgotten(Base):
        __tablename__ = "forgotten"
        id = db.Column(db.Integer, primary_key=True)

    try:
        with pytest.raises(ShapeMissing, match="Forgotten"):
            check_shapes()
    finally:
        Base.registry._dispose_cls(Forgotten)
        Base.metadata.remove(Forgotten.__table__)
        del Forgotten
        gc.collect()


def test_owned_tables_begin_their_indexes_with_the_organisation(portal: Portal) -> None:
    """Every list filters by the organisation first (decision 14): each tenant table has such an index."""
    for mapper in Base.registry.mappers:
        if not issubclass(mapper.class_, Owned):
            continue
        table = mapper.local_table
        firsts = {next(iter(index.columns)).name for index in table.indexes if index.columns}
        firsts |= {next(iter(c.columns)).name for c in table.constraints if len(c.columns)}
        assert any(name.endswith("_id") and name != "id" for name in firsts), table.name


def test_the_shapes_are_known(portal: Portal) -> None:
    for mapper in Base.registry.mappers:
        assert issubclass(mapper.class_, (Owned, TwoParty, Linked, Global))
