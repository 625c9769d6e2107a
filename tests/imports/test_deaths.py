"""P-42, Q-10: whoever dies at whatever line, nothing is doubled and nothing is lost; cancelling takes all back."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.imports.conftest import Desk, claims_run_out
from webapp.core.activities import run_activities
from webapp.core.tenancy import unscoped
from webapp.devices.models import Device, Ownership
from webapp.imports import checking, committing, staging, undoing
from webapp.imports.models import ImportRow
from webapp.imports.subjects import Subject
from webapp.mail.models import Mail
from webapp.printers.models import Printer

pytestmark = pytest.mark.feature("P-42")
LINES = "name;serial\n" + "".join(f"P{n};S{n:03}\n" for n in range(25))
PEOPLE = "name;email;roles\n" + "".join(f"P{n};p{n}@acme.test;reader\n" for n in range(7))


class Died(BaseException):
    """As kill -9 does: nobody gets to tidy up."""


class Reaper:
    """Kills at the n-th passing of a crash point, once."""

    def __init__(self) -> None:
        self.at, self.passing = "", 0

    def __call__(self, name: str) -> None:
        if name == self.at:
            self.passing -= 1
            if self.passing == 0:
                raise Died


@pytest.fixture
def reaper(monkeypatch: pytest.MonkeyPatch) -> Reaper:
    found = Reaper()
    for module in (checking, committing, undoing):
        monkeypatch.setattr(module, "crash_point", found)
    for module, name in ((checking, "BATCH"), (staging, "BATCH")):
        monkeypatch.setattr(module, name, 10)
    monkeypatch.setattr(Subject, "finish_batch", 10)
    for name in ("good_rows", "made_rows", "made_rows_bare"):
        monkeypatch.setitem(getattr(staging, name).__kwdefaults__, "limit", 10)
    return found


def work_and_die(desk: Desk) -> None:
    """A worker that dies, then, when its claim has run out, another."""
    with pytest.raises(Died), desk.world.portal.app_context(), unscoped("as the worker does"):
        run_activities()
    claims_run_out(desk.world)
    desk.work()


@pytest.mark.parametrize(("point", "passing"), [("imports.check", 2), ("imports.same", 1)])
def test_a_death_while_checking(desk: Desk, reaper: Reaper, point: str, passing: int) -> None:
    url = desk.map(LINES)
    reaper.at, reaper.passing = point, passing
    work_and_die(desk)
    row = desk.row(url)
    assert (row.state, row.rows, row.faulty) == ("checked", 25, 0)
    assert len(desk.staged()) == 25


@pytest.mark.parametrize(
    ("point", "passing"),
    [
        ("imports.made", 2),
        ("imports.marked", 1),
        ("imports.marked", 3),
        ("imports.all_made", 1),
        ("imports.finished", 2),
        ("imports.closed", 1),
    ],
)
def test_a_death_while_committing(desk: Desk, reaper: Reaper, point: str, passing: int) -> None:
    url = desk.check(LINES)
    desk.commit(url)
    reaper.at, reaper.passing = point, passing
    work_and_die(desk)
    row = desk.row(url)
    assert (row.state, row.made) == ("committed", 25)
    for table in (Printer, Device, Ownership):
        assert desk.one(select(func.count()).select_from(table)) == 25
    ids = [line.made_id for line in desk.staged()]
    assert len(set(ids)) == 25


def test_a_death_among_the_mails_mails_each_once(users_desk: Desk, reaper: Reaper) -> None:
    url = users_desk.check(PEOPLE)
    users_desk.commit(url)
    reaper.at, reaper.passing = "imports.finished", 1
    work_and_die(users_desk)
    assert users_desk.state(url) == "committed"
    recipients = [m.recipient for m in users_desk.all(select(Mail))]
    assert sorted(recipients) == [f"p{n}@acme.test" for n in range(7)]


@pytest.mark.parametrize("passing", [1, 3])
def test_a_death_while_undoing(desk: Desk, reaper: Reaper, passing: int) -> None:
    url = desk.bring_in(LINES)
    desk.person.post(f"{url}/undos")
    reaper.at, reaper.passing = "imports.unmade", passing
    work_and_die(desk)
    assert desk.state(url) == "undone"
    assert desk.all(select(Device)) == []


def test_cancelling_a_commit_takes_back_what_it_made(desk: Desk, reaper: Reaper) -> None:
    url = desk.check(LINES)
    desk.commit(url)
    reaper.at, reaper.passing = "imports.made", 2
    with pytest.raises(Died), desk.world.portal.app_context(), unscoped("as the worker does"):
        run_activities()
    assert desk.one(select(func.count()).select_from(Printer)) == 10, "a batch is in already"
    assert desk.person.post(f"{url}/cancellations").status_code == 303
    claims_run_out(desk.world)
    desk.work()
    row = desk.row(url)
    assert (row.state, row.made, row.kept) == ("failed", 0, 0)
    assert desk.all(select(Device)) == []
    assert "Cancelled" in desk.person.get(url).text


def test_cancelling_among_the_mails_comes_too_late(users_desk: Desk, reaper: Reaper) -> None:
    url = users_desk.check(PEOPLE)
    users_desk.commit(url)
    reaper.at, reaper.passing = "imports.finished", 1
    with pytest.raises(Died), users_desk.world.portal.app_context(), unscoped("as the worker does"):
        run_activities()
    users_desk.person.post(f"{url}/cancellations")
    claims_run_out(users_desk.world)
    users_desk.work()
    assert users_desk.state(url) == "committed"
    assert len(users_desk.all(select(Mail))) == 7


def test_a_cancelled_check_can_begin_anew(desk: Desk) -> None:
    url = desk.map(LINES)
    desk.person.post(f"{url}/cancellations")
    desk.work()
    assert desk.state(url) == "uploaded"
    row = desk.row(url)
    desk.person.post(f"{url}/mapping", {"version": str(row.version), "column_name": "0"})
    desk.work()
    assert desk.state(url) == "checked"
    assert desk.one(select(func.count()).select_from(ImportRow)) == 25


def test_a_batch_that_can_not_be_made_takes_the_others_back(
    desk: Desk, reaper: Reaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = desk.check(LINES)
    desk.commit(url)
    reaper.at, reaper.passing = "imports.marked", 2
    with pytest.raises(Died), desk.world.portal.app_context(), unscoped("as the worker does"):
        run_activities()
    desk.bring_in("name;serial\nOther;S020\n")
    claims_run_out(desk.world)
    desk.work()
    assert desk.state(url) == "failed"
    assert [p.name for p in desk.all(select(Printer))] == ["Other"]
