"""The audit log's pages. They stand here since permissions do; the log itself lies below."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import ColumnElement, and_, func, or_

from webapp.audit import log as audit
from webapp.audit import queries
from webapp.audit.events import all_events, object_label
from webapp.audit.models import AuditRow
from webapp.core.access import allow
from webapp.core.listing import Choice, Column, Exactly, Listing, Option, Period, Starts
from webapp.core.web import render
from webapp.orgs.access import current_organisation
from webapp.orgs.events import OrgEvent
from webapp.orgs.permissions import Permission
from webapp.orgs.routes.blueprint import bp


class Who(Choice):
    """A kind of actor and the id within it are one option."""

    kind: ClassVar[str] = "choice"

    def any_of(self, values: list[Any]) -> ColumnElement[bool]:
        return or_(*(_is(doer) for doer in values))

    def counted(self) -> None:
        return None


def _is(doer: queries.Doer) -> ColumnElement[bool]:
    """Plain equality, which the index serves; `IS NOT DISTINCT FROM` it does not."""
    same_id = AuditRow.actor_id.is_(None) if doer.id is None else AuditRow.actor_id == doer.id
    return and_(AuditRow.actor_kind == doer.kind, same_id)


def _row_url(row: AuditRow) -> str:
    return url_for("orgs.audit_row", org=current_organisation().public_id, seq=row.seq)


def _events() -> list[Option]:
    found = {event.value: str(event.label) for event in all_events()}
    return [
        Option(v, label, v) for v, label in sorted(found.items(), key=lambda e: e[1].casefold())
    ]


AUDIT = Listing(
    name="audit",
    model=AuditRow,
    columns=[
        Column(
            "at",
            _l("When"),
            kind="time",
            sort=AuditRow.at,
            first_descending=True,
            cell="audit/cells.html#at",
            link=_row_url,
        ),
        Column("event", _l("What"), value=queries.event_of, main=True),
        Column("actor", _l("Who"), value=queries.actor_of),
        Column("object", _l("Object"), value=queries.object_of, csv=queries.object_with_id),
        Column("via", _l("From where"), value=queries.via_of),
        Column("details", _l("Details"), value=queries.summary_of, cell="audit/cells.html#details"),
    ],
    default_sort="-at",
    total=lambda n, shown: ngettext("%(shown)s entry", "%(shown)s entries", n, shown=shown),
    search=[
        Exactly(AuditRow.object_id, stored=str),
        Starts(func.lower(AuditRow.payload["object"].astext), fold=str.lower),
        Starts(func.lower(AuditRow.payload["actor"].astext), fold=str.lower),
    ],
    search_hint=_l("Object or person"),
    filters=[
        Choice("event", _l("Event"), AuditRow.event, _events),
        Who(
            "who",
            _l("Who"),
            AuditRow.actor_id,
            lambda: [Option(d.value, d.label, d) for d in queries.doers()],
        ),
        Choice(
            "object",
            _l("Kind of object"),
            AuditRow.object_kind,
            lambda: [(k, object_label(k)) for k in queries.object_kinds()],
        ),
        Period("at", _l("Period"), AuditRow.at, zone=lambda: current_organisation().time_zone),
    ],
    row_name=queries.event_of,
    ticked_by=AuditRow.seq,
)


@bp.get("/o/<org>/audit", endpoint="audit")
@allow(Permission.AUDIT_READ)
def audit_log(org: str) -> ResponseReturnValue:
    page = AUDIT.page(queries.rows())
    if page.wants_csv:
        _record_export(request.query_string.decode(errors="replace"))
    return page.respond("audit/list.html")


@bp.get("/o/<org>/audit/<int:seq>")
@allow(Permission.AUDIT_READ)
def audit_row(org: str, seq: int) -> ResponseReturnValue:
    return render("audit/row.html", row=queries.row(seq), q=queries)


def _record_export(filters: str) -> None:
    here = current_organisation()
    audit.record(
        OrgEvent.AUDIT_EXPORTED,
        organisation_id=here.id,
        kind="organisation",
        id=here.public_id,
        label=here.name,
        detail={"filters": filters},
    )
