"""Product types and makers, as the operator sees them (K-3)."""

from __future__ import annotations

from flask import url_for
from flask_babel import lazy_gettext as _
from flask_babel import ngettext

from webapp.core.listing import Choice, Column, Flag, Listing, Option, Starts
from webapp.core.names import sort_name
from webapp.meters.kinds import LABELS, KeyKind
from webapp.meters.models import Maker, ProductType
from webapp.meters.queries import makers
from webapp.meters.words import MEDIA, RADIOS

TYPES = Listing(
    name="product-types",
    model=ProductType,
    columns=[
        Column(
            "name",
            _("Name"),
            sort=ProductType.sort_name,
            link=lambda t: url_for("meter_types.type_edit", public_id=t.public_id),
        ),
        Column("active", _("In use"), cell="meters/cells.html#type_state", main=True),
        Column("maker", _("Maker"), value=lambda t: f"{t.maker.name} ({t.maker.code})"),
        Column("medium", _("Medium"), value=lambda t: str(MEDIA[t.medium])),
        Column("radio", _("Radio"), value=lambda t: str(RADIOS[t.radio])),
        Column(
            "key_kinds",
            _("Keys of every device"),
            value=lambda t: ", ".join(str(LABELS[KeyKind(kind)]) for kind in t.key_kinds),
        ),
    ],
    default_sort="name",
    total=lambda n, shown: ngettext(
        "%(shown)s product type", "%(shown)s product types", n, shown=shown
    ),
    search=[Starts(ProductType.sort_name, fold=sort_name)],
    search_hint=_("Name"),
    filters=[
        Choice(
            "maker",
            _("Maker"),
            ProductType.maker_id,
            lambda: [Option(m.code, m.name, m.id) for m in makers()],
        ),
        Choice("medium", _("Medium"), ProductType.medium, list(MEDIA.items())),
        Choice("radio", _("Radio"), ProductType.radio, list(RADIOS.items())),
        Flag("active", _("In use"), ProductType.active.is_(True)),
    ],
    row_name=lambda t: t.name,
)

MAKERS = Listing(
    name="makers",
    model=Maker,
    columns=[
        Column(
            "name",
            _("Name"),
            sort=Maker.sort_name,
            link=lambda m: url_for("meter_types.maker_edit", code=m.code),
        ),
        Column("code", _("Code"), kind="code", sort=Maker.code, main=True),
    ],
    default_sort="name",
    total=lambda n, shown: ngettext("%(shown)s maker", "%(shown)s makers", n, shown=shown),
    search=[Starts(Maker.sort_name, fold=sort_name), Starts(Maker.code)],
    search_hint=_("Name, code"),
    row_name=lambda m: m.name,
    ticked_by=Maker.code,
)
