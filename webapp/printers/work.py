"""Working on requests: take, assign, give back, note, answer, done, reopen. Each step is a line of the history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _

from webapp.accounts.models import User
from webapp.audit import log as audit
from webapp.core.errors import Refusal
from webapp.core.principal import Principal
from webapp.printers.events import PrinterEvent
from webapp.printers.mails import send_answer
from webapp.printers.models import PanicRequest, RequestState
from webapp.printers.notices import tell_of_gift
from webapp.printers.requests import note
from webapp.printers.words import state_word


def take(request: PanicRequest, user: User, *, by: Principal, now: datetime) -> None:
    """`user` works on it from now on. Taking one's own again changes nothing; another's is refused."""
    if request.state == RequestState.IN_PROGRESS and request.assignee_id is not None:
        if request.assignee_id == user.id:
            return
        words = _("#%(number)s is already taken by %(name)s.")
        name = request.assignee.name if request.assignee is not None else "?"
        raise Refusal(words % {"number": request.number, "name": name}, status=409)
    _begin(request, user, now)
    _tell(request, "taken", by=by, now=now)


def assign(request: PanicRequest, user: User, *, by: Principal, now: datetime) -> None:
    """Somebody else's from now on, also when it was taken already."""
    if request.state == RequestState.IN_PROGRESS and request.assignee_id == user.id:
        return
    _begin(request, user, now)
    _tell(request, "assigned", by=by, now=now, text=user.name)
    tell_of_gift(request, user, now=now)


def give_back(request: PanicRequest, *, by: Principal, now: datetime) -> None:
    """New again, nobody's."""
    if request.state == RequestState.NEW:
        return
    _move(request, RequestState.NEW)
    request.assignee, request.taken_at = None, None
    _tell(request, "given_back", by=by, now=now)


def complete(request: PanicRequest, *, by: Principal, now: datetime) -> None:
    if request.state == RequestState.DONE:
        return
    _move(request, RequestState.DONE)
    request.done_at = now
    _tell(request, "done", by=by, now=now)


def reopen(request: PanicRequest, user: User, *, by: Principal, now: datetime) -> None:
    """In progress again, with whoever had it, else with whoever reopens it."""
    if request.state != RequestState.DONE:
        words = _("#%(number)s is not done: there is nothing to reopen.", number=request.number)
        raise Refusal(words, status=409)
    _move(request, RequestState.IN_PROGRESS)
    request.done_at = None
    request.assignee = request.assignee or user
    request.taken_at = request.taken_at or now
    _tell(request, "reopened", by=by, now=now)


def add_note(request: PanicRequest, text: str, *, by: Principal, now: datetime) -> None:
    """For colleagues: the person at the printer never sees it."""
    note(request, "note", by=by, now=now, text=text)
    _record(request, PrinterEvent.REQUEST_CHANGED, "note", by)


def answer(request: PanicRequest, text: str, *, by: Principal, now: datetime) -> None:
    """A mail to the person, from the button's name; its words stay in the history."""
    if not request.email:
        words = _("Nobody called for #%(number)s: there is no address to answer to.")
        raise Refusal(words % {"number": request.number}, status=409)
    send_answer(request, text)
    note(request, "answered", by=by, now=now, text=text)
    _record(request, PrinterEvent.REQUEST_ANSWERED, "answered", by)


def take_all(
    requests: Sequence[PanicRequest], user: User, *, by: Principal, now: datetime
) -> list[PanicRequest]:
    """Those that are new; those that somebody has or that are done stay as they are."""
    free = [r for r in requests if r.state == RequestState.NEW]
    for request in free:
        _begin(request, user, now)
        note(request, "taken", by=by, now=now)
    _record_all(free, "taken", by)
    return free


def complete_all(
    requests: Sequence[PanicRequest], *, by: Principal, now: datetime
) -> list[PanicRequest]:
    """Those that are not done yet."""
    open_ones = [r for r in requests if r.state != RequestState.DONE]
    for request in open_ones:
        _move(request, RequestState.DONE)
        request.done_at = now
        note(request, "done", by=by, now=now)
    _record_all(open_ones, "done", by)
    return open_ones


def _begin(request: PanicRequest, user: User, now: datetime) -> None:
    if request.state == RequestState.DONE:
        raise Refusal(_("#%(number)s is done. Reopen it first.", number=request.number), status=409)
    if request.state == RequestState.NEW:
        _move(request, RequestState.IN_PROGRESS)
        request.taken_at = now
    request.assignee = user


def _move(request: PanicRequest, to: RequestState) -> None:
    """The guard: a step that the states don't have is refused, and says how things stand."""
    state = RequestState(request.state)
    if not state.may_become(to):
        words = _("#%(number)s is “%(state)s”; it can't become “%(to)s” from there.")
        values = {"number": request.number, "state": state_word(state), "to": state_word(to)}
        raise Refusal(words % values, status=409)
    request.state = to


def _tell(
    request: PanicRequest, kind: str, *, by: Principal, now: datetime, text: str = ""
) -> None:
    note(request, kind, by=by, now=now, text=text)
    _record(request, PrinterEvent.REQUEST_CHANGED, kind, by)


def _record(request: PanicRequest, event: PrinterEvent, step: str, by: Principal) -> None:
    assignee = request.assignee.name if request.assignee is not None else ""
    audit.record(
        event,
        organisation_id=request.organisation_id,
        kind="request",
        id=request.public_id,
        label=f"#{request.number}",
        detail={"step": step, "assignee": assignee},
        by=by,
    )


def _record_all(requests: Sequence[PanicRequest], step: str, by: Principal) -> None:
    """One row of the log for a bulk act, with its children."""
    if not requests:
        return
    audit.record(
        PrinterEvent.REQUEST_CHANGED,
        organisation_id=requests[0].organisation_id,
        kind="requests",
        id=requests[0].public_id,
        label=f"{len(requests)}",
        detail={"step": step, "requests": [r.public_id for r in requests]},
        by=by,
    )
