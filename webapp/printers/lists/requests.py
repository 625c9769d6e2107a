"""The list of requests (B-9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.datastructures import MultiDict

from webapp.core.db import db
from webapp.core.listing import (
    Bulk,
    Choice,
    Column,
    Ends,
    Labels,
    Listing,
    Number,
    Option,
    Period,
    Starts,
    Words,
)
from webapp.core.listing.filters import Chip, Chosen
from webapp.core.preferences import language
from webapp.orgs.access import current_organisation, may
from webapp.orgs.permissions import Permission
from webapp.printers.lists.printers import button_options
from webapp.printers.models import PanicReason, PanicRequest, Printer, RequestState
from webapp.printers.queries import people_who_work_here
from webapp.printers.words import CALLERS, STATES, reason_words, state_word

MOST_OPTIONS = 200
_PUBLIC_ID = re.compile(r"[a-z0-9]{12}")


def requests() -> Select[Any]:
    """All requests in scope with what the list shows beside them."""
    return select(PanicRequest).options(
        selectinload(PanicRequest.button), joinedload(PanicRequest.assignee)
    )


def request_url(request: PanicRequest) -> str:
    return url_for("printers.request", org=_org(), public_id=request.public_id)


@dataclass(frozen=True)
class OfPrinters(Choice):
    """Printers by public id. The drop-down offers the first two hundred; a link may name any other."""

    def read(self, args: MultiDict[str, str]) -> dict[str, tuple[str, ...]]:
        asked = dict.fromkeys(args.getlist(self.name)[:MOST_OPTIONS])
        return {self.name: tuple(value for value in asked if _PUBLIC_ID.fullmatch(value))}

    def condition(self, chosen: Chosen) -> ColumnElement[bool] | None:
        public_ids = chosen.get(self.name, ())
        if not public_ids:
            return None
        wanted = select(Printer.id).where(Printer.public_id.in_(public_ids))
        condition: ColumnElement[bool] = PanicRequest.printer_id.in_(wanted)
        return condition

    def chips(self, chosen: Chosen) -> list[Chip]:
        public_ids = chosen.get(self.name, ())
        if not public_ids:
            return []
        named = select(Printer.public_id, Printer.name).where(Printer.public_id.in_(public_ids))
        names = {row.public_id: row.name for row in db.session.execute(named)}
        return [
            Chip(self.name, public_id, str(self.label), names.get(public_id, _("unknown")))
            for public_id in public_ids
        ]


def _printer_options() -> list[Option]:
    found = db.session.execute(
        select(Printer.public_id, Printer.name, Printer.id)
        .order_by(Printer.sort_name, Printer.id)
        .limit(MOST_OPTIONS)
    )
    return [Option(public_id, name, number) for public_id, name, number in found]


def _reason_options() -> list[Option]:
    """One tick box a wording: two buttons' reasons that read alike are told apart by the button."""
    found = db.session.scalars(
        select(PanicReason)
        .options(joinedload(PanicReason.button))
        .order_by(PanicReason.button_id, PanicReason.position, PanicReason.id)
        .limit(MOST_OPTIONS)
    ).all()
    several = len({reason.button_id for reason in found}) > 1
    return [Option(r.public_id, _reason_label(r, several), r.id) for r in found]


def _reason_label(reason: PanicReason, several: bool) -> str:
    words = reason.texts.in_language(language(), reason.button.language)
    return f"{words} ({reason.button.name})" if several else words


def _assignee_options() -> list[Option]:
    people = people_who_work_here(current_organisation())
    return [
        Option("nobody", _l("Nobody"), None),
        *(Option(user.public_id, user.name, user.id) for user in people),
    ]


def _menu(request: PanicRequest) -> list[Mapping[str, Any] | None]:
    if not may(Permission.PRINTER_REQUESTS_EDIT):
        return []
    url: dict[str, Any] = {"org": _org(), "public_id": request.public_id}
    version = {"version": request.version}
    state = RequestState(request.state)
    return [
        {
            "text": _l("Take"),
            "action": url_for("printers.request_assign", **url),
            "fields": version,
            "icon": "play",
        }
        if state is RequestState.NEW
        else None,
        {
            "text": _l("Done"),
            "action": url_for("printers.request_complete", **url),
            "fields": version,
            "icon": "check",
        }
        if state.may_become(RequestState.DONE)
        else None,
    ]


def _org() -> str:
    return current_organisation().public_id


REQUESTS = Listing(
    name="requests",
    model=PanicRequest,
    columns=[
        Column(
            "number",
            _l("Number"),
            sort=PanicRequest.number,
            first_descending=True,
            cell=lambda r: f"#{r.number}",
            link=request_url,
        ),
        Column(
            "state",
            _l("State"),
            sort=PanicRequest.state,
            cell="printers/cells.html#request_state",
            csv=lambda r: state_word(r.state),
            main=True,
        ),
        Column(
            "opened",
            _l("Opened"),
            kind="time",
            value=lambda r: r.created_at,
            sort=PanicRequest.created_at,
            first_descending=True,
        ),
        Column(
            "printer",
            _l("Printer"),
            value=lambda r: r.printer_name,
            sort=PanicRequest.printer_name,
            cell="printers/cells.html#printer_and_location",
        ),
        Column(
            "reasons",
            _l("Reasons"),
            value=reason_words,
            cell="printers/cells.html#reasons",
        ),
        Column("email", _l("Who"), cell="printers/cells.html#who"),
        Column("assignee", _l("Assignee"), value=lambda r: r.assignee.name if r.assignee else None),
    ],
    default_sort="-opened",
    total=lambda n, shown: ngettext("%(shown)s request", "%(shown)s requests", n, shown=shown),
    search=[
        Number(PanicRequest.number),
        Words(PanicRequest.printer_name),
        Starts(PanicRequest.printer_serial),
        Ends(func.reverse(PanicRequest.printer_serial)),
        Starts(func.lower(PanicRequest.email), fold=str.lower),
    ],
    search_hint=_l("Number, printer, serial number, e-mail"),
    filters=[
        Choice("state", _l("State"), PanicRequest.state, list(STATES.items())),
        Choice("button", _l("Button"), PanicRequest.button_id, button_options),
        OfPrinters("printer", _l("Printer"), PanicRequest.printer_id, _printer_options),
        Labels("reason", _l("Reason"), PanicRequest.reason_ids, _reason_options),
        Choice("assignee", _l("Assignee"), PanicRequest.assignee_id, _assignee_options),
        Choice("source", _l("Called by"), PanicRequest.source, list(CALLERS.items())),
        Period("opened", _l("Opened"), PanicRequest.created_at),
    ],
    bulk=[Bulk("take", _l("Take"), icon="play"), Bulk("done", _l("Done"), icon="check")],
    menu=_menu,
    row_name=lambda r: f"#{r.number}",
)

_MORE = [
    Column("location", _l("Location")),
    Column("printer_serial", _l("Serial number")),
    Column("phone", _l("Phone")),
    Column("message", _l("Message")),
    Column("taken_at", _l("Taken"), kind="time"),
    Column("done_at", _l("Done"), kind="time"),
]


def listing_for(*, as_file: bool = False) -> Listing:
    """The file has columns that the page has no room for."""
    return replace(REQUESTS, columns=[*REQUESTS.columns, *_MORE]) if as_file else REQUESTS
