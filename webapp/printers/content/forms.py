"""The editor of one page in one language: a field for each text, and what else belongs to the page."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    ColorField,
    Field,
    HiddenField,
    RadioField,
    StringField,
    TextAreaField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import Length, Regexp

from webapp.core.errors import Refusal
from webapp.core.files import Picture, checked_picture
from webapp.core.forms import PortalForm, one_line
from webapp.core.preferences import LANGUAGE_NAMES
from webapp.printers.content import colours
from webapp.printers.content.drafts import Draft, fingerprint, image_of, options_of, standing
from webapp.printers.content.pages import ContentPage, Text
from webapp.printers.forms import LANGUAGES, TickListField
from webapp.printers.models import PanicButton

LOGO_SIZE = (360, 64)
PICTURE_SIZE = (450, 600)
_NO_COLOUR = _("This is no colour. Write it as #005d5b.")


class ContentForm(PortalForm):
    """`seen` is the fingerprint of what the form was filled from; `size` and `faulty` only choose the preview."""

    page: ContentPage
    language: str = "en"

    picture = FileField(_("Picture"), description=_("PNG, JPEG or WebP, at most 2 MB."))
    picture_remove = BooleanField(_("Take the picture away"))
    picture_for = RadioField(_("The picture is for"), validate_choice=False)
    size = RadioField(
        _("Size of the panel"),
        choices=[SelectChoice("800", "800 × 480"), SelectChoice("1024", "1024 × 600")],
        default="800",
        validate_choice=False,
    )
    faulty = BooleanField(_("Show it with a mistake made"))
    seen = HiddenField()

    def draft(self) -> Draft:
        """What stands in the form. Raises `Refusal` where the upload is no picture."""
        return Draft(
            page=self.page,
            language=self.language,
            texts={text.key: self.typed(text) for text in self.page.texts},
            options=self._options(),
            picture=self._picture(),
            remove_picture=bool(self.picture_remove.data),
            for_all=self.picture_for.data != self.language,
        )

    def typed(self, text: Text) -> str:
        value = str(self[f"text_{text.key}"].data or "")
        return value.replace("\r\n", "\n").strip() if text.rows > 1 else one_line(value)

    def put_texts(self, texts: dict[str, str]) -> None:
        for key, words in texts.items():
            field = self[f"text_{key}"]
            field.data, field.raw_data = words, None

    @property
    def colour_fields(self) -> list[Field]:
        return [self[f"colour_{name}"] for name in colours.NAMES if f"colour_{name}" in self]

    def refuse(self, refusal: Refusal) -> None:
        if refusal.field in colours.NAMES:
            refusal.field = f"colour_{refusal.field}"
        super().refuse(refusal)

    def _options(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in options_of(self.page):
            if name == "colours":
                found[name] = {n: (self[f"colour_{n}"].data or "").lower() for n in colours.NAMES}
            else:
                found[name] = self[name].data
        return found

    def _picture(self) -> Picture | None:
        upload = self.picture.data
        if not upload:
            return None
        size = LOGO_SIZE if self.page.picture == "logo" else PICTURE_SIZE
        upload.stream.seek(0)
        return checked_picture(upload.stream.read(), field="picture", size=size)


def sent(button: PanicButton, page: ContentPage, language: str) -> ContentForm:
    """The form as a browser sent it."""
    return _with_choices(_form_of(page, language)(), language)


def filled(button: PanicButton, page: ContentPage, language: str) -> ContentForm:
    """The form with what is stored."""
    values: dict[str, Any] = {
        f"text_{key}": words for key, words in standing(button, page, language).items()
    }
    for name in options_of(page):
        values[name] = getattr(button, name)
    for name, colour in colours.with_defaults(button.colours).items():
        values[f"colour_{name}"] = colour
    form = _form_of(page, language)(
        formdata=None,
        seen=fingerprint(button, page, language),
        picture_for=language if image_of(button, page.picture, language) else "all",
        **values,
    )
    return _with_choices(form, language)


def _with_choices(form: ContentForm, language: str) -> ContentForm:
    form.picture_for.choices = [
        SelectChoice("all", _("all languages that have none of their own")),
        SelectChoice(language, LANGUAGE_NAMES[language]),
    ]
    return form


def _form_of(page: ContentPage, language: str) -> type[ContentForm]:
    fields: dict[str, Any] = {"page": page, "language": language}
    for text in page.texts:
        fields[f"text_{text.key}"] = _text_field(text)
    if "languages" in options_of(page):
        fields["languages"] = TickListField(_("Languages offered on page 1"), choices=LANGUAGES)
    if "colours" in options_of(page):
        for name, label in colours.NAMES.items():
            fields[f"colour_{name}"] = ColorField(
                label, [Regexp(r"(?i)#[0-9a-f]{6}\Z", message=_NO_COLOUR)]
            )
    if "ask_phone" in options_of(page):
        fields["ask_phone"] = BooleanField(_("Ask for the person's phone on page 1"))
    if "message_required" in options_of(page):
        fields["message_required"] = BooleanField(_("A message is required on page 3"))
    return type("ContentFormOfPage", (ContentForm,), fields)


def _text_field(text: Text) -> Field:
    most = Length(max=text.longest, message=_("At most %(max)d characters, please."))
    kind = TextAreaField if text.rows > 1 else StringField
    return kind(text.label, [most])
