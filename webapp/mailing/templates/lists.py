"""The list of templates: files and rows in one table, which PostgreSQL filters, sorts and counts like any other.

An organisation has some dozens; they are handed over as one JSON value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import BigInteger, Boolean, DateTime, SmallInteger, Text, column, func, select
from sqlalchemy import literal as bound
from sqlalchemy.dialects.postgresql import JSONB

from webapp.core.crypto import token
from webapp.core.listing import Choice, Column, Listing, Option, Page
from webapp.core.preferences import LANGUAGE_NAMES
from webapp.mail.models import EmailTemplate
from webapp.mail.types import MailType, all_types
from webapp.mailing.templates import texts
from webapp.mailing.templates.texts import Origin
from webapp.orgs.access import may
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission
from webapp.orgs.words import TRADES

ORIGINS = {
    Origin.OWN: _l("Own"),
    Origin.ABOVE: _l("Organisation above"),
    Origin.SYSTEM: _l("System"),
}
OWN_KEYS = 1_000_000
SHARED = "all"
"""In place of a trade: kinds that all trades share."""

_COLUMNS = (
    column("key", BigInteger),
    column("public_id", Text),
    column("name", Text),
    column("folded", Text),
    column("type", Text),
    column("kind", Text),
    column("trade", Text),
    column("place", SmallInteger),
    column("language", Text),
    column("language_place", SmallInteger),
    column("active", Boolean),
    column("activatable", Boolean),
    column("origin", Text),
    column("fallback", Text),
    column("changed_at", DateTime(timezone=True)),
)


def templates_page(organisation: Organisation) -> Page:
    labels = sorted(str(kind.label).casefold() for kind in all_types())
    records = [
        _record(i, text, beside, labels)
        for i, (text, beside) in enumerate(_with_beside(organisation))
    ]
    rows = (
        func.jsonb_to_recordset(bound(records, JSONB))
        .table_valued(*_COLUMNS, name="templates")
        .render_derived(name="templates", with_types=True)
    )
    return _listing(rows.c).page(select(*rows.c))


def _with_beside(organisation: Organisation) -> list[tuple[texts.Text, list[texts.Text]]]:
    found = texts.listed_texts(organisation)
    groups: dict[tuple[str, str], list[texts.Text]] = {}
    for text in found:
        groups.setdefault((text.kind.name, text.language), []).append(text)
    return [(text, groups[text.kind.name, text.language]) for text in found]


def _record(
    number: int, text: texts.Text, beside: list[texts.Text], labels: list[str]
) -> dict[str, Any]:
    """`key` breaks ties of a sort: own ones stand after the others of their kind, as they were made."""
    own = text.row if text.is_own else None
    return {
        "key": OWN_KEYS + own.id if own else number,
        "public_id": text.ref,
        "name": text.name,
        "folded": text.name.casefold(),
        "type": text.kind.name,
        "kind": str(text.kind.label),
        "trade": text.kind.trade or SHARED,
        "place": 10 * labels.index(str(text.kind.label).casefold())
        + list(LANGUAGE_NAMES).index(text.language),
        "language": text.language,
        "language_place": list(LANGUAGE_NAMES).index(text.language),
        "active": text.active,
        "activatable": texts.can_activate(text, beside),
        "origin": text.origin.value,
        "fallback": next(t.name for t in reversed(beside) if not t.is_own),
        "changed_at": own.updated_at.isoformat() if own else None,
    }


def _listing(c: Any) -> Listing:
    return Listing(
        name="templates",
        model=EmailTemplate,
        key=c.key,
        default_sort="kind",
        total=lambda n, shown: ngettext(
            "%(shown)s template", "%(shown)s templates", n, shown=shown
        ),
        columns=[
            Column("name", _l("Name"), sort=c.folded, link=_link),
            Column("kind", _l("Kind"), sort=c.place),
            Column(
                "language",
                _l("Language"),
                value=lambda row: LANGUAGE_NAMES[row.language],
                sort=c.language_place,
            ),
            Column(
                "active",
                _l("State"),
                cell="mailing/templates/cells.html#active",
                value=lambda row: _("Active") if row.active else _("Inactive"),
                main=True,
            ),
            Column("origin", _l("Whose"), value=lambda row: str(ORIGINS[Origin(row.origin)])),
            Column("changed_at", _l("Changed"), "time"),
        ],
        search=[lambda typed: c.folded.contains(typed.casefold(), autoescape=True)],
        search_hint=_l("Part of the name"),
        filters=[
            Choice("type", _l("Kind"), c.type, [(k.name, k.label) for k in _kinds()]),
            Choice("trade", _l("Trade"), c.trade, trade_choices()),
            Choice(
                "active",
                _l("State"),
                c.active,
                [Option("yes", _l("Active"), True), Option("no", _l("Inactive"), False)],
            ),
            Choice("language", _l("Language"), c.language, list(LANGUAGE_NAMES.items())),
            Choice("origin", _l("Whose"), c.origin, [(o.value, ORIGINS[o]) for o in Origin]),
        ],
        menu=_menu,
        row_name=lambda row: row.name,
    )


def trade_choices() -> list[tuple[str, object]]:
    """The trades that have kinds of their own, then what all share."""
    having = {kind.trade for kind in all_types()}
    return [
        *((name, label) for name, label, _icon in TRADES if name in having),
        (SHARED, _l("All trades")),
    ]


def trade_of(kind: MailType) -> str:
    return str(dict(trade_choices())[kind.trade or SHARED])


def _kinds() -> list[Any]:
    return sorted(all_types(), key=lambda k: str(k.label).casefold())


def _link(row: Any) -> str:
    return url_for("mailing.template", ref=row.public_id)


def _menu(row: Any) -> list[Mapping[str, Any] | None]:
    see = {"text": _("Preview"), "href": _link(row), "icon": "eye"}
    own = row.origin == Origin.OWN
    return [see, *actions(row.public_id, own=own, activatable=row.activatable)]


def actions(ref: str, *, own: bool, activatable: bool) -> list[Mapping[str, Any] | None]:
    """What may be done with a template, in its row and on its page; only own ones change."""
    if not may(Permission.MAIL_TEMPLATES_EDIT):
        return []

    def to(endpoint: str) -> str:
        return url_for(f"mailing.template_{endpoint}", ref=ref)

    nonce = {"nonce": token(128)}
    activate = {"text": _("Activate"), "action": to("activations"), "icon": "check"}
    return [
        {"text": _("Send test mail"), "href": to("test"), "icon": "mail"},
        {"text": _("Create copy"), "action": to("copies"), "fields": nonce, "icon": "copy"},
        activate if activatable else None,
        {"text": _("Edit"), "href": to("edit"), "icon": "edit"} if own else None,
        _deletion(ref, to("deletion")) if own else None,
    ]


def _deletion(ref: str, href: str) -> dict[str, Any]:
    """Without script the link leads to a page that asks the same."""
    return {
        "text": _("Delete"),
        "href": href,
        "icon": "trash",
        "danger": True,
        "attrs": {"data-dialog": f"delete-{ref}"},
    }
