"""Exchange of a meter's keys is recorded, and the way back to the initial ones (K-7)."""

from __future__ import annotations

from flask import abort, flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from webapp.accounts.proofs import fresh, proof_needed, prove
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal
from webapp.core.web import render, see_other
from webapp.meters import exchanges, queries
from webapp.meters.catalogue_forms import ExchangeForm
from webapp.meters.kinds import LABELS, KeyKind, KeyTextError, parse_key
from webapp.meters.models import Meter
from webapp.meters.routes.blueprint import bp, url_for
from webapp.meters.types import KINDS_OF
from webapp.orgs.permissions import Permission

LARGEST_FILE = 4096
"""Bytes. A key has 64 digits at most."""


@bp.get("/<public_id>/keys/exchanges/new")
@allow(Permission.METERS_EDIT)
@fresh
def key_exchange_new(org: str, public_id: str) -> ResponseReturnValue:
    meter = queries.get_meter(public_id)
    return _page(meter, ExchangeForm(formdata=None, kinds=_kinds(meter)))


@bp.post("/<public_id>/keys/exchanges")
@allow(Permission.METERS_EDIT)
def key_exchange(org: str, public_id: str) -> ResponseReturnValue:
    """Not under `@fresh`, which carries all that was entered through a page: a key must not be in one."""
    meter = queries.get_meter(public_id)
    form = ExchangeForm(kinds=_kinds(meter))
    if not form.validate():
        return _page(meter, form, status=422)
    now = utcnow()
    try:
        prove(current_user, form["proof"].data, now=now)
        kind = KeyKind(form["kind"].data)
        exchanges.record_exchange(meter, kind, _value(form, kind), now=now)
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(meter, form, status=refusal.status)
    flash(_("The exchange of %(key)s is recorded.", key=str(LABELS[kind])), "ok")
    return see_other(url_for("meter", public_id=public_id))


@bp.get("/<public_id>/keys/<kind>/reset")
@allow(Permission.METERS_EDIT)
def key_reset(org: str, public_id: str, kind: str) -> ResponseReturnValue:
    """The question, for browsers without script."""
    meter = queries.get_meter(public_id)
    return render("meters/key_reset.html", meter=meter, kind=kind, name=str(LABELS[_kind(kind)]))


@bp.post("/<public_id>/keys/<kind>/resets")
@allow(Permission.METERS_EDIT)
@fresh
def key_resets(org: str, public_id: str, kind: str) -> ResponseReturnValue:
    meter = queries.get_meter(public_id)
    exchanges.reset_to_initial(meter, _kind(kind), now=utcnow())
    flash(_("%(key)s is the initial one again.", key=str(LABELS[_kind(kind)])), "ok")
    return see_other(url_for("meter", public_id=public_id))


def _kind(text: str) -> KeyKind:
    try:
        return KeyKind(text)
    except ValueError:
        abort(404)


def _kinds(meter: Meter) -> list[KeyKind]:
    """Those it has first, then those that its radio could have."""
    present = [KeyKind(kind) for kind in meter.key_kinds]
    possible = KINDS_OF[meter.product_type.radio]  # type: ignore[index]
    return [*present, *(k for k in KeyKind if k in possible and k not in present)]


def _value(form: ExchangeForm, kind: KeyKind) -> bytes:
    """Typed, or from a file; never both."""
    typed, file = (form["value"].data or "").strip(), form["file"].data
    has_file = bool(file and getattr(file, "filename", ""))
    if typed and has_file:
        raise Refusal(_("Type the value or choose a file, not both."), field="value")
    field = "file" if has_file else "value"
    text = file.stream.read(LARGEST_FILE + 1).decode("utf-8-sig", "replace") if has_file else typed
    if len(text) > LARGEST_FILE:
        raise Refusal(_("This file holds more than one key."), field=field)
    try:
        return parse_key(text.strip(), kind)
    except KeyTextError as error:
        raise Refusal(str(error), field=field) from None


def _page(meter: Meter, form: ExchangeForm, *, status: int = 200) -> ResponseReturnValue:
    asks = proof_needed(now=utcnow())
    return render(
        "meters/key_exchange.html", meter=meter, form=form, asks_proof=asks, status=status
    )
