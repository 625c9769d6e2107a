"""Step-up (P-9): what hands out power asks the password, or a code, again when the last proof is older than
ten minutes.

A view says so with `@fresh`, under `@allow(…)`:

    @bp.post("/o/<org>/users/<public_id>/edit")
    @allow(Permission.USERS_EDIT)
    @fresh
    def user_save(…)

A page that is opened leads over `/me/proof` and back. A form that is posted is answered with the question, which
carries all that was entered and posts it to the same place together with the proof: nothing is lost, nothing is
kept on the server, and it works without a script. Chosen files can't be carried; there one proves first and
chooses them again. A form may instead show the question itself: `AsksProof`, `proof_needed`, `prove`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import update
from sqlalchemy.orm.attributes import set_committed_value
from werkzeug.wrappers import Response
from wtforms import HiddenField, PasswordField

from webapp.accounts import guessing, journal, passwords, second_step, sessions, totp
from webapp.accounts.events import AccountEvent
from webapp.accounts.guessing import Guesser
from webapp.accounts.models import User, UserSession
from webapp.core.clock import utcnow
from webapp.core.db import aside
from webapp.core.errors import Refusal, TooMany
from webapp.core.forms import PortalForm
from webapp.core.web import is_fragment, local_target, render, see_other

PROOF_LASTS = timedelta(minutes=10)
FIELD = "step_up"

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


class AsksProof:
    """Mixin of forms: a field for the password, shown while `proof_needed`."""

    proof = PasswordField(_l("Your password"))


class ProofForm(PortalForm):
    """The question on a page of its own. The field's name must not be one of the forms it carries."""

    step_up = PasswordField(_l("Your password"))
    next = HiddenField()


def fresh(view: View) -> View:
    """Ask for a proof before the view, unless there was one in the last ten minutes. Stands under `@allow`."""

    @wraps(view)
    def proved(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        answer = _ask() if proof_needed(now=utcnow()) else None
        return view(*args, **kwargs) if answer is None else answer

    proved.__asks_proof__ = True  # type: ignore[attr-defined]
    return proved  # type: ignore[return-value]


def proof_needed(*, now: datetime) -> bool:
    return now - sessions.current_session().proved_at > PROOF_LASTS


def prove(user: User, typed: str | None, *, now: datetime, field: str = "proof") -> None:
    """Nothing to do after a fresh proof; else check password or code, with the throttle of signing in.

    Raises `Refusal` at the field.
    """
    if proof_needed(now=now):
        check_proof(user, typed, now=now, field=field)


def check_proof(user: User, typed: str | None, *, now: datetime, field: str) -> None:
    """Check it in any case. It stands whatever becomes of the request: what follows may be refused and mended."""
    if not typed:
        raise Refusal(_("Enter your password once more to confirm this."), field=field)
    attempt = guessing.begin(_guesser(user), now=now)
    if not _fits(user, typed, now):
        journal.note_refusal(user, "wrong proof", event=AccountEvent.PROOF_REFUSED)
        raise Refusal(_("This is not your present password."), field=field)
    attempt.succeeded()
    session = sessions.current_session()
    with aside() as apart:
        apart.execute(update(UserSession).where(UserSession.id == session.id).values(proved_at=now))
    set_committed_value(session, "proved_at", now)


def _fits(user: User, typed: str, now: datetime) -> bool:
    """Six digits are no password by the rule, so the two can share one field."""
    if user.has_second_step and totp.typed_code(typed) is not None:
        with aside() as apart:
            return second_step.use_code(user, typed, now=now, session=apart)
    return passwords.verify(user.password_hash, typed)


def _guesser(user: User) -> Guesser:
    """A session has its own count: nobody who guesses at the door locks the person out here."""
    return Guesser(
        account=f"user {user.id}",
        address=guessing.network_of(sessions.address_here()),
        browser=f"session {sessions.current_session().id}",
    )


def _ask() -> ResponseReturnValue | None:
    """The question, or None when the request brings the right answer with it."""
    if request.method in ("GET", "HEAD"):
        return see_other(url_for("accounts.proof", next=request.full_path.rstrip("?")))
    if is_fragment() or any(file.filename for file in request.files.values()):
        return see_other(url_for("accounts.proof", next=_came_from()))
    form = ProofForm()
    if FIELD not in request.form:
        return question(form, status=403)
    try:
        check_proof(current_user, form.step_up.data, now=utcnow(), field=FIELD)
    except Refusal as refusal:
        form.refuse(refusal)
        return question(form, status=422)
    except TooMany as error:
        return question(form, status=429, wait_seconds=error.wait_seconds)
    return None


def question(form: ProofForm, *, status: int = 200, wait_seconds: int = 0) -> Response:
    """The page that asks. What the refused form held goes into hidden fields, but for what is the page's own."""
    own = {"csrf_token", FIELD}
    carried = [
        (name, value)
        for name, values in request.form.lists()
        for value in values
        if name not in own and request.endpoint != "accounts.proving"
    ]
    page = render(
        "accounts/proof.html",
        form=form,
        status=status,
        carried=carried,
        wait_seconds=wait_seconds,
        back=_came_from(),
    )
    response = make_response(page)
    if wait_seconds:
        response.headers["Retry-After"] = str(wait_seconds)
    return response


def _came_from() -> str:
    """The page on which the form stands."""
    address = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    path = f"{address.path}?{address.query}" if address.query else address.path
    return local_target(path, "/")
