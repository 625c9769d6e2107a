"""Requests: list, page, and every step of the work on one (B-9)."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import joinedload

from webapp.core import db as database
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.orgs.access import current_organisation, may
from webapp.orgs.permissions import Permission
from webapp.printers import queries, work
from webapp.printers.forms import AnswerForm, NoteForm
from webapp.printers.lists.requests import REQUESTS, listing_for
from webapp.printers.lists.requests import requests as all_requests
from webapp.printers.mails import answers_go_to, mails_about
from webapp.printers.models import PanicRequest, RequestState
from webapp.printers.routes.blueprint import bp, me, url_for
from webapp.printers.services import stale

MOST_AT_ONCE = 500
Step = Callable[[PanicRequest], None]


@bp.get("/requests", endpoint="requests")
@allow(Permission.PRINTER_REQUESTS_READ)
def requests(org: str) -> ResponseReturnValue:
    bulk_url = url_for("requests_bulk") if may(Permission.PRINTER_REQUESTS_EDIT) else None
    listing = listing_for(as_file=request.args.get("format") == "csv")
    return listing.page(all_requests(), bulk_url=bulk_url).respond("printers/requests.html")


@bp.post("/requests/bulk")
@allow(Permission.PRINTER_REQUESTS_EDIT)
def requests_bulk(org: str) -> ResponseReturnValue:
    """Take or finish the ticked ones; those that can't be are passed over, and it is said how many."""
    selection = REQUESTS.selection().check()
    wanted = selection.of(all_requests()).options(joinedload(PanicRequest.assignee))
    found = db.session.scalars(
        wanted.order_by(PanicRequest.id).limit(MOST_AT_ONCE + 1).with_for_update(of=PanicRequest)
    ).all()
    if len(found) > MOST_AT_ONCE:
        words = _("At most %(most)s requests at once. Narrow the list first.", most=MOST_AT_ONCE)
        raise Refusal(words)
    now, by = utcnow(), acting()
    if selection.action == "take":
        changed = work.take_all(found, me(), by=by, now=now)
        words = ngettext("%(num)s request taken.", "%(num)s requests taken.", len(changed))
    else:
        changed = work.complete_all(found, by=by, now=now)
        words = ngettext("%(num)s request done.", "%(num)s requests done.", len(changed))
    _tell_bulk(words, len(found) - len(changed))
    shown = request.form.get("list", "")[:4000]
    return see_other(url_for("requests") + (f"?{shown}" if shown else ""))


@bp.get("/requests/<public_id>", endpoint="request")
@allow(Permission.PRINTER_REQUESTS_READ)
def request_page(org: str, public_id: str) -> ResponseReturnValue:
    return _page(queries.get_request(public_id))


@bp.post("/requests/<public_id>/assignments")
@allow(Permission.PRINTER_REQUESTS_EDIT)
def request_assign(org: str, public_id: str) -> ResponseReturnValue:
    """Take it oneself, or give it to `person`, who may work here."""
    named = request.form.get("person")

    def step(row: PanicRequest) -> None:
        if not named:
            work.take(row, me(), by=acting(), now=utcnow())
            return
        people = queries.people_who_work_here(current_organisation())
        person = next((p for p in people if p.public_id == named), None)
        if person is None:
            raise Refusal(_("This person may not work on requests here. Choose another."))
        work.assign(row, person, by=acting(), now=utcnow())

    return _step(public_id, step)


@bp.post("/requests/<public_id>/returns")
@allow(Permission.PRINTER_REQUESTS_EDIT)
def request_give_back(org: str, public_id: str) -> ResponseReturnValue:
    return _step(public_id, lambda row: work.give_back(row, by=acting(), now=utcnow()))


@bp.post("/requests/<public_id>/completions")
@allow(Permission.PRINTER_REQUESTS_EDIT)
def request_complete(org: str, public_id: str) -> ResponseReturnValue:
    return _step(public_id, lambda row: work.complete(row, by=acting(), now=utcnow()))


@bp.post("/requests/<public_id>/reopenings")
@allow(Permission.PRINTER_REQUESTS_EDIT)
def request_reopen(org: str, public_id: str) -> ResponseReturnValue:
    return _step(public_id, lambda row: work.reopen(row, me(), by=acting(), now=utcnow()))


@bp.post("/requests/<public_id>/notes")
@allow(Permission.PRINTER_REQUESTS_EDIT)
def request_note(org: str, public_id: str) -> ResponseReturnValue:
    form = NoteForm(prefix="note")
    return _write(
        public_id,
        form,
        lambda row: work.add_note(row, form["text"].data, by=acting(), now=utcnow()),
    )


@bp.post("/requests/<public_id>/answers")
@allow(Permission.PRINTER_REQUESTS_EDIT)
def request_answer(org: str, public_id: str) -> ResponseReturnValue:
    form = AnswerForm(prefix="answer")
    return _write(
        public_id,
        form,
        lambda row: work.answer(row, form["text"].data, by=acting(), now=utcnow()),
    )


def _step(public_id: str, step: Step) -> ResponseReturnValue:
    """One step of the work. One that is done already changes nothing; one from an old page is refused."""
    row = queries.held_request(public_id)
    seen_as_it_is = request.form.get("version") == str(row.version)
    before = row.state, row.assignee_id
    try:
        step(row)
        db.session.flush()
        if not seen_as_it_is and (row.state, row.assignee_id) != before:
            raise stale()
    except Refusal as refusal:
        database.rollback()
        return _page(queries.get_request(public_id), refused=refusal)
    return see_other(url_for("request", public_id=public_id))


def _write(public_id: str, form: NoteForm | AnswerForm, step: Step) -> ResponseReturnValue:
    """A note or an answer: sent twice, it is written once."""
    row = queries.held_request(public_id)
    if not form.validate():
        if isinstance(form, NoteForm):
            return _page(row, note=form, status=422)
        return _page(row, answer=form, status=422)
    here = url_for("request", public_id=public_id, _anchor="history")
    if form.earlier_location() is None:
        try:
            step(row)
        except Refusal as refusal:
            database.rollback()
            return _page(queries.get_request(public_id), refused=refusal)
        form.leads_to(here)
    return see_other(here)


def _page(
    row: PanicRequest,
    *,
    note: NoteForm | None = None,
    answer: AnswerForm | None = None,
    refused: Refusal | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    edits = may(Permission.PRINTER_REQUESTS_EDIT)
    return render(
        "printers/request.html",
        status=refused.status if refused is not None else status,
        made=row,
        state=RequestState(row.state),
        states=RequestState,
        edits=edits,
        people=queries.people_who_work_here(current_organisation()) if edits else [],
        mails=mails_about(row),
        note_form=note or NoteForm(formdata=None, prefix="note"),
        answer_form=answer or AnswerForm(formdata=None, prefix="answer"),
        replies_to=answers_go_to(row.button),
        refused=refused.message if refused is not None else "",
    )


def _tell_bulk(words: str, left: int) -> None:
    if left:
        passed = ngettext(
            "%(num)s was passed over: it is taken or done already.",
            "%(num)s were passed over: they are taken or done already.",
            left,
        )
        flash(f"{words} {passed}", "info")
        return
    flash(words, "ok")
