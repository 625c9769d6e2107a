"""What all forms share: the device as they get it, the choices of whoever downloads, and the streaming."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from webapp.meters.kinds import KeyKind
from webapp.meters.sentences import Sentence, SpokenError

CHUNK: Final = 1 << 16
DELIMITERS: Final = (";", ",", "\t", "|")
THOUSANDS: Final = ("", ".", ",", "'", " ", "\u202f")


class OptionsError(SpokenError):
    """The choices don't fit the form."""


@dataclass(slots=True)
class Device:
    """A device with the values of its keys. `name` is what network servers show; without one the serial number."""

    serial: str
    maker: str = ""
    product_type: str = ""
    medium: str = ""
    name: str = ""
    dev_eui: str | None = None
    join_eui: str | None = None
    dev_addr: str | None = None
    mbus_maker: str | None = None
    mbus_id: str | None = None
    mbus_version: int | None = None
    mbus_medium: int | None = None
    lorawan_version: str | None = None
    lorawan_phy_version: str | None = None
    frequency_plan_id: str | None = None
    keys: Mapping[KeyKind, bytes] = field(default_factory=dict, repr=False)

    @property
    def title(self) -> str:
        return self.name or self.serial

    def hex(self, kind: KeyKind) -> str:
        """The key in upper case, or nothing."""
        value = self.keys.get(kind)
        return value.hex().upper() if value else ""


@dataclass(frozen=True, slots=True)
class Options:
    """The CSV's dress, and what network servers want to know beside the keys."""

    delimiter: str = ";"
    thousands: str = ""
    language: str = "en"
    chirpstack_application_id: str = ""
    chirpstack_profile_id: str = ""
    thingpark_model_id: str = ""
    thingpark_plan_id: str = ""
    thingpark_routing_id: str = ""


OPTION_LABELS: Final = {
    "delimiter": _l("Delimiter"),
    "thousands": _l("Thousands separator"),
    "language": _l("Language of the headings"),
    "chirpstack_application_id": _l("ChirpStack application"),
    "chirpstack_profile_id": _l("ChirpStack device profile"),
    "thingpark_model_id": _l("ThingPark device model"),
    "thingpark_plan_id": _l("ThingPark connectivity plan"),
    "thingpark_routing_id": _l("ThingPark routing profile"),
}

Writer = Callable[[Iterable[Device], Options], Iterator[bytes]]


@dataclass(frozen=True)
class Form:
    """`asks`: the options that the form uses; `needs`: those of them that can't be left empty."""

    id: str
    label: Any
    about: Any
    extension: str
    media_type: str
    refusal: Callable[[Device], Sentence | None]
    writer: Writer
    asks: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def check(self, options: Options) -> None:
        """`OptionsError` when something is missing or contradicts itself."""
        for name in self.needs:
            if not getattr(options, name).strip():
                raise OptionsError("option_missing", option=str(OPTION_LABELS[name]))
        if "delimiter" not in self.asks:
            return
        if options.delimiter not in DELIMITERS:
            raise OptionsError("option_delimiter", text=options.delimiter[:10])
        if options.thousands not in THOUSANDS or options.thousands == options.delimiter:
            raise OptionsError("option_thousands")


def write(
    form: Form,
    devices: Iterable[Device],
    options: Options,
    left_out: Callable[[Device, Sentence], None],
) -> Iterator[bytes]:
    """The file in chunks of about 64 KB. `left_out` hears of each device that the form can't carry, and why."""
    form.check(options)

    def carried() -> Iterator[Device]:
        for device in devices:
            if reason := form.refusal(device):
                left_out(device, reason)
            else:
                yield device

    return form.writer(carried(), options)


def chunked(pieces: Iterable[str]) -> Iterator[bytes]:
    """Text in pieces → UTF-8 in larger ones."""
    buffer, size = list[str](), 0
    for piece in pieces:
        buffer.append(piece)
        size += len(piece)
        if size >= CHUNK:
            yield "".join(buffer).encode()
            buffer, size = [], 0
    if buffer:
        yield "".join(buffer).encode()


def one_line(text: str) -> str:
    """Without line ends and other control characters, which formats of lines can't carry."""
    return (
        text
        if text.isprintable()
        else " ".join("".join(c if c.isprintable() else " " for c in text).split())
    )
