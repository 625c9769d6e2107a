"""What administrators enter about how printers are read."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _t
from flask_babel import lazy_gettext as _
from wtforms import (
    Field,
    HiddenField,
    IntegerField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, NumberRange
from wtforms.validators import Optional as MayBeEmpty

from webapp.core.forms import CreatingForm, PortalForm, one_line, stripped
from webapp.printers.models import PanicButton, PolledBy, Printer
from webapp.printers.polling.models import SnmpProfile
from webapp.printers.polling.services import ProfileFacts
from webapp.printers.snmp.users import SHORTEST_PHRASE

VERSIONS = [
    SelectChoice("", _("v2c, else v1")),
    SelectChoice("1", "v1"),
    SelectChoice("2c", "v2c"),
    SelectChoice("3", "v3"),
]
AUTHS = [
    SelectChoice("", _("None")),
    SelectChoice("sha", "SHA-1"),
    SelectChoice("sha224", "SHA-224"),
    SelectChoice("sha256", "SHA-256"),
    SelectChoice("sha384", "SHA-384"),
    SelectChoice("sha512", "SHA-512"),
]
PRIVACIES = [
    SelectChoice("", _("None")),
    SelectChoice("aes128", "AES-128"),
    SelectChoice("aes192", "AES-192"),
    SelectChoice("aes256", "AES-256"),
]
EXTENSIONS = [
    SelectChoice("reeder", _("Reeder (Cisco, most printers)")),
    SelectChoice("blumenthal", "Blumenthal"),
]
READERS = [
    SelectChoice(PolledBy.NONE, _("Nobody: only its panic button tells")),
    SelectChoice(PolledBy.PORTAL, _("The portal")),
    SelectChoice(PolledBy.AGENT, _("A site agent")),
]
NO_PROFILE = ""


def between(least: int, most: int) -> NumberRange:
    return NumberRange(least, most, message=_("A whole number from %(min)s to %(max)s, please."))


def secret(label: Any) -> PasswordField:
    """Never filled in again; left empty, what is stored stays."""
    return PasswordField(
        label,
        [Length(max=200, message=_("At most %(max)d characters, please."))],
    )


class ProfileForm(CreatingForm):
    name = StringField(
        _("Name"),
        [DataRequired(_("Enter a name, such as the building's.")), Length(max=60)],
        filters=[one_line],
    )
    snmp_version = SelectField(_("SNMP version"), choices=VERSIONS)
    port = IntegerField(_("UDP port"), [between(1, 65535)], default=161)
    community = secret(_("Community"))
    user_name = StringField(_("User name"), filters=[one_line])
    auth_protocol = SelectField(_("Authentication"), choices=AUTHS)
    auth = secret(_("Authentication phrase"))
    privacy_protocol = SelectField(_("Privacy"), choices=PRIVACIES)
    privacy = secret(_("Privacy phrase"))
    key_extension = SelectField(
        _("Key extension"),
        choices=EXTENSIONS,
        description=_("Matters for AES-192 and AES-256. If one gives “wrong key”, try the other."),
    )
    time_out_ms = IntegerField(_("Time-out, in milliseconds"), [between(200, 10_000)], default=1500)
    retries = IntegerField(_("Tries after the first"), [between(0, 5)], default=1)
    quick_minutes = IntegerField(_("A quick look every … minutes"), [between(1, 1440)], default=5)
    full_hours = IntegerField(_("Everything every … hours"), [between(1, 168)], default=6)
    version = HiddenField()

    def __init__(self, *args: Any, profile: SnmpProfile | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._profile = profile

    @classmethod
    def of(cls, profile: SnmpProfile) -> ProfileForm:
        """Filled with what stands in the row, secrets left out."""
        names = (
            "name snmp_version port user_name auth_protocol privacy_protocol key_extension"
            " time_out_ms retries quick_minutes full_hours"
        )
        values = {name: getattr(profile, name) for name in names.split()}
        filled: ProfileForm = cls(
            formdata=None, profile=profile, version=str(profile.version), **values
        )
        return filled

    def validate_user_name(self, field: Field) -> None:
        if self.snmp_version.data != "3":
            return
        if not 1 <= len((field.data or "").encode()) <= 32:
            raise ValidationError(_t("SNMPv3 needs a user name of at most 32 characters."))

    def validate_privacy_protocol(self, field: Field) -> None:
        if field.data and not self.auth_protocol.data and self.snmp_version.data == "3":
            raise ValidationError(_t("Privacy needs authentication."))

    def validate_auth(self, field: Field) -> None:
        self._check_phrase(field, self.auth_protocol.data, "auth")

    def validate_privacy(self, field: Field) -> None:
        self._check_phrase(field, self.privacy_protocol.data, "privacy")

    def facts(self) -> ProfileFacts:
        v3 = self.snmp_version.data == "3"
        return ProfileFacts(
            name=self.name.data,
            snmp_version=self.snmp_version.data,
            port=self.port.data,
            user_name=(self.user_name.data or "") if v3 else "",
            auth_protocol=self.auth_protocol.data if v3 else "",
            privacy_protocol=self.privacy_protocol.data if v3 else "",
            key_extension=self.key_extension.data,
            time_out_ms=self.time_out_ms.data,
            retries=self.retries.data,
            quick_minutes=self.quick_minutes.data,
            full_hours=self.full_hours.data,
            secrets={
                "community": self.community.data or "",
                "auth": self.auth.data or "",
                "privacy": self.privacy.data or "",
            },
        )

    def _check_phrase(self, field: Field, protocol: str, name: str) -> None:
        if self.snmp_version.data != "3" or not protocol:
            return
        kept = self._profile is not None and getattr(self._profile, f"{name}_sealed") is not None
        if kept and not field.data:
            return
        if len((field.data or "").encode()) < SHORTEST_PHRASE:
            words = _t("A phrase has at least %(least)s characters.", least=SHORTEST_PHRASE)
            raise ValidationError(words)


class _WithProfiles:
    """A choice of reading profiles."""

    profile: SelectField
    _profiles: dict[str, SnmpProfile]

    def _offer(self, profiles: Iterable[SnmpProfile], *, none: bool) -> None:
        self._profiles = {profile.public_id: profile for profile in profiles}
        choices = [SelectChoice(key, profile.name) for key, profile in self._profiles.items()]
        self.profile.choices = [*([SelectChoice(NO_PROFILE, _t("None"))] if none else []), *choices]

    def chosen(self) -> SnmpProfile | None:
        return self._profiles.get(self.profile.data)


class ReadingForm(_WithProfiles, PortalForm):
    """Who reads one printer."""

    polled_by = SelectField(_("Read by"), choices=READERS)
    profile = SelectField(_("Reading profile"))
    address = StringField(
        _("Network address"),
        [MayBeEmpty()],
        filters=[one_line],
        description=_("A number such as 192.168.10.7. Names are not asked."),
    )

    def __init__(self, *args: Any, profiles: Iterable[SnmpProfile], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer(profiles, none=True)

    @classmethod
    def of(cls, printer: Printer, profiles: list[SnmpProfile]) -> ReadingForm:
        chosen = next((p.public_id for p in profiles if p.id == printer.poll_profile_id), "")
        filled: ReadingForm = cls(
            formdata=None,
            profiles=profiles,
            polled_by=printer.polled_by,
            profile=chosen,
            address=str(printer.address) if printer.address else "",
        )
        return filled

    def validate_address(self, field: Field) -> None:
        if not field.data:
            return
        try:
            field.data = str(ipaddress.ip_address(field.data))
        except ValueError:
            raise ValidationError(_t("This is no network address.")) from None


class SearchForm(_WithProfiles, CreatingForm):
    """A network to look for printers in."""

    network = StringField(
        _("Network"),
        [DataRequired(_("Enter a network, such as 192.168.10.0/24."))],
        filters=[one_line],
        description=_("Such as 192.168.10.0/24, or one address. Every address is asked once."),
    )
    profile = SelectField(_("Reading profile"))

    def __init__(self, *args: Any, profiles: Iterable[SnmpProfile], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer(profiles, none=False)


class NeverForm(PortalForm):
    """Models that are never polled."""

    never = TextAreaField(
        _("Never poll"),
        [MayBeEmpty()],
        filters=[stripped],
        description=_("One a line: a part of the maker's and model's name."),
    )


class AddFoundForm(PortalForm):
    """The printers of a search that become printers here."""

    button = SelectField(_("Panic button"))

    def __init__(self, *args: Any, buttons: Iterable[PanicButton], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._buttons = {button.public_id: button for button in buttons}
        choices = [SelectChoice(key, button.name) for key, button in self._buttons.items()]
        self.button.choices = [*choices, SelectChoice("", _t("None"))]

    def chosen_button(self) -> PanicButton | None:
        return self._buttons.get(self.button.data)
