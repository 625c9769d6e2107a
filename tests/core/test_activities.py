"""Long work goes on where it stood, whatever dies, and ends in one of three ways."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.cast import World
from webapp.core import activities
from webapp.core.activities import Activity, activity, ask_to_cancel, run_activities, start
from webapp.core.clock import utcnow
from webapp.core.db import commit, db, rollback
from webapp.core.errors import Refusal
from webapp.core.jobs import JobState
from webapp.core.names import sort_name
from webapp.core.principal import Actor, Principal, acting, acting_as
from webapp.core.tenancy import scope, unscoped
from webapp.core.web import Portal
from webapp.orgs.models import Organisation

pytestmark = pytest.mark.feature("Q-33")


class Died(BaseException):
    """As kill -9 does: nobody gets to tidy up."""


trouble: dict[str, object] = {}


@activity("test_rename")
def rename_step(work: Activity) -> bool:
    """Appends one letter a step to the organisation's name: doubles and losses show."""
    n = work.finished
    trouble["acted"] = (acting().label, acting().org)
    organisation = db.session.scalars(
        select(Organisation).where(Organisation.id == work.organisation_id)
    ).one()
    organisation.name += "x"
    organisation.sort_name = sort_name(organisation.name)
    db.session.flush()
    if trouble.pop(f"dies at {n}", None):
        raise Died
    if trouble.pop(f"fails at {n}", None):
        raise RuntimeError("a secret detail")
    if trouble.pop(f"refuses at {n}", None):
        raise Refusal("The tank is full.")
    if trouble.pop(f"cancels at {n}", None):
        ask_to_cancel(work, now=utcnow())
    work.finished += 1
    work.cursor = {"after": n}
    return work.finished == work.total


@pytest.fixture
def desk(world: World, ground: Portal) -> Iterator[World]:
    trouble.clear()
    ada = Principal(Actor.USER, world.user_ids["admin@acme.test"], "Ada", org=world.acme_id)
    with acting_as(ada), scope(world.acme_id):
        yield world
        rollback()


def begin(world: World, total: int = 5) -> Activity:
    work = start(
        "test_rename", title="Rename", total=total, organisation_id=world.acme_id, now=utcnow()
    )
    commit()
    return work


def run() -> None:
    with unscoped("as the worker does"):
        run_activities()


def later() -> None:
    """Leases run out and pauses are over."""
    with unscoped("time passes"):
        past = utcnow() - timedelta(seconds=1)
        db.session.execute(update(Activity).values(claimed_until=past, due_at=past))
        commit()


def as_stored() -> tuple[Activity, str]:
    db.session.expire_all()
    with unscoped("test looks"):
        work = db.session.scalars(select(Activity)).one()
        name = db.session.scalars(
            select(Organisation.name).where(Organisation.id == work.organisation_id)
        ).one()
    return work, name


def test_steps_run_as_who_asked_until_all_is_done(desk: World) -> None:
    begin(desk)
    run()
    work, name = as_stored()
    assert (work.state, work.finished, name) == (JobState.DONE, 5, "Acmexxxxx")
    assert work.ended_at is not None
    assert trouble["acted"] == ("Ada", desk.acme_id)


@pytest.mark.parametrize("n", [0, 2, 4])
def test_a_worker_that_dies_in_a_step_loses_and_doubles_nothing(desk: World, n: int) -> None:
    begin(desk)
    trouble[f"dies at {n}"] = True
    with pytest.raises(Died):
        run()
    rollback()
    assert as_stored()[0].finished == n
    run()
    assert as_stored()[0].finished == n, "the dead worker's claim still holds"
    later()
    run()
    work, name = as_stored()
    assert (work.state, work.finished, name) == (JobState.DONE, 5, "Acmexxxxx")


def test_an_error_is_tried_again_and_its_words_stay_inside(desk: World) -> None:
    begin(desk)
    trouble["fails at 3"] = True
    run()
    work, name = as_stored()
    assert (work.state, work.finished, name) == (JobState.WAITING, 3, "Acmexxx")
    assert "secret" not in (work.last_error or "")
    later()
    run()
    assert as_stored()[1] == "Acmexxxxx"


def test_an_error_that_stays_ends_it(desk: World) -> None:
    begin(desk)
    trouble["fails at 0"] = True
    with unscoped("long ago"):
        db.session.execute(update(Activity).values(first_due_at=utcnow() - timedelta(hours=1)))
        commit()
    run()
    work, name = as_stored()
    assert (work.state, name) == (JobState.FAILED, "Acme")
    assert work.ended_at is not None


def test_a_refusal_ends_it_with_its_words(desk: World) -> None:
    begin(desk)
    trouble["refuses at 1"] = True
    run()
    work, name = as_stored()
    assert (work.state, work.last_error, name) == (JobState.FAILED, "The tank is full.", "Acmex")


def test_it_can_be_cancelled_between_steps_and_keeps_what_was_done(desk: World) -> None:
    begin(desk)
    trouble["cancels at 2"] = True
    run()
    work, name = as_stored()
    assert (work.state, work.finished, name) == (JobState.CANCELLED, 3, "Acmexxx")
    with pytest.raises(Refusal):
        ask_to_cancel(work, now=utcnow())


def test_others_have_their_turn_after_a_slice(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activities, "SLICE_SECONDS", 0)
    begin(desk)
    for done in range(1, 5):
        run()
        work, _ = as_stored()
        assert (work.state, work.finished) == (JobState.WAITING, done)
    run()
    assert as_stored()[0].state == JobState.DONE


def test_what_ended_a_month_ago_goes(desk: World) -> None:
    begin(desk)
    run()
    with unscoped("a month passes"):
        db.session.execute(update(Activity).values(ended_at=utcnow() - timedelta(days=31)))
        commit()
    with unscoped("as the clock does"):
        activities.remove_old()
    assert db.session.scalars(select(Activity)).all() == []


def test_an_unknown_kind_is_a_defect_of_the_caller(desk: World) -> None:
    with pytest.raises(ValueError, match="no step"):
        start("nothing", title="?", organisation_id=desk.acme_id, now=utcnow())
