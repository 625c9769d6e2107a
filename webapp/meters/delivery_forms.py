"""The operator's form of a new delivery: for whom, in which format, of which type."""

from __future__ import annotations

from flask_babel import gettext as _g
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload
from wtforms import PasswordField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.forms import CreatingForm, one_line
from webapp.core.names import sort_name
from webapp.imports.forms import ENCODINGS
from webapp.meters.deliveries import Parcel
from webapp.meters.models import ProductType
from webapp.meters.reading.deliveries import LABELS, DeliveryFormat
from webapp.orgs.models import Organisation, OrganisationKind

OFFERED = 200


class DeliveryForm(CreatingForm):
    receiver = StringField(
        _("Receiving organisation"),
        [InputRequired(_("Say who receives the devices.")), Length(max=200)],
        filters=[one_line],
        description=_("Its name, short prefix or id."),
    )
    format = SelectField(
        _("Format"),
        choices=[SelectChoice(form.value, label) for form, label in LABELS.items()],
        default=DeliveryFormat.OWN_CSV.value,
    )
    file = FileField(
        _("File"),
        [FileRequired(_("Choose a file."))],
        description=_("At most 64 MB and 1,000,000 devices."),
    )
    product_type = SelectField(_("Product type"), [Optional()], default="")
    password = PasswordField(
        _("Password of the file"),
        [Optional(), Length(max=100)],
        description=_("For KEM and KEM2 only. It is used now and kept nowhere."),
    )
    encoding = SelectField(_("Encoding"), choices=ENCODINGS, default="")

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)
        self.product_type.choices = [
            SelectChoice("", _g("— a column says it —")),
            *(SelectChoice(public_id, name) for public_id, name in types_offered()),
        ]

    def parcel(self) -> Parcel:
        """What was handed in; `Refusal` for a receiver that there is not, or several of."""
        sent = self.file.data
        return Parcel(
            stream=sent.stream,
            file_name=" ".join((sent.filename or "").split())[-120:] or _g("file"),
            format=DeliveryFormat(self.format.data),
            receiver=receiver_named(self.receiver.data),
            product_type=type_with_id(self.product_type.data),
            encoding=self.encoding.data,
            password=self.password.data or "",
        )


def receiver_named(text: str) -> Organisation:
    """By public id, prefix or name. Only in the operator's scope."""
    found = db.session.scalars(
        select(Organisation)
        .where(
            Organisation.kind == OrganisationKind.COMPANY,
            Organisation.closed_at.is_(None),
            or_(
                Organisation.public_id == text.upper(),
                func.upper(Organisation.prefix) == text.upper(),
                Organisation.sort_name == sort_name(text),
            ),
        )
        .limit(2)
    ).all()
    if not found:
        raise Refusal(_g("There is no organisation “%(name)s”.", name=text[:60]), field="receiver")
    if len(found) > 1:
        words = _g("Several organisations are called so: write the id or the short prefix.")
        raise Refusal(words, field="receiver")
    return found[0]


def organisations_offered() -> list[Organisation]:
    """To choose from while typing; beyond them names are typed."""
    statement = (
        select(Organisation)
        .where(Organisation.kind == OrganisationKind.COMPANY, Organisation.closed_at.is_(None))
        .order_by(Organisation.sort_name)
        .limit(OFFERED)
    )
    return list(db.session.scalars(statement))


def _active_types() -> list[ProductType]:
    statement = (
        select(ProductType)
        .options(joinedload(ProductType.maker))
        .where(ProductType.active)
        .order_by(ProductType.sort_name, ProductType.id)
    )
    return list(db.session.scalars(statement))


def types_offered() -> list[tuple[str, str]]:
    return [(row.public_id, f"{row.maker.code} {row.name}") for row in _active_types()]


def type_with_id(public_id: str | None) -> ProductType | None:
    if not public_id:
        return None
    return db.session.scalar(select(ProductType).where(ProductType.public_id == public_id))
