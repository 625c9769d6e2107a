"""Lists: one declaration, one page, one URL grammar for every list of the portal.

    REQUESTS = Listing(
        name="requests", model=Request, default_sort="-opened",
        total=lambda n, shown: ngettext("%(shown)s request", "%(shown)s requests", n, shown=shown),
        columns=[Column("number", _("Number"), sort=Request.number, link=lambda r: url_for(…)), …],
        search=[Number(Request.number), Starts(Request.printer_serial)],
        filters=[Choice("state", _("State"), Request.state, STATES), Period("opened", …)],
    )
    return REQUESTS.page(select(Request)).respond("printers/requests.html")

The template's block `listing` holds `{{ ui.listing(page) }}`. The URL is the memory: `q`, filter names repeated,
`sort=name|-name`, `after`/`before`, `size`; what is default is absent.
"""

from webapp.core.listing.declaration import Bulk, Column, Listing
from webapp.core.listing.filters import Below, Choice, Flag, Labels, Option, Period
from webapp.core.listing.page import Page
from webapp.core.listing.searches import Ends, Exactly, Number, Starts, Words, word_index
from webapp.core.listing.selection import Selection

__all__ = [
    "Below",
    "Bulk",
    "Choice",
    "Column",
    "Ends",
    "Exactly",
    "Flag",
    "Labels",
    "Listing",
    "Number",
    "Option",
    "Page",
    "Period",
    "Selection",
    "Starts",
    "Words",
    "word_index",
]
