"""Access for people: `SIGNED_IN`, `OPERATOR`."""

from __future__ import annotations

from flask import current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from flask_login import current_user

from webapp.core import principal, tenancy
from webapp.core.access import Access
from webapp.core.errors import NotPermitted
from webapp.core.principal import Actor, Principal
from webapp.core.web import see_other

# What a person with a first password may open before having chosen their own (P-3).
OPEN_WITH_FIRST_PASSWORD = frozenset(
    {"accounts.first_password", "accounts.choosing_first_password", "accounts.sign_out"}
)


class _SignedIn:
    """Anybody who is signed in, for what is their own."""

    def enforce(self) -> ResponseReturnValue | None:
        if not current_user.is_authenticated:
            return see_other(_sign_in_url())
        if current_user.must_change_password and request.endpoint not in OPEN_WITH_FIRST_PASSWORD:
            return see_other(url_for("accounts.first_password"))
        principal.set_acting(person())
        return None

    def __repr__(self) -> str:
        return "SIGNED_IN"


class _Operator:
    """Staff of the company that runs Outpost: sees all organisations, and says so."""

    def enforce(self) -> ResponseReturnValue | None:
        answer = SIGNED_IN.enforce()
        if answer is not None:
            return answer
        if not current_user.is_operator:
            raise NotPermitted(
                _("Operator area"), [current_app.extensions["settings"].support_email]
            )
        tenancy.enter(tenancy.Scope(everything_because="operator area"))
        return None

    def __repr__(self) -> str:
        return "OPERATOR"


SIGNED_IN: Access = _SignedIn()
OPERATOR: Access = _Operator()


def person() -> Principal:
    """The signed-in user as the one who acts."""
    return Principal(Actor.USER, current_user.id, current_user.name, via=request.remote_addr)


def _sign_in_url() -> str:
    """After signing in one lands where one wanted to go; a form that was posted is not repeated."""
    if request.method == "GET" and request.path != "/":
        return url_for("accounts.sign_in", next=request.full_path.rstrip("?"))
    return url_for("accounts.sign_in")
