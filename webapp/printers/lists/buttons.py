"""The list of panic buttons."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from webapp.core.listing import Choice, Column, Listing, Option, Words
from webapp.core.names import sort_name
from webapp.core.preferences import LANGUAGE_NAMES
from webapp.printers.lists.printers import button_url
from webapp.printers.models import PanicButton
from webapp.printers.words import language_names

BUTTONS = Listing(
    name="buttons",
    model=PanicButton,
    columns=[
        Column("name", _l("Name"), sort=PanicButton.sort_name, link=button_url),
        Column(
            "state",
            _l("State"),
            value=lambda b: _("On") if b.active else _("Off"),
            cell="printers/cells.html#button_state",
            main=True,
        ),
        Column("language", _l("Language"), value=lambda b: LANGUAGE_NAMES[b.language]),
        Column("languages", _l("Offered"), value=lambda b: language_names(b.languages)),
        Column("emails", _l("Technicians"), value=lambda b: ", ".join(b.technician_emails)),
        Column("phone", _l("Phone")),
    ],
    default_sort="name",
    total=lambda n, shown: ngettext(
        "%(shown)s panic button", "%(shown)s panic buttons", n, shown=shown
    ),
    search=[Words(PanicButton.sort_name, fold=sort_name)],
    search_hint=_l("Name"),
    filters=[
        Choice(
            "state",
            _l("State"),
            PanicButton.active,
            [Option("on", _l("On"), True), Option("off", _l("Off"), False)],
        )
    ],
)
