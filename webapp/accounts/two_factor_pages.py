"""`/me/two-factor`: one's own second step; and the page that asks for a proof."""

from __future__ import annotations

from urllib.parse import quote

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from webapp.accounts import proofs, second_step, totp, two_factor
from webapp.accounts.access import SIGNED_IN
from webapp.accounts.forms import CodeForm
from webapp.accounts.proofs import ProofForm, fresh
from webapp.accounts.queries import organisations_requiring_two_factor
from webapp.accounts.routes import HOME, bp
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal, TooMany
from webapp.core.qr import qr_code
from webapp.core.web import local_target, render, see_other

PAGE, SETUP, CODES = (
    "accounts/two_factor.html",
    "accounts/two_factor_setup.html",
    "accounts/recovery_codes.html",
)


@bp.get("/me/two-factor", endpoint="two_factor")
@allow(SIGNED_IN)
def two_factor_page() -> ResponseReturnValue:
    """Off, being set up, or on."""
    secret = two_factor.secret_in_setup(current_user)
    if secret is not None:
        return _setup(CodeForm(formdata=None), secret)
    return render(
        PAGE,
        is_on=current_user.has_second_step,
        codes_left=second_step.recovery_codes_left(current_user),
        requiring=organisations_requiring_two_factor(current_user),
    )


@bp.post("/me/two-factor/setups")
@allow(SIGNED_IN)
@fresh
def begin_two_factor() -> ResponseReturnValue:
    """A new secret; asked with a proof, so that an open screen is not enough to lock its owner out."""
    two_factor.begin_setup(current_user)
    return see_other(url_for("accounts.two_factor"))


@bp.post("/me/two-factor/setups/endings")
@allow(SIGNED_IN)
def give_up_two_factor() -> ResponseReturnValue:
    two_factor.give_up_setup(current_user)
    return see_other(url_for("accounts.two_factor"))


@bp.post("/me/two-factor/confirmations")
@allow(SIGNED_IN)
@fresh
def confirm_two_factor() -> ResponseReturnValue:
    """The answer itself shows the recovery codes, this once."""
    secret = two_factor.secret_in_setup(current_user)
    if secret is None:
        return see_other(url_for("accounts.two_factor"))
    form = CodeForm()
    if not form.validate():
        return _setup(form, secret, status=422)
    try:
        codes = two_factor.switch_on(current_user, form.code.data, now=utcnow())
    except Refusal as refusal:
        form.refuse(refusal)
        return _setup(form, secret, status=422)
    return _codes(codes, is_new=True)


def _setup(form: CodeForm, secret: str, *, status: int = 200) -> ResponseReturnValue:
    address = totp.address(secret, account=current_user.email)
    return render(
        SETUP,
        form=form,
        status=status,
        secret=totp.in_groups(secret),
        address=address,
        qr=qr_code(address),
        requiring=organisations_requiring_two_factor(current_user),
    )


def _codes(codes: list[str], *, is_new: bool) -> ResponseReturnValue:
    """Also as a file, which stands in the link itself: the portal keeps only digests."""
    head = _("Recovery codes of %(name)s for Outpost", name=current_user.username)
    text = "\n".join([head, "", *codes, ""])
    return render(
        CODES, codes=codes, is_new=is_new, file=f"data:text/plain;charset=utf-8,{quote(text)}"
    )


@bp.post("/me/two-factor/recovery-codes")
@allow(SIGNED_IN)
@fresh
def renew_recovery_codes() -> ResponseReturnValue:
    try:
        return _codes(two_factor.renew_recovery_codes(current_user), is_new=False)
    except Refusal:
        return see_other(url_for("accounts.two_factor"))


@bp.get("/me/two-factor/ending")
@allow(SIGNED_IN)
def ending_two_factor() -> ResponseReturnValue:
    """The question that the dialog asks, for who has no script."""
    if not current_user.has_second_step:
        return see_other(url_for("accounts.two_factor"))
    requiring = organisations_requiring_two_factor(current_user)
    return render("accounts/two_factor_ending.html", requiring=requiring)


@bp.post("/me/two-factor/endings")
@allow(SIGNED_IN)
@fresh
def end_two_factor() -> ResponseReturnValue:
    two_factor.switch_off(current_user)
    flash(_("Two-factor sign-in is off. You are told by mail, too."), "ok")
    return see_other(url_for("accounts.two_factor"))


@bp.get("/me/proof")
@allow(SIGNED_IN)
def proof() -> ResponseReturnValue:
    """Asked on the way to a page; see `accounts.proofs`."""
    target = local_target(request.args.get("next"), HOME)
    if not proofs.proof_needed(now=utcnow()):
        return see_other(target)
    return proofs.question(ProofForm(formdata=None, next=target))


@bp.post("/me/proof")
@allow(SIGNED_IN)
def proving() -> ResponseReturnValue:
    form = ProofForm()
    target = local_target(form.next.data, HOME)
    try:
        proofs.check_proof(current_user, form.step_up.data, now=utcnow(), field=proofs.FIELD)
    except Refusal as refusal:
        form.refuse(refusal)
        return proofs.question(form, status=422)
    except TooMany as error:
        return proofs.question(form, status=429, wait_seconds=error.wait_seconds)
    return see_other(target)
