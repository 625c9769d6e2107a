"""The page /design: every component in every state, for eyes and for tests. Never in production."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, abort, g, render_template
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    FileField,
    IntegerField,
    PasswordField,
    RadioField,
    SearchField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.core.access import PUBLIC, allow
from webapp.core.clock import utcnow
from webapp.core.web import render

ERROR_CODES = (400, 403, 404, 409, 410, 413, 422, 429, 500, 503)
PANIC_PAGES = ("email", "reasons", "message", "thanks", "code", "error", "closed")
REASONS = (
    "Paper jam",
    "Toner empty or pale",
    "Stripes or spots",
    "No paper feed",
    "Scanner does not start",
    "Strange noise",
    "Badge not recognised",
    "Network or mail fails",
    "Staples empty",
    "Panel frozen",
    "Door does not close",
    "Something else",
)

bp = Blueprint("design", __name__, url_prefix="/design")


def _choices(**labels: str) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in labels.items()]


class DesignForm(FlaskForm):  # type: ignore[misc]
    """One field of each kind."""

    name = StringField("Name", [DataRequired()], description="As it stands on the invoice.")
    email = EmailField("E-mail address", [DataRequired()])
    password = PasswordField("New password", [DataRequired()])
    search = SearchField("Find a site", [Optional()])
    tanks = IntegerField("Number of tanks", [Optional()])
    country = SelectField("Country", choices=_choices(IT="Italy", SE="Sweden", PL="Poland"))
    plan = RadioField("Edition", choices=_choices(s="Small", l="Large"), default="s")
    trades = SelectMultipleField(
        "Trades",
        choices=_choices(fuel="Fuel sites", keys="Meter keys", hubs="Alarm hubs"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    note = TextAreaField("Note", [Optional()])
    file = FileField("Information document", [Optional()], description="PDF, at most 5 MB.")
    terms = BooleanField("I have read the conditions of sale")
    live = BooleanField("Open a request when a poll sees a fault")


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)


@bp.get("")
@allow(PUBLIC)
def page() -> Response:
    """The whole design system inside the shell."""
    return render("design/index.html", **_examples())


@bp.get("/signed-out")
@allow(PUBLIC)
def signed_out() -> Response:
    return render("design/signed_out.html", form=DesignForm(formdata=None))


@bp.get("/tick")
@allow(PUBLIC)
def tick() -> Response:
    """What the polled example asks for."""
    return render("design/live.html", block="tick", now=utcnow())


@bp.get("/errors/<int:code>")
@allow(PUBLIC)
def error(code: int) -> str:
    if code not in ERROR_CODES:
        abort(404)
    people = ["Anna Berg (anna@acme.example)", "Piotr Zając (piotr@acme.example)"]
    given = {"wait_seconds": 840, "permission": "printers:requests:edit", "administrators": people}
    return render_template(f"errors/{code}.html", status=code, **given)


@bp.get("/panic/<name>")
@allow(PUBLIC)
def panic(name: str) -> str:
    if name not in PANIC_PAGES:
        abort(404)
    return render_template(f"design/panic/{name}.html", reasons=REASONS)


def _examples() -> dict[str, Any]:
    now = utcnow()
    g.setdefault("request_id", "example")
    return {
        "form": DesignForm(formdata=None),
        "refused": _refused_form(),
        "now": now,
        "recently": now - timedelta(minutes=4),
        "earlier": now - timedelta(days=3, hours=2),
        "day": date(2026, 2, 28),
        "error_codes": ERROR_CODES,
        "panic_pages": PANIC_PAGES,
        "icons": _icon_names(),
    }


def _refused_form() -> DesignForm:
    form = DesignForm(formdata=None, prefix="bad")
    form.name.errors = ["Enter a name."]
    form.email.data = "anna@@acme"
    form.email.errors = ["This is no e-mail address: it has two @."]
    form.trades.errors = ["Tick at least one trade."]
    form.terms.errors = ["The conditions must be accepted before an order."]
    return form


def _icon_names() -> list[str]:
    sprite = Path(__file__).parent.parent / "static/img/icons.svg"
    return re.findall(r'<symbol id="([^"]+)"', sprite.read_text())
