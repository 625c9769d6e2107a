"""Saving what was worded: texts, options, picture of one page in one language, in one act."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from webapp.audit import log as audit
from webapp.core.db import db
from webapp.core.files import File, Picture, file_of
from webapp.core.principal import acting
from webapp.printers.content.colours import check_contrast, own_only
from webapp.printers.content.drafts import Draft, check_text, fingerprint, image_of, own_texts
from webapp.printers.content.panels import EXTENSIONS
from webapp.printers.events import PrinterEvent
from webapp.printers.models import PanicButton, PanicImage


class Overtaken(Exception):
    """Somebody saved the same page and language since the editor was opened."""


def save_content(button: PanicButton, draft: Draft, *, seen: str, now: datetime) -> None:
    """All of the draft or nothing. Raises `Refusal` for what can't stand, `Overtaken` before overwriting."""
    _hold(button)
    if seen != fingerprint(button, draft.page, draft.language):
        raise Overtaken
    for text in draft.page.texts:
        check_text(text, draft.texts.get(text.key, ""))
    changed = _set_texts(button, draft) + _set_options(button, draft)
    if _set_picture(button, draft, now):
        changed.append(draft.page.picture)
    if changed:
        _record(button, draft, changed)


def _hold(button: PanicButton) -> None:
    """Two who save at once come one after the other."""
    db.session.scalars(
        select(PanicButton)
        .where(PanicButton.id == button.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _set_texts(button: PanicButton, draft: Draft) -> list[str]:
    texts = own_texts(button, draft)
    keys = [t.key for t in draft.page.texts if texts.get(t.key) != button.texts.get(t.key)]
    if keys:
        button.texts = texts
    return keys


def _set_options(button: PanicButton, draft: Draft) -> list[str]:
    options = dict(draft.options)
    if "colours" in options:
        check_contrast(options["colours"])
        options["colours"] = own_only(options["colours"])
    if "languages" in options:
        options["languages"] = list(dict.fromkeys([button.language, *options["languages"]]))
    changed = [name for name, value in options.items() if getattr(button, name) != value]
    for name in changed:
        setattr(button, name, options[name])
    return changed


def _set_picture(button: PanicButton, draft: Draft, now: datetime) -> bool:
    """One for all languages takes the place of this language's own, which would hide it."""
    if draft.picture is None and not draft.remove_picture:
        return False
    _drop(button, image_of(button, draft.page.picture, draft.language))
    if draft.for_all:
        _drop(button, image_of(button, draft.page.picture, None))
    if draft.picture is not None:
        put_picture(
            button, draft.page.picture, draft.picture, language=draft.picture_language, now=now
        )
    return True


def put_picture(
    button: PanicButton, place: str, picture: Picture, *, language: str | None, now: datetime
) -> PanicImage:
    """Onto a page that has none for this language."""
    columns = file_of(
        picture.content,
        kind="panic",
        name=f"{place}.{EXTENSIONS[picture.media_type]}",
        media_type=picture.media_type,
        organisation_id=button.organisation_id,
    )
    image = PanicImage(
        organisation_id=button.organisation_id,
        page=place,
        language=language,
        file=File(**columns, created_at=now, created_by=acting().label),
        width=picture.width,
        height=picture.height,
    )
    button.images.append(image)
    db.session.flush()
    return image


def _drop(button: PanicButton, image: PanicImage | None) -> None:
    if image is None:
        return
    file = image.file
    button.images.remove(image)
    db.session.flush()
    db.session.delete(file)
    db.session.flush()


def _record(button: PanicButton, draft: Draft, changed: list[str]) -> None:
    audit.record(
        PrinterEvent.BUTTON_CHANGED,
        organisation_id=button.organisation_id,
        kind="panic_button",
        id=button.public_id,
        label=button.name,
        detail={"page": draft.page.name, "language": draft.language, "changed": changed},
    )
