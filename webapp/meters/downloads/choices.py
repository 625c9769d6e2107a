"""What whoever downloads has chosen: format, options, and to whom the file is encrypted (K-24, K-27)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from webapp.core.errors import Refusal
from webapp.meters.downloads import receivers
from webapp.meters.formats import FORMATS, Device, Form, Options, write
from webapp.meters.formats.json_list import FORM as JSON
from webapp.meters.models import ReceiverKey
from webapp.meters.sealed_files import (
    LINES_MEDIA_TYPE,
    MEDIA_TYPE,
    parse_public_key,
    seal_devices,
    seal_file,
)
from webapp.meters.sentences import Sentence

LeftOut = Callable[[Device, Sentence], None]


@dataclass(frozen=True)
class Choice:
    """`receiver`: the public key to encrypt to; `per_device`: a JWE for each device, which always holds JSON."""

    form: Form
    options: Options
    receiver: ReceiverKey | None = None
    per_device: bool = False

    def __post_init__(self) -> None:
        if self.per_device and self.form.id != JSON.id:
            object.__setattr__(self, "form", JSON)

    @property
    def shown_form(self) -> str:
        """What stands in the list of who has seen a key."""
        if self.receiver is None:
            return self.form.id
        return "jwe" if self.per_device else f"{self.form.id}+jwe"

    @property
    def media_type(self) -> str:
        if self.receiver is None:
            return self.form.media_type
        return LINES_MEDIA_TYPE if self.per_device else MEDIA_TYPE

    def file_name(self, stem: str, now: datetime) -> str:
        plain = f"{stem}-{now:%Y%m%d-%H%M}"
        if self.receiver is None:
            return f"{plain}.{self.form.extension}"
        return f"{plain}.ndjson" if self.per_device else f"{plain}.{self.form.extension}.jwe"

    def write(self, devices: Iterable[Device], left_out: LeftOut) -> Iterator[bytes]:
        """The file in pieces; one encrypted file is a single piece."""
        if self.receiver is None:
            yield from write(self.form, devices, self.options, left_out)
            return
        key = parse_public_key(self.receiver.public_pem)
        if self.per_device:
            yield from seal_devices(key, _carried(self.form, devices, left_out))
        else:
            chunks = write(self.form, devices, self.options, left_out)
            yield seal_file(key, chunks, self.form.media_type)


def _carried(form: Form, devices: Iterable[Device], left_out: LeftOut) -> Iterator[Device]:
    for device in devices:
        if reason := form.refusal(device):
            left_out(device, reason)
        else:
            yield device


def chosen(form_id: str, options: Options, *, protection: str, receiver: str) -> Choice:
    """The choice, checked: also that it is encrypted where the organisation requires it."""
    form = FORMATS.get(form_id)
    if form is None:
        raise Refusal(_("There is no such format."), field="format")
    if protection == "plain":
        if receivers.required():
            raise Refusal(
                _("Your organisation requires that keys leave encrypted. Choose one of both."),
                field="protection",
            )
        return Choice(form, options)
    key = receivers.usable(receiver)
    if key is None:
        raise Refusal(_("Choose the public key to encrypt to."), field="receiver")
    return Choice(form, options, key, per_device=protection == "devices")
