"""What is asked for a download, and for a public key."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_login import current_user
from flask_wtf.file import FileField
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length
from wtforms.validators import Optional as MayBeEmpty

from webapp.core.errors import Refusal
from webapp.core.forms import CreatingForm, PortalForm, one_line, stripped
from webapp.core.preferences import LANGUAGE_NAMES, language
from webapp.meters.downloads import receivers
from webapp.meters.downloads.choices import Choice, chosen
from webapp.meters.formats import FORMATS, Options, OptionsError
from webapp.meters.formats.base import DELIMITERS, OPTION_LABELS, THOUSANDS

MARKS = {
    ";": _("Semicolon ;"),
    ",": _("Comma ,"),
    "\t": _("Tab"),
    "|": _("Vertical bar |"),
    "": _("None"),
    ".": _("Point ."),
    "'": _("Apostrophe '"),
    " ": _("Space"),
    "\u202f": _("Narrow space"),
}
CODES = {";": "semicolon", ",": "comma", "\t": "tab", "|": "bar", "": "none"} | {
    ".": "point",
    "'": "apostrophe",
    " ": "space",
    "\u202f": "narrow",
}
"""White space and quotes don't survive every form; codes do."""
_MARK_OF = {code: mark for mark, code in CODES.items()}
LONGEST_ID = 100


def _marks(marks: tuple[str, ...]) -> list[SelectChoice]:
    return [SelectChoice(CODES[mark], MARKS[mark]) for mark in marks]


def _id(name: str) -> StringField:
    long = Length(max=LONGEST_ID, message=_("At most %(max)d characters, please."))
    return StringField(OPTION_LABELS[name], [MayBeEmpty(), long], filters=[one_line])


class DownloadForm(PortalForm):
    """Format, its options, and encryption."""

    format = RadioField(
        _("Format"), choices=[(form.id, form.label) for form in FORMATS.values()], default="csv"
    )
    delimiter = SelectField(OPTION_LABELS["delimiter"], choices=_marks(DELIMITERS))
    thousands = SelectField(OPTION_LABELS["thousands"], choices=_marks(THOUSANDS))
    language = SelectField(
        OPTION_LABELS["language"], choices=[SelectChoice(*each) for each in LANGUAGE_NAMES.items()]
    )
    chirpstack_application_id = _id("chirpstack_application_id")
    chirpstack_profile_id = _id("chirpstack_profile_id")
    thingpark_model_id = _id("thingpark_model_id")
    thingpark_plan_id = _id("thingpark_plan_id")
    thingpark_routing_id = _id("thingpark_routing_id")
    protection = RadioField(
        _("Encryption"),
        choices=[
            ("plain", _("None: whoever has the file can read the keys")),
            ("file", _("The file as a whole")),
            ("devices", _("Each device by itself, as JSON")),
        ],
    )
    receiver = SelectField(_("Public key"), validators=[MayBeEmpty()], validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keys = receivers.in_use()
        self.receiver.choices = [SelectChoice(key.public_id, key.name) for key in keys]
        self.must_encrypt = any(key.required for key in keys)
        if self.must_encrypt or not keys:
            unfit = {"plain"} if self.must_encrypt else {"file", "devices"}
            self.protection.choices = [
                (value, words) for value, words in self.protection.choices if value not in unfit
            ]

    @classmethod
    def blank(cls) -> DownloadForm:
        """In the habits of whoever asks."""
        user = current_user
        form: DownloadForm = cls(
            formdata=None,
            delimiter=CODES.get(user.csv_delimiter, "semicolon"),
            thousands=CODES.get(user.csv_thousands, "none"),
            language=language(),
            protection="file" if receivers.in_use() else "plain",
        )
        return form

    def chosen(self) -> Choice:
        """`Refusal` beside the field that does not fit."""
        options = Options(
            delimiter=_MARK_OF[self.delimiter.data],
            thousands=_MARK_OF[self.thousands.data],
            language=self.language.data,
            **{
                name: self[name].data or ""
                for name in OPTION_LABELS
                if name.startswith(("chirpstack", "thingpark"))
            },
        )
        choice = chosen(
            self.format.data,
            options,
            protection=self.protection.data,
            receiver=self.receiver.data or "",
        )
        try:
            choice.form.check(options)
        except OptionsError as error:
            missing = next((n for n in choice.form.needs if not getattr(options, n)), "thousands")
            raise Refusal(str(error), field=missing) from error
        return choice


class ReceiverForm(CreatingForm):
    """A public key to deposit."""

    name = StringField(
        _("Name"),
        [
            DataRequired(_("Enter a name, such as that of the system which opens the files.")),
            Length(max=80, message=_("At most %(max)d characters, please.")),
        ],
        filters=[one_line],
    )
    key = TextAreaField(_("Public key"), [MayBeEmpty()], filters=[stripped])
    file = FileField(_("Or its file"))
    required = BooleanField(
        _("Require it"),
        description=_("Keys then leave encrypted only, also for programs."),
    )

    def text(self) -> str:
        """Pasted, or of the file; what can't be text is no key."""
        upload = self.file.data
        if upload and getattr(upload, "filename", ""):
            return str(upload.read(receivers.LARGEST_FILE).decode("utf-8", "replace"))
        return str(self.key.data or "")


class ProofForm(PortalForm):
    """Telegrams to try."""

    telegrams = TextAreaField(
        _("Telegrams"),
        [MayBeEmpty()],
        filters=[stripped],
        description=_(
            "One a line: wireless M-Bus, or LoRaWAN join requests; hexadecimal or base64."
        ),
    )
    file = FileField(_("Or a file"))
