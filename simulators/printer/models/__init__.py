"""Models of printers, one TOML file each: adding a model is adding a file."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulators.printer.recordings import Objects, parse_override

_FOLDER = Path(__file__).parent


class UnknownModelError(ValueError):
    """No such model; the message names those there are."""


@dataclass(frozen=True)
class Tray:
    name: str
    capacity: int
    media: str


@dataclass(frozen=True)
class Supply:
    """`lasts`: pages of the kinds `used_by` until a fresh one is used up, or a receptacle full."""

    name: str
    type: str
    used_by: str
    lasts: int
    max: int = 100
    unit: str = "percent"
    colour: str | None = None
    receptacle: bool = False


@dataclass(frozen=True)
class Model:
    """`counters`: OID → pages counted there, as a pattern of `print|copy.black|colour.small|large`.

    `life`: bounds of the pages behind it at the start. `serial`: `#` is a digit, `?` a letter.
    `objects`: OID → `type:text`, in which `{serial}` is filled in.
    """

    name: str
    maker: str
    sys_object_id: str
    sys_descr: str
    serial: str
    life: tuple[int, int]
    pages_per_hour: int
    shares: Mapping[str, float]
    trays: Sequence[Tray]
    covers: Sequence[str]
    supplies: Sequence[Supply]
    counters: Mapping[str, str]
    objects: Mapping[str, str] = field(default_factory=dict)
    counter_type: str = "integer"
    bulk: bool = True

    def private_objects(self, serial: str) -> Objects:
        filled = (f"{oid}={text}" for oid, text in self.objects.items())
        return dict(parse_override(text.replace("{serial}", serial)) for text in filled)


def model_names() -> list[str]:
    return sorted(file.stem for file in _FOLDER.glob("*.toml"))


def load_model(name: str) -> Model:
    if name not in model_names():
        raise UnknownModelError(f"there is no model {name!r}; there are {', '.join(model_names())}")
    return _model(tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8")))


def _model(data: dict[str, Any]) -> Model:
    lists: dict[str, Any] = {
        "life": tuple(data.pop("life")),
        "trays": [Tray(**tray) for tray in data.pop("trays")],
        "supplies": [Supply(**supply) for supply in data.pop("supplies")],
    }
    return Model(**data, **lists)
