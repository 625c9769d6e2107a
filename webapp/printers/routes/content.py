"""The editor of a button's pages: source and panel side by side. Nothing is kept before *Save*."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal
from webapp.core.preferences import LANGUAGE_NAMES
from webapp.core.web import render, see_other
from webapp.orgs.permissions import Permission
from webapp.printers import queries
from webapp.printers.content import colours, drafts, services
from webapp.printers.content.forms import ContentForm, filled, sent
from webapp.printers.content.pages import PAGES, ContentPage
from webapp.printers.content.panels import Panel, picture_url
from webapp.printers.content.previews import preview
from webapp.printers.models import PanicButton
from webapp.printers.routes.blueprint import bp, url_for
from webapp.printers.wording import Wording, default_text

TEMPLATE = "printers/content.html"


@bp.get("/buttons/<public_id>/content/<name>", endpoint="button_content")
@allow(Permission.PRINTERS_EDIT)
def content(org: str, public_id: str, name: str) -> ResponseReturnValue:
    button, page, language = _asked(public_id, name)
    return _editor(button, filled(button, page, language))


@bp.post("/buttons/<public_id>/content/<name>", endpoint="button_content_save")
@allow(Permission.PRINTERS_EDIT)
def save(org: str, public_id: str, name: str) -> ResponseReturnValue:
    button, page, language = _asked(public_id, name)
    form = sent(button, page, language)
    if not form.validate():
        return _editor(button, form, status=422)
    try:
        services.save_content(button, form.draft(), seen=form.seen.data or "", now=utcnow())
    except Refusal as refusal:
        form.refuse(refusal)
        return _editor(button, form, status=refusal.status)
    except services.Overtaken:
        form.seen.raw_data = None
        form.seen.data = drafts.fingerprint(button, page, language)
        return _editor(button, form, theirs=filled(button, page, language), status=409)
    words = _("“%(page)s” is saved in %(language)s.")
    flash(words % {"page": page.label, "language": LANGUAGE_NAMES[language]}, "ok")
    return see_other(_address(button, page, language))


@bp.post("/buttons/<public_id>/content/<name>/resets", endpoint="button_content_reset")
@allow(Permission.PRINTERS_EDIT)
def reset(org: str, public_id: str, name: str) -> ResponseReturnValue:
    """The default text into the field `key`, or into all: in the form only, until it is saved."""
    button, page, language = _asked(public_id, name)
    form = sent(button, page, language)
    key = request.form.get("key", "")
    texts = {t.key: default_text(t.key, language) for t in page.texts if key in (t.key, "all")}
    form.put_texts(texts)
    if key == "all":
        for field in form.colour_fields:
            field.data = colours.DEFAULT_COLOURS[field.name.removeprefix("colour_")]
    return _editor(button, form)


@bp.get("/buttons/<public_id>/content/<name>/preview", endpoint="button_content_preview")
@allow(Permission.PRINTERS_EDIT)
def stored_preview(org: str, public_id: str, name: str) -> Response:
    button, page, language = _asked(public_id, name)
    return preview(Panel.of(button), page, language)


@bp.post("/buttons/<public_id>/content/<name>/preview", endpoint="button_content_draft")
@allow(Permission.PRINTERS_EDIT)
def draft_preview(org: str, public_id: str, name: str) -> Response:
    """What stands in the form; kept nowhere."""
    button, page, language = _asked(public_id, name)
    form = sent(button, page, language)
    panel = drafts.panel_of(button, _draft_or_without_picture(form))
    return preview(panel, page, language, faulty=bool(form.faulty.data))


@bp.post("/buttons/<public_id>/content/<name>/remarks", endpoint="button_content_remarks")
@allow(Permission.PRINTERS_EDIT)
def remarks(org: str, public_id: str, name: str) -> ResponseReturnValue:
    """Beside the preview: what saving would refuse, and what is not translated."""
    button, page, language = _asked(public_id, name)
    return _editor(button, sent(button, page, language), block="remarks")


def _asked(public_id: str, name: str) -> tuple[PanicButton, ContentPage, str]:
    """The button, the page, and a language that the button offers (its own where none was asked for)."""
    button = queries.get_button(public_id)
    page = PAGES.get(name) or abort(404)
    asked = request.args.get("language") or button.language
    if asked not in button.languages and asked != button.language:
        abort(404)
    return button, page, asked


def _editor(
    button: PanicButton,
    form: ContentForm,
    *,
    theirs: ContentForm | None = None,
    block: str | None = None,
    status: int = 200,
) -> Response:
    page, language = form.page, form.language
    return render(
        TEMPLATE,
        block=block,
        status=status,
        button=button,
        form=form,
        versions=_versions(theirs, form) if theirs is not None else [],
        page=page,
        content_language=language,
        language_name=LANGUAGE_NAMES[language],
        pages=PAGES.values(),
        offered=_offered(button, page),
        image=drafts.image_of(button, page.picture, language)
        or drafts.image_of(button, page.picture, None),
        untranslated=drafts.untranslated(button, page, language),
        elsewhere=_elsewhere(button, page, language),
        objections=_objections(form),
        picture_url=picture_url,
        is_default=lambda text: form.typed(text) == default_text(text.key, language),
        address=lambda endpoint, **more: _at(endpoint, button, more.pop("page", page), language),
    )


def _at(endpoint: str, button: PanicButton, page: ContentPage, language: str) -> str:
    return url_for(endpoint, public_id=button.public_id, name=page.name, language=language)


def _address(button: PanicButton, page: ContentPage, language: str) -> str:
    return _at("button_content", button, page, language)


def _offered(button: PanicButton, page: ContentPage) -> list[dict[str, Any]]:
    """The languages as tabs, each with the number of texts that are not translated."""
    codes = dict.fromkeys([button.language, *button.languages])
    return [
        {
            "code": code,
            "text": LANGUAGE_NAMES[code],
            "href": _address(button, page, code),
            "missing": len(drafts.untranslated(button, page, code)),
        }
        for code in codes
    ]


def _versions(theirs: ContentForm, mine: ContentForm) -> list[tuple[str, str, str]]:
    """Every field that is kept: as somebody saved it, and as it was written here."""
    kept = [f"text_{t.key}" for t in mine.page.texts]
    kept += [name for name in mine.data if name.startswith("colour_") or name in drafts.OPTIONS]
    return [
        (str(mine[name].label.text), _as_words(theirs[name].data), _as_words(mine[name].data))
        for name in kept
    ]


def _as_words(value: Any) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list):
        return ", ".join(LANGUAGE_NAMES[code] for code in value)
    return str(value or "").replace("\r\n", "\n")


def _elsewhere(button: PanicButton, page: ContentPage, language: str) -> dict[str, str]:
    """How the technicians' language words what is not translated here, to translate from."""
    words = Wording(button.language, button)
    return {t.key: words(t.key) for t in drafts.untranslated(button, page, language)}


def _objections(form: ContentForm) -> list[str]:
    """What saving would refuse, as far as it can be told while one types."""
    found = []
    draft = _draft_or_without_picture(form)
    for text in form.page.texts:
        found += _refused(lambda text=text: drafts.check_text(text, draft.texts[text.key]))
    if "colours" in draft.options:
        chosen = colours.with_defaults(draft.options["colours"])
        found += _refused(lambda: colours.check_contrast(chosen))
    return found


def _refused(check: Any) -> list[str]:
    try:
        check()
    except Refusal as refusal:
        return [refusal.message]
    return []


def _draft_or_without_picture(form: ContentForm) -> drafts.Draft:
    """A preview shows the rest all the same; saving says what is wrong with the picture."""
    try:
        return form.draft()
    except Refusal:
        form.picture.data = None
        return form.draft()
