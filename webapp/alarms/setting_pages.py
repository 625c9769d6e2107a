"""How an organisation wants to hear of alarms: for all of them, and of each kind (P-44)."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp.alarms import settings
from webapp.alarms.forms import KindRuleForm, RuleForm
from webapp.alarms.kinds import ConditionKind, all_kinds
from webapp.alarms.models import AlarmRule
from webapp.alarms.routes import bp
from webapp.alarms.rules import row_of
from webapp.core import db as database
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission
from webapp.orgs.queries import Holder, holders


@dataclass(frozen=True)
class KindLine:
    """A kind with what holds for it; `own` is its own rule, if it has one."""

    kind: ConditionKind
    own: AlarmRule | None

    @property
    def debounce_minutes(self) -> int:
        usual = int(self.kind.debounce.total_seconds() // 60)
        own = self.own.debounce_minutes if self.own is not None else None
        return usual if own is None else own


@bp.get("/o/<org>/alarms/settings")
@allow(Permission.ALARMS_EDIT)
def alarm_settings(org: str) -> ResponseReturnValue:
    return _settings(RuleForm.of(row_of(current_organisation().id)))


@bp.post("/o/<org>/alarms/settings")
@allow(Permission.ALARMS_EDIT)
def alarm_settings_change(org: str) -> ResponseReturnValue:
    form = RuleForm()
    if not form.validate():
        return _settings(form, status=422)
    try:
        settings.change_rule(
            current_organisation().id,
            form.values(),
            seen=form.version.data or "",
            by=acting(),
            now=utcnow(),
        )
    except Refusal as refusal:
        database.rollback()
        form.refuse(refusal)
        return _settings(form, status=422)
    flash(_("The settings are saved."), "ok")
    return see_other(url_for("alarms.alarm_settings", org=org))


@bp.get("/o/<org>/alarms/settings/kinds/<kind>")
@allow(Permission.ALARMS_EDIT)
def kind_rule(org: str, kind: str) -> ResponseReturnValue:
    found, here = _kind(kind), current_organisation()
    own = row_of(here.id, found.name)
    form = KindRuleForm.of(own, row_of(here.id), people=_people())
    return _kind_page(found, form)


@bp.post("/o/<org>/alarms/settings/kinds/<kind>")
@allow(Permission.ALARMS_EDIT)
def kind_rule_change(org: str, kind: str) -> ResponseReturnValue:
    found = _kind(kind)
    form = KindRuleForm(people=_people())
    if not form.validate():
        return _kind_page(found, form, status=422)
    try:
        settings.change_kind_rule(
            current_organisation().id,
            found,
            form.values(),
            seen=form.version.data or "",
            by=acting(),
            now=utcnow(),
        )
    except Refusal as refusal:
        database.rollback()
        form.refuse(refusal)
        return _kind_page(found, form, status=422)
    flash(_("“%(kind)s” has its own rule now.", kind=found.label), "ok")
    return see_other(url_for("alarms.alarm_settings", org=org))


@bp.post("/o/<org>/alarms/settings/kinds/<kind>/resets")
@allow(Permission.ALARMS_EDIT)
def kind_rule_reset(org: str, kind: str) -> ResponseReturnValue:
    found = _kind(kind)
    settings.reset_kind_rule(current_organisation().id, found, by=acting(), now=utcnow())
    flash(_("“%(kind)s” follows the rule for all alarms again.", kind=found.label), "ok")
    return see_other(url_for("alarms.alarm_settings", org=org))


def _kind(name: str) -> ConditionKind:
    return next((k for k in all_kinds(portals=False) if k.name == name), None) or abort(404)


def _people() -> list[Holder]:
    """Who may see alarms here, for the tick boxes."""
    found = holders(current_organisation())
    return [holder for holder in found if Permission.ALARMS_READ in holder.permissions]


def _kind_page(
    kind: ConditionKind, form: KindRuleForm, *, status: int = 200
) -> ResponseReturnValue:
    here = current_organisation()
    return render(
        "alarms/kind_rule.html",
        kind=kind,
        usual_minutes=int(kind.debounce.total_seconds() // 60),
        form=form,
        own=row_of(here.id, kind.name),
        general=row_of(here.id),
        status=status,
    )


def _settings(form: RuleForm, *, status: int = 200) -> ResponseReturnValue:
    here = current_organisation()
    return render(
        "alarms/settings.html",
        rule=form,
        kinds=[KindLine(kind, row_of(here.id, kind.name)) for kind in all_kinds(portals=False)],
        windows=settings.windows_to_come(utcnow()),
        zone=here.time_zone,
        status=status,
    )
