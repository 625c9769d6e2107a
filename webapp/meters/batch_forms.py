"""What is entered about claims and batches."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    MultipleFileField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, Length
from wtforms.validators import Optional as MayBeEmpty

from webapp.core.forms import CreatingForm, PortalForm, one_line, stripped
from webapp.devices.labels import LONGEST_NAME
from webapp.meters.batch_receivers import Receivers
from webapp.meters.drafts import BatchDraft
from webapp.meters.takeovers import LONGEST_REASON

LONGEST_REST = 30


def at_most(characters: int) -> Length:
    return Length(max=characters, message=_("At most %(max)d characters, please."))


class ClaimForm(PortalForm):
    """A label: what stands on it, typed or scanned."""

    scanned = StringField(
        _("Serial number or QR code"),
        [DataRequired(_("Type the serial number or scan the label.")), at_most(512)],
        filters=[stripped],
        description=_("As printed on the device. A scanner may type it: LW:D0:… is understood."),
    )
    code = StringField(
        _("Claim code"),
        [DataRequired(_("Enter the claim code that stands on the label.")), at_most(40)],
        filters=[stripped],
        description=_("Eight letters and digits beside the serial number."),
    )


class ReferenceForm(PortalForm):
    reference = StringField(
        _("Batch reference"),
        [DataRequired(_("Enter the reference that you were given.")), at_most(60)],
        filters=[one_line],
        description=_("As the sender or the mail names it, such as ACME-2026-0007."),
    )


class RefusalForm(PortalForm):
    reason = TextAreaField(
        _("Reason"),
        [DataRequired(_("Give a reason; the asker is told.")), at_most(LONGEST_REASON)],
        filters=[stripped],
    )


class BatchForm(CreatingForm):
    """A batch to be made. The serials stand in the draft; these fields carry what is new."""

    rest = StringField(
        _("Batch reference"),
        [DataRequired(_("Enter the rest of the reference.")), at_most(LONGEST_REST)],
        filters=[one_line],
    )
    one = StringField(_("One serial number"), [MayBeEmpty()], filters=[stripped])
    serials = TextAreaField(
        _("Serial numbers"),
        [MayBeEmpty()],
        description=_("Separated by commas, semicolons, spaces or lines."),
    )
    files = MultipleFileField(
        _("Files with serial numbers"),
        description=_("One or more .txt or .csv files."),
    )
    needs_confirmation = BooleanField(
        _("The ownership request must be confirmed"),
        description=_(
            "The receiver asks, and you confirm or refuse. Else the meters are theirs at once."
        ),
    )
    label = StringField(
        _("Label"),
        [MayBeEmpty(), at_most(LONGEST_NAME)],
        filters=[one_line],
        description=_("Set on the meters here now, and at the receiver when it takes over."),
    )
    receiver = SelectField(_("Receiving organisation"), validate_choice=False)

    def __init__(self, *args: object, receivers: Receivers, **values: object) -> None:
        super().__init__(*args, **values)
        self.receivers = receivers
        groups: dict[str, list[tuple[str, str]]] = {"": [("", gettext("Choose …"))]}
        for name, found in (
            (gettext("Own organisations"), receivers.tree),
            (gettext("Partners"), receivers.partners),
        ):
            if found:
                groups[name] = [(o.public_id, o.name) for o in found]
        self.receiver.choices = groups

    @classmethod
    def of(cls, draft: BatchDraft, receivers: Receivers) -> BatchForm:
        filled: BatchForm = cls(
            formdata=None,
            receivers=receivers,
            rest=draft.reference,
            serials=draft.typed,
            needs_confirmation=draft.needs_confirmation,
            label=draft.label,
            receiver=draft.receiver,
        )
        return filled

    def validate_receiver(self, field: SelectField) -> None:
        if self.receivers.named(field.data or "") is None:
            raise ValidationError(gettext("Choose who receives the batch."))
