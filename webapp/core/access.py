"""Access is declared, or the application does not start.

A view carries `@allow(access)`. `access` is anything with `enforce()`, which returns when the visitor may
pass and otherwise raises what the visitor must see. It also sets who acts and the tenancy scope.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from flask import Flask, abort, current_app, request
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect

from webapp.core import principal, tenancy

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


class Access(Protocol):
    """Who may pass. `enforce` raises what the visitor must see, or returns an answer (a redirect).

    An access whose proof no other site can make a browser send (a bearer credential, a token in the path)
    says `carries_proof = True`; all others need the CSRF token on every POST.
    """

    def enforce(self) -> ResponseReturnValue | None: ...


class _Public:
    """Open to everybody; nothing is known about the visitor, no tenant's row can be read."""

    def enforce(self) -> None:
        return None

    def __repr__(self) -> str:
        return "PUBLIC"


PUBLIC: Access = _Public()


class UndeclaredAccess(Exception):
    """A route declares no access: the application does not start."""


def allow(access: Access) -> Callable[[View], View]:
    """Declare who may call a view. Stands directly under the route decorator."""

    def declare(view: View) -> View:
        view.__access__ = access  # type: ignore[attr-defined]
        return view

    return declare


Guard = Callable[[Access], None]
_guards: list[Guard] = []


def guard(check: Guard) -> Guard:
    """Register what is asked before every view, whatever it declares; it raises what the visitor must see."""
    if check not in _guards:
        _guards.append(check)
    return check


def reveals(view: View) -> View:
    """Mark a GET that shows or hands out a secret (a key, a link that opens something). Stands under `@allow`.

    Who only looks on, such as an operator seeing as an organisation, is refused.
    """
    view.__reveals__ = True  # type: ignore[attr-defined]
    return view


def reveals_secret(app: Flask, endpoint: str) -> bool:
    return bool(getattr(app.view_functions[endpoint], "__reveals__", False))


def access_of(app: Flask, endpoint: str) -> Access | None:
    return getattr(app.view_functions[endpoint], "__access__", None)


csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    csrf.init_app(app)
    app.before_request(_enforce)
    app.teardown_request(_forget)


def check_declared(app: Flask) -> None:
    """Walk the URL map; name every route that forgot."""
    forgotten = sorted(
        f"{rule.rule} ({rule.endpoint})"
        for rule in app.url_map.iter_rules()
        if access_of(app, rule.endpoint) is None
    )
    if forgotten:
        raise UndeclaredAccess("no access declared for: " + ", ".join(forgotten))


def _enforce() -> ResponseReturnValue | None:
    _forget()
    if request.endpoint is None:
        return None
    access = access_of(current_app, request.endpoint)
    if access is None:
        abort(404)
    for check in _guards:
        check(access)
    answer = access.enforce()
    if answer is None and not getattr(access, "carries_proof", False):
        _protect_from_forgery()
    return answer


def _protect_from_forgery() -> None:
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        csrf.protect()


def _forget(_error: BaseException | None = None) -> None:
    """Threads are used again: nothing of the last visitor may stay."""
    tenancy.enter(None)
    principal.set_acting(principal.NOBODY)
