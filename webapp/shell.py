"""What every page carries: the rail, the switcher, the foot, and the globals of templates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask_babel import get_locale, gettext
from flask_login import current_user

from webapp.core import navigation, preferences
from webapp.core.clock import utcnow
from webapp.notices import services as notices
from webapp.orgs.access import may, memberships_of
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission
from webapp.orgs.seeing import seeing_now
from webapp.orgs.trades import is_on
from webapp.orgs.words import TRADES
from webapp.settings import Settings


@dataclass(frozen=True)
class RailEntry:
    """One entry of the rail; without `url` the trade is not part of this release."""

    label: str
    url: str | None
    icon: str
    active: bool
    group: str


class _Macros:
    """`ui.button(…)` in every template and block: a macro library that follows its file."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app.jinja_env.get_template("ui/index.html").module, name)


def init_app(app: Flask) -> None:
    app.jinja_env.globals["ui"] = _Macros(app)
    app.jinja_env.globals["may"] = may
    app.jinja_env.globals["utcnow"] = utcnow
    app.jinja_env.globals["Permission"] = Permission
    app.context_processor(_context)


def _context() -> dict[str, Any]:
    organisation = g.get("organisation")
    return {
        "organisation": organisation,
        "organisation_choices": _choices(),
        "rail": _rail(organisation),
        "seeing": seeing_now(),
        "operator_identity": _identity(),
        "support_email": _settings().support_email,
        "support_phone": _settings().support_phone,
        "home_url": url_for("orgs.home"),
        "search_url": _search_url(organisation),
        "notifications": _bell(),
        "footer_links": [
            (gettext("Status"), url_for("health.status")),
            (gettext("Technical information"), url_for("technical.technical_information")),
            (gettext("API"), url_for("api_reference.page")),
        ],
        "signed_out_links": [(gettext("Status"), url_for("health.status"))],
        "languages": preferences.LANGUAGE_NAMES,
        "language": preferences.language(),
        "locale": str(get_locale()),
        "theme": preferences.theme(),
        "here": request.full_path.rstrip("?") if request.method == "GET" else "/",
    }


def _search_url(organisation: Organisation | None) -> str:
    """Where one is signed in there is a box: in the organisation, in the operator's area, in all of one's own."""
    if organisation is not None:
        return url_for("search.search", org=organisation.public_id)
    if not (current_user and current_user.is_authenticated) or current_user.must_change_password:
        return ""
    if request.path.startswith("/operator") and current_user.is_operator:
        return url_for("search.operator_search")
    return url_for("search.own_search")


class _Bell:
    """The bell of the head. A fragment, which has no head, does not count."""

    @property
    def url(self) -> str:
        return url_for("notices.notifications")

    @cached_property
    def unread(self) -> int:
        return notices.unread(current_user)


def _bell() -> _Bell | None:
    return _Bell() if current_user and current_user.is_authenticated else None


def _choices() -> list[Organisation]:
    """The organisations of the switcher, with the one below them that one acts for; the personal one last."""
    if not current_user or not current_user.is_authenticated:
        return []
    found = [m.organisation for m in memberships_of(current_user)]
    here = g.get("organisation")
    if here is not None and here not in found:
        found.append(here)
    return sorted(found, key=lambda o: (o.kind == "personal", o.sort_name))


def _rail(organisation: Organisation | None) -> list[RailEntry]:
    operator = _entries("operator", None) if getattr(current_user, "is_operator", False) else []
    if organisation is None:
        return [*_entries("me", None), *operator]
    entries = _entries("top", organisation)
    if organisation.is_personal:
        return [*entries, *operator]
    for group, label, icon in TRADES:
        if not is_on(group, organisation):
            continue
        if navigation.places(group):
            entries.extend(_entries(group, organisation))
        else:
            entries.append(_absent(label, icon, group))
    return [*entries, *_entries("organisation", organisation), *operator]


def _absent(label: object, icon: str, group: str) -> RailEntry:
    return RailEntry(str(label), None, icon, active=False, group=group)


def _entries(group: str, organisation: Organisation | None) -> list[RailEntry]:
    return [
        RailEntry(
            label=str(place.label),
            url=_url_of(place, organisation),
            icon=place.icon,
            active=_is_here(place.endpoint),
            group=group,
        )
        for place in navigation.places(group)
        if place.permission is None or may(place.permission)  # type: ignore[arg-type]
    ]


def _url_of(place: navigation.Place, organisation: Organisation | None) -> str:
    if organisation is None:
        return url_for(place.endpoint)
    return url_for(place.endpoint, org=organisation.public_id)


def _is_here(endpoint: str) -> bool:
    """A list is also the place of the pages below it: `printers.requests` of `printers.request`."""
    here, place = request.endpoint or "", endpoint.removesuffix("s")
    return here == endpoint or here.removesuffix("s") == place or here.startswith(f"{place}_")


def _identity() -> dict[str, str]:
    s = _settings()
    return {
        "name": s.operator_name,
        "address": s.operator_address,
        "vat": s.operator_vat,
        "register": s.operator_register,
        "capital": s.operator_capital,
        "certified_mail": s.operator_certified_mail,
        "email": s.support_email,
    }


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
