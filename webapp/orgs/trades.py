"""A trade that is switched off (P-17): the one place that knows which pages, endpoints and devices are a trade's.

Pages and the API of a trade answer that it is switched off, by whom, and who can switch it on; navigation, tiles
and search leave it out. Its data stay. Devices, and people at a device, are still served, and what they send is
kept: equipment in the field can't know, and nothing is lost until the trade is switched on again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, Response, g, render_template, request
from sqlalchemy import select

from webapp.audit.models import AuditRow
from webapp.core.db import db
from webapp.core.errors import Problem, speaks_json
from webapp.core.tenancy import scope
from webapp.orgs.events import OrgEvent
from webapp.orgs.models import Organisation
from webapp.orgs.words import TRADES

PATHS = {
    "fuel": ("/o/<org>/fuel", "/api/v1/fuel"),
    "meters": ("/o/<org>/meters", "/api/v1/meters", "/api/v1/meter-"),
    "tills": ("/o/<org>/tills", "/api/v1/tills"),
    "hubs": ("/o/<org>/hubs", "/api/v1/hubs", "/api/v1/hub-"),
    "printers": ("/o/<org>/printers", "/api/v1/printers", "/api/v1/printer-"),
}
"""Beginnings of the URL rules of each trade's pages and API."""

SERVED = ("/device/", "/p/", "/site/")
"""Devices and people at a device: answered whatever is switched off."""

KINDS = {
    "fuel_site": "fuel",
    "meter": "meters",
    "till": "tills",
    "hub": "hubs",
    "printer": "printers",
}
"""Kinds of devices."""

LATEST = 50
"""Changes of settings that are looked through for who switched it off."""


class TradeOff(Exception):
    """The page belongs to a trade that the organisation has switched off."""

    def __init__(self, trade: str, organisation: Organisation) -> None:
        super().__init__(trade)
        self.trade = trade
        self.organisation = organisation


@dataclass(frozen=True)
class SwitchedOff:
    """From the log; the name is empty where it was erased."""

    by: str
    at: datetime


def init_app(app: Flask) -> None:
    app.register_error_handler(TradeOff, _answer)


def trade_of(rule: str | None) -> str | None:
    """Of a URL rule, such as `/o/<org>/printers/requests`; None for what is no trade's own."""
    if rule is None or rule.startswith(SERVED):
        return None
    for trade, beginnings in PATHS.items():
        if any(_begins(rule, beginning) for beginning in beginnings):
            return trade
    return None


def _begins(rule: str, beginning: str) -> bool:
    rest = rule[len(beginning) :]
    return rule.startswith(beginning) and (beginning.endswith("-") or rest[:1] in ("", "/", "."))


def is_on(trade: str, organisation: Organisation) -> bool:
    """No trade chosen means all."""
    return not organisation.trades or trade in organisation.trades


def hidden_trades(organisation: Organisation) -> frozenset[str]:
    """Those that are off."""
    return frozenset(trade for trade in PATHS if not is_on(trade, organisation))


def kinds_on(organisation: Organisation, kinds: Iterable[str]) -> list[str]:
    """Of kinds of devices those whose trade is on; a kind of no trade is."""
    return [k for k in kinds if KINDS.get(k) is None or is_on(KINDS[k], organisation)]


def refuse_switched_off(organisation: Organisation) -> None:
    """Called by the access checks, once it is known that the visitor may know of the organisation."""
    trade = trade_of(request.url_rule.rule if request.url_rule else None)
    if trade is None or is_on(trade, organisation):
        return
    if speaks_json():
        raise Problem(
            403,
            "trade_off",
            f"{name_of(trade)} are switched off in this organisation. An administrator switches them on "
            "in the settings of the organisation.",
            trade=trade,
        )
    raise TradeOff(trade, organisation)


def name_of(trade: str) -> str:
    return next((str(label) for name, label, _icon in TRADES if name == trade), trade)


def switched_off(trade: str, organisation: Organisation) -> SwitchedOff | None:
    """Who did it last, as the log has it; None where the trade was never on."""
    rows = (
        select(AuditRow)
        .where(AuditRow.event == OrgEvent.SETTINGS_CHANGED.value)
        .order_by(AuditRow.id.desc())
        .limit(LATEST)
    )
    with scope(organisation.id):
        for row in db.session.scalars(rows):
            changed = ((row.payload or {}).get("detail") or {}).get("changes", {}).get("trades")
            if changed and (not changed[0] or trade in changed[0]) and trade not in changed[1]:
                return SwitchedOff(str((row.payload or {}).get("actor") or ""), row.at)
    return None


def _answer(error: TradeOff) -> Response:
    from webapp.orgs.access import administrators_of

    g.error_status = 403
    page = render_template(
        "errors/trade_off.html",
        status=403,
        trade=name_of(error.trade),
        where=error.organisation,
        who=switched_off(error.trade, error.organisation),
        administrators=administrators_of(error.organisation),
    )
    return Response(page, 403)
