"""Working on requests (B-9): list, page, every step and its guard, notes, answers, bulk, counts."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests import make
from tests.cast import Person, World, sign_in
from tests.printers.conftest import SERIAL, Field
from tests.printers.desk import base, call_for_help, change, hidden, one, rows, text_of
from webapp.audit.models import AuditRow
from webapp.core.clock import utcnow
from webapp.core.db import commit
from webapp.core.tenancy import unscoped
from webapp.mail.models import Mail
from webapp.orgs.models import Organisation
from webapp.printers.events import PrinterEvent
from webapp.printers.models import PanicReason, PanicRequest, PanicRequestEvent, RequestState

pytestmark = pytest.mark.feature("B-9")
FACTS = {
    "serial": SERIAL,
    "ip": "192.0.2.31",
    "counters": {"total": 580249, "black": 400000, "colour": 180249},
    "faults": ["Paper jam in tray 2"],
    "supplies": [{"name": "Black toner", "level_percent": 5, "state": "low"}],
}
NEW, IN_PROGRESS, DONE = RequestState


@pytest.fixture
def colleague(world: World) -> Person:
    """A second printer administrator of Acme."""
    with world.portal.app_context(), unscoped("a colleague joins"):
        from webapp.core.db import db

        acme = db.session.scalars(
            select(Organisation).where(Organisation.id == world.acme_id)
        ).one()
        user = make.user("colleague@acme.test", name="Carla Colleague")
        world.user_ids[user.email] = user.id
        make.membership(user, acme, "printer_admin")
        commit()
    return sign_in(world, "colleague@acme.test")


def url(acme: Field, request: PanicRequest, step: str = "") -> str:
    return f"{base(acme.world)}/requests/{request.public_id}{step}"


def now_is(acme: Field, request: PanicRequest) -> PanicRequest:
    found: PanicRequest = one(acme.world, select(PanicRequest).where(PanicRequest.id == request.id))
    return found


def do(who: Person, acme: Field, request: PanicRequest, step: str, **data: Any) -> TestResponse:
    """As the button on a fresh page does."""
    version = now_is(acme, request).version
    return who.post(url(acme, request, step), {"version": version, **data})


def history(acme: Field) -> list[str]:
    return rows(acme.world, select(PanicRequestEvent.kind).order_by(PanicRequestEvent.id))


def in_state(acme: Field, request: PanicRequest, state: RequestState) -> None:
    change(acme.world, select(PanicRequest).where(PanicRequest.id == request.id), state=state.value)


# The page ------------------------------------------------------------------------------------------------


def test_the_page_shows_everything_known_at_that_moment(acme: Field, admin: Person) -> None:
    path_language = {"badge_email": "anna@acme.test", "facts": FACTS}
    request = call_for_help(acme, message="It squeaks <b>loudly</b>.", **path_language)
    acme.launch(facts={**FACTS, "counters": {"total": 999999}})
    page = admin.get(url(acme, request))
    shown = text_of(page.text)
    for words in ("Request #1", "New", "anna@acme.test", "Colour 2nd floor", SERIAL, "192.0.2.31"):
        assert words in shown
    assert "580,249" in shown
    assert "999,999" not in shown
    assert "Paper jam in tray 2" in shown
    assert "Black toner" in shown
    assert "It squeaks &lt;b&gt;loudly&lt;/b&gt;." in page.text
    assert "Bourrage papier" in shown, "the technicians' language"
    assert "Paper jam, Toner or ink is out" in shown, "as they were ticked"
    assert "Opened at the printer" in shown


def test_the_page_lists_the_mails_about_it_and_no_others(acme: Field, admin: Person) -> None:
    first, second = call_for_help(acme, facts=FACTS), call_for_help(acme, facts=FACTS)
    page = admin.get(url(acme, first)).text
    assert page.count("technicians@acme.test") == 1 + 1, "once as mail, once as where replies go"
    assert "Waiting" in page
    assert len(rows(acme.world, select(Mail).where(Mail.cause_id == second.public_id))) == 3


def test_readers_look_but_have_no_buttons(acme: Field, reader: Person) -> None:
    request = call_for_help(acme, facts=FACTS)
    page = reader.get(url(acme, request)).text
    assert "It squeaks." in page
    assert "/assignments" not in page
    assert "/answers" not in page


# Steps ---------------------------------------------------------------------------------------------------


def test_take_note_done_reopen(acme: Field, admin: Person) -> None:
    request = call_for_help(acme, facts=FACTS)
    assert do(admin, acme, request, "/assignments").status_code == 303
    taken = now_is(acme, request)
    assert (taken.state, taken.assignee_id) == (IN_PROGRESS, admin.user_id)
    assert taken.taken_at is not None
    do(admin, acme, request, "/notes", **{"note-text": "Ordered a part."})
    assert do(admin, acme, request, "/completions").status_code == 303
    assert now_is(acme, request).done_at is not None
    assert do(admin, acme, request, "/reopenings").status_code == 303
    reopened = now_is(acme, request)
    assert (reopened.state, reopened.done_at) == (IN_PROGRESS, None)
    assert history(acme) == ["opened", "taken", "note", "done", "reopened"]
    shown = text_of(admin.get(url(acme, request)).text)
    assert "Ordered a part." in shown
    audited = rows(
        acme.world,
        select(AuditRow)
        .where(AuditRow.event == PrinterEvent.REQUEST_CHANGED)
        .order_by(AuditRow.seq),
    )
    assert [row.payload["detail"]["step"] for row in audited] == [
        "taken",
        "note",
        "done",
        "reopened",
    ]


def test_given_back_it_is_new_and_nobodys(acme: Field, admin: Person) -> None:
    request = call_for_help(acme, facts=FACTS)
    do(admin, acme, request, "/assignments")
    assert do(admin, acme, request, "/returns").status_code == 303
    given = now_is(acme, request)
    assert (given.state, given.assignee_id, given.taken_at) == (NEW, None, None)


def test_it_is_assigned_to_whoever_may_work_here(
    acme: Field, admin: Person, colleague: Person, reader: Person
) -> None:
    request = call_for_help(acme, facts=FACTS)
    page = admin.get(url(acme, request)).text
    assert "Carla Colleague" in page
    assert ">Reader<" not in page, "who may only read can't be given work"
    people = {u.email: u.public_id for u in rows(acme.world, select(make.User))}
    do(admin, acme, request, "/assignments", person=people["colleague@acme.test"])
    assert now_is(acme, request).assignee_id == colleague.user_id
    wrong = do(admin, acme, request, "/assignments", person=people["reader@acme.test"])
    assert wrong.status_code == 422
    assert "may not work on requests here" in text_of(wrong.text)
    assert now_is(acme, request).assignee_id == colleague.user_id


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (DONE, "/assignments"),
        (DONE, "/returns"),
        (NEW, "/reopenings"),
        (IN_PROGRESS, "/reopenings"),
    ],
)
def test_wrong_steps_are_refused_and_change_nothing(
    acme: Field, admin: Person, state: RequestState, step: str
) -> None:
    request = call_for_help(acme, facts=FACTS)
    in_state(acme, request, state)
    answer = do(admin, acme, request, step)
    assert answer.status_code == 409
    assert "That was not done" in answer.text
    assert now_is(acme, request).state == state
    assert history(acme) == ["opened"]


def test_the_machine_has_exactly_these_steps() -> None:
    steps = {(a, b) for a in RequestState for b in RequestState if a.may_become(b)}
    assert steps == {
        (NEW, IN_PROGRESS),
        (NEW, DONE),
        (IN_PROGRESS, NEW),
        (IN_PROGRESS, DONE),
        (DONE, IN_PROGRESS),
    }


@pytest.mark.parametrize("step", ["/assignments", "/completions"])
def test_a_step_twice_is_one_step(acme: Field, admin: Person, step: str) -> None:
    request = call_for_help(acme, facts=FACTS)
    version = request.version
    for _click in range(2):
        assert admin.post(url(acme, request, step), {"version": version}).status_code == 303
    assert len(history(acme)) == 2


def test_of_two_who_take_it_at_once_one_has_it(
    acme: Field, admin: Person, colleague: Person
) -> None:
    request = call_for_help(acme, facts=FACTS)

    def take(person: Person) -> int:
        data = {"version": request.version}
        return person.post(url(acme, request, "/assignments"), data).status_code

    with ThreadPoolExecutor() as pool:
        answers = sorted(pool.map(take, [admin, colleague]))
    assert answers == [303, 409]
    assert history(acme) == ["opened", "taken"]


def test_a_step_from_an_old_page_is_refused(acme: Field, admin: Person, colleague: Person) -> None:
    request = call_for_help(acme, facts=FACTS)
    do(colleague, acme, request, "/assignments")
    stale = admin.post(url(acme, request, "/completions"), {"version": request.version})
    assert stale.status_code == 409
    assert "Somebody changed this" in stale.text
    assert "Carla Colleague" in stale.text, "how it is now"
    assert now_is(acme, request).state == IN_PROGRESS
    assert history(acme) == ["opened", "taken"]


# Words ---------------------------------------------------------------------------------------------------


def test_an_answer_goes_to_the_person_by_mail(acme: Field, admin: Person) -> None:
    request = call_for_help(acme, facts=FACTS)
    page = admin.get(url(acme, request)).text
    data = {
        "answer-text": "Hello,\n\nwe come <tomorrow>.",
        "answer-nonce": hidden(page, "answer-nonce"),
    }
    for _click in range(2):
        answer = admin.post(url(acme, request, "/answers"), data)
        assert answer.status_code == 303
    mail = one(acme.world, select(Mail).where(Mail.type == "printer_request_answer"))
    assert (mail.recipient, mail.sender_name) == ("anna@acme.test", "Alliance building")
    assert mail.subject == "Re: We have your request: Colour 2nd floor (#1)"
    assert mail.reply_to == "technicians@acme.test"
    assert "we come &lt;tomorrow&gt;." in mail.html
    assert mail.cause_id == request.public_id
    assert history(acme) == ["opened", "answered"]
    assert (
        len(
            rows(
                acme.world, select(AuditRow).where(AuditRow.event == PrinterEvent.REQUEST_ANSWERED)
            )
        )
        == 1
    )
    assert "Re: We have your request" in admin.get(url(acme, request)).text


@pytest.mark.parametrize("step", ["note", "answer"])
@pytest.mark.parametrize("text", ["", "   ", "x" * 5001])
def test_empty_and_endless_words_are_refused(
    acme: Field, admin: Person, step: str, text: str
) -> None:
    request = call_for_help(acme, facts=FACTS)
    answer = admin.post(url(acme, request, f"/{step}s"), {f"{step}-text": text})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert history(acme) == ["opened"]


# The list ------------------------------------------------------------------------------------------------


def found(person: Person, acme: Field, query: str) -> int:
    return person.get(f"{base(acme.world)}/requests?{query}").text.count("<tr data-row")


def test_filters_and_search_find_a_request(acme: Field, admin: Person) -> None:
    call_for_help(acme, facts=FACTS, badge_email="Tom.Baker@acme.test")
    second = call_for_help(acme, facts=FACTS)
    do(admin, acme, second, "/assignments")
    reasons = rows(acme.world, select(PanicReason.public_id).order_by(PanicReason.position))
    me = one(acme.world, select(make.User.public_id).where(make.User.id == admin.user_id))
    today = utcnow().date().isoformat()
    for query, number in (
        ("", 2),
        ("state=new", 1),
        ("state=new&state=in_progress", 2),
        ("state=done", 0),
        (f"button={acme.button}", 2),
        (f"printer={acme.printer}", 2),
        (f"printer={acme.spare}", 0),
        (f"reason={reasons[0]}", 2),
        (f"reason={reasons[5]}", 0),
        (f"assignee={me}", 1),
        ("assignee=nobody", 1),
        (f"opened-from={today}", 2),
        ("opened-to=2020-01-01", 0),
        ("q=%231", 1),
        ("q=colour", 2),
        (f"q={SERIAL[:4].lower()}", 2),
        (f"q={SERIAL[-4:]}", 2),
        ("q=tom.baker", 1),
        ("q=nothing", 0),
    ):
        assert found(admin, acme, query) == number, query


def test_a_printer_that_is_not_offered_narrows_all_the_same(acme: Field, admin: Person) -> None:
    """An unknown printer in the address finds nothing, rather than everything."""
    call_for_help(acme, facts=FACTS)
    assert found(admin, acme, "printer=abcdefghjkmn") == 0


@pytest.mark.parametrize("sort", ["number", "-number", "state", "opened", "printer", "-printer"])
def test_every_sort_works(acme: Field, admin: Person, sort: str) -> None:
    call_for_help(acme, facts=FACTS)
    assert found(admin, acme, f"sort={sort}") == 1


def test_the_file_says_what_the_list_says(acme: Field, admin: Person) -> None:
    call_for_help(acme, facts=FACTS)
    answer = admin.get(f"{base(acme.world)}/requests?format=csv")
    (line,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert line["State"] == "New"
    assert line["Who"] == "anna@acme.test"
    assert line["Reasons"] == "Paper jam, Toner or ink is out"
    assert line["Location"] == "Alliance, 2nd floor"


def test_several_are_taken_and_done_at_once(acme: Field, admin: Person, colleague: Person) -> None:
    requests = [call_for_help(acme, facts=FACTS) for _ in range(3)]
    do(colleague, acme, requests[0], "/assignments")
    bulk = f"{base(acme.world)}/requests/bulk"
    ticked = {"row": [r.public_id for r in requests], "list": "state=new", "action": "take"}
    taken = admin.post(bulk, ticked)
    assert taken.location.endswith("/requests?state=new")
    assert "2 requests taken. 1 was passed over" in text_of(admin.get(taken.location).text)
    assert now_is(acme, requests[0]).assignee_id == colleague.user_id
    assert now_is(acme, requests[2]).assignee_id == admin.user_id
    admin.post(bulk, {"everything": "1", "list": "", "action": "done"})
    assert {r.state for r in rows(acme.world, select(PanicRequest))} == {DONE}
    bulk_rows = rows(acme.world, select(AuditRow).where(AuditRow.object_kind == "requests"))
    assert sorted(len(row.payload["detail"]["requests"]) for row in bulk_rows) == [2, 3]


def test_another_organisations_requests_are_unknown(
    acme: Field, world: World, stranger: Person
) -> None:
    request = call_for_help(acme, facts=FACTS)
    theirs = f"/o/{world.globex}/printers/requests"
    assert stranger.get(f"{theirs}/{request.public_id}").status_code == 404
    for step in ("assignments", "completions", "notes", "answers"):
        assert stranger.post(f"{theirs}/{request.public_id}/{step}").status_code == 404
    ticked = {"row": [request.public_id], "action": "done", "list": ""}
    stranger.post(f"{theirs}/bulk", ticked)
    assert now_is(acme, request).state == NEW
    assert "squeaks" not in stranger.get(theirs).text


# Counts --------------------------------------------------------------------------------------------------


def test_counts_by_reason_and_printer(acme: Field, admin: Person) -> None:
    with time_machine.travel(utcnow() - timedelta(weeks=3), tick=True):
        call_for_help(acme, facts=FACTS)
    with time_machine.travel(utcnow() - timedelta(weeks=20), tick=True):
        call_for_help(acme, facts=FACTS)
    call_for_help(acme, facts=FACTS)
    shown = text_of(admin.get(f"{base(acme.world)}/requests/statistics").text)
    assert "2 requests" in shown
    answer = admin.get(f"{base(acme.world)}/requests/statistics?format=csv")
    lines = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(line["Counted by"], line["Name"], line["Together"]) for line in lines] == [
        ("Reason", "Paper jam", "2"),
        ("Reason", "Toner or ink is out", "2"),
        ("Printer", "Colour 2nd floor", "2"),
    ]
    weeks = [value for name, value in lines[2].items() if name and name[:2] == "20"]
    assert len(weeks) == 12
    assert weeks[-1] == "1"
    assert weeks[-4] == "1"


def test_no_counts_yet(world: World, admin: Person) -> None:
    assert "No requests in these weeks" in admin.get(f"{base(world)}/requests/statistics").text


# The first page ------------------------------------------------------------------------------------------


def test_the_tile_counts_what_waits(acme: Field, admin: Person) -> None:
    from flask import g

    from webapp.core.db import db
    from webapp.core.tenancy import scope
    from webapp.orgs.permissions import Permission
    from webapp.printers.tiles import printer_tile

    call_for_help(acme, facts=FACTS)
    with acme.world.portal.test_request_context(), scope(acme.world.acme_id):
        organisation = db.session.scalars(
            select(Organisation).where(Organisation.id == acme.world.acme_id)
        ).one()
        g.organisation, g.permissions = organisation, frozenset(Permission)
        tile = printer_tile(organisation)
    assert tile is not None
    assert [(str(n.label), n.value, n.state) for n in tile.numbers] == [
        ("new requests", 1, "warning"),
        ("in progress", 0, None),
        ("alarm", 1, "alarm"),
        ("warning", 0, None),
    ]
