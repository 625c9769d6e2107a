"""How printers are read: profiles, models never polled, searches, who reads a printer (B-11)."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission
from webapp.printers import queries
from webapp.printers.polling import queries as reading
from webapp.printers.polling import reach, services
from webapp.printers.polling.forms import (
    AddFoundForm,
    NeverForm,
    ProfileForm,
    ReadingForm,
    SearchForm,
)
from webapp.printers.polling.models import SnmpProfile
from webapp.printers.routes.blueprint import answer_form, bp, url_for
from webapp.printers.services import stale


@bp.get("/reading", endpoint="reading")
@allow(Permission.PRINTERS_READ)
def reading_page(org: str) -> ResponseReturnValue:
    never = NeverForm(formdata=None, never="\n".join(services.forbidden()))
    return render("printers/reading.html", **_overview(never))


@bp.post("/reading/never")
@allow(Permission.PRINTERS_EDIT)
def reading_never(org: str) -> ResponseReturnValue:
    form = NeverForm()

    def act() -> str:
        lines = (form.never.data or "").splitlines()
        services.forbid(lines, organisation_id=current_organisation().id)
        flash(_("Kept. What is on the list is not polled from now on."), "ok")
        return url_for("reading")

    context = {name: value for name, value in _overview(form).items() if name != "form"}
    return answer_form(form, "printers/reading.html", act, **context)


@bp.get("/reading/profiles/new")
@allow(Permission.PRINTERS_EDIT)
def profile_new(org: str) -> ResponseReturnValue:
    return render("printers/profile_form.html", form=ProfileForm(formdata=None), profile=None)


@bp.post("/reading/profiles")
@allow(Permission.PRINTERS_EDIT)
def profile_add(org: str) -> ResponseReturnValue:
    form = ProfileForm()
    return answer_form(form, "printers/profile_form.html", lambda: _save(None, form), profile=None)


@bp.get("/reading/profiles/<public_id>/edit")
@allow(Permission.PRINTERS_EDIT)
def profile_edit(org: str, public_id: str) -> ResponseReturnValue:
    profile = reading.get_profile(public_id)
    return render("printers/profile_form.html", form=ProfileForm.of(profile), profile=profile)


@bp.post("/reading/profiles/<public_id>/edit")
@allow(Permission.PRINTERS_EDIT)
def profile_change(org: str, public_id: str) -> ResponseReturnValue:
    profile = reading.get_profile(public_id)
    form = ProfileForm(profile=profile)
    template = "printers/profile_form.html"
    return answer_form(form, template, lambda: _save(profile, form), profile=profile)


@bp.get("/reading/profiles/<public_id>/removals/confirm")
@allow(Permission.PRINTERS_EDIT)
def profile_confirm(org: str, public_id: str) -> ResponseReturnValue:
    return render("printers/profile_confirm.html", profile=reading.get_profile(public_id))


@bp.post("/reading/profiles/<public_id>/removals")
@allow(Permission.PRINTERS_EDIT)
def profile_remove(org: str, public_id: str) -> ResponseReturnValue:
    profile = reading.get_profile(public_id)
    services.remove_profile(profile)
    flash(_("%(name)s is removed.", name=profile.name), "ok")
    return see_other(url_for("reading"))


@bp.get("/<public_id>/reading")
@allow(Permission.PRINTERS_EDIT)
def printer_reading(org: str, public_id: str) -> ResponseReturnValue:
    printer = queries.get_printer(public_id)
    form = ReadingForm.of(printer, reading.profiles())
    return render(
        "printers/printer_reading.html",
        form=form,
        printer=printer,
        is_allowed=reach.reads_printers(),
    )


@bp.post("/<public_id>/reading")
@allow(Permission.PRINTERS_EDIT)
def printer_read_by(org: str, public_id: str) -> ResponseReturnValue:
    printer = queries.get_printer(public_id)
    form = ReadingForm(profiles=reading.profiles())

    def act() -> str:
        services.read_by(
            printer,
            form.polled_by.data,
            profile=form.chosen(),
            address=form.address.data or None,
            now=utcnow(),
        )
        return url_for("printer", public_id=public_id)

    template = "printers/printer_reading.html"
    return answer_form(form, template, act, printer=printer, is_allowed=reach.reads_printers())


@bp.post("/<public_id>/readings")
@allow(Permission.PRINTERS_EDIT)
def printer_read_now(org: str, public_id: str) -> ResponseReturnValue:
    printer = queries.get_printer(public_id)
    services.read_now(printer, now=utcnow())
    flash(_("%(name)s is being read; look again in a moment.", name=printer.name), "ok")
    return see_other(url_for("printer", public_id=public_id))


@bp.get("/discoveries/new")
@allow(Permission.PRINTERS_EDIT)
def discovery_new(org: str) -> ResponseReturnValue:
    form = SearchForm(formdata=None, profiles=reading.profiles())
    return render("printers/discovery_new.html", form=form, is_allowed=reach.reads_printers())


@bp.post("/discoveries")
@allow(Permission.PRINTERS_EDIT)
def discovery_begin(org: str) -> ResponseReturnValue:
    form = SearchForm(profiles=reading.profiles())

    def act() -> str:
        profile = form.chosen()
        if profile is None:
            raise Refusal(_("Choose the reading profile to ask it with."), field="profile")
        discovery = services.search(form.network.data, profile, by=acting(), now=utcnow())
        return url_for("discovery", public_id=discovery.public_id)

    template = "printers/discovery_new.html"
    return answer_form(form, template, act, is_allowed=reach.reads_printers())


@bp.get("/discoveries/<public_id>", endpoint="discovery")
@allow(Permission.PRINTERS_READ)
def discovery_page(org: str, public_id: str) -> ResponseReturnValue:
    discovery = reading.get_discovery(public_id)
    known = {one["address"]: services.known_printer(one) for one in discovery.found}
    return render(
        "printers/discovery.html",
        block="found",
        discovery=discovery,
        known=known,
        form=AddFoundForm(formdata=None, buttons=queries.all_buttons()),
    )


@bp.post("/discoveries/<public_id>/printers")
@allow(Permission.PRINTERS_EDIT)
def discovery_add(org: str, public_id: str) -> ResponseReturnValue:
    discovery = reading.get_discovery(public_id)
    form = AddFoundForm(buttons=queries.all_buttons())
    ticked = request.form.getlist("address")

    def act() -> str:
        if not ticked:
            raise Refusal(_("Tick the printers to add."))
        added = services.add_found(discovery, ticked, button=form.chosen_button(), now=utcnow())
        flash(ngettext("%(num)s printer added.", "%(num)s printers added.", len(added)), "ok")
        return url_for("printers")

    known = {one["address"]: services.known_printer(one) for one in discovery.found}
    template = "printers/discovery.html"
    return answer_form(form, template, act, discovery=discovery, known=known)


def _overview(never: NeverForm) -> dict[str, Any]:
    return {
        "form": never,
        "profiles": reading.profiles(),
        "used": reading.printers_by_profile(),
        "discoveries": reading.discoveries(),
        "is_allowed": reach.reads_printers(),
    }


def _save(profile: SnmpProfile | None, form: ProfileForm) -> str:
    if profile is not None and str(form.version.data or "") != str(profile.version):
        raise stale()
    services.save_profile(
        profile, form.facts(), organisation_id=current_organisation().id, now=utcnow()
    )
    return url_for("reading")
