"""What is put on top of a recording, so that one file can stand for many printers."""

from collections.abc import Sequence

from simulators.printer.models import load_model, model_names
from simulators.printer.oids import Oid
from simulators.printer.recordings import Objects, parse_override
from simulators.printer.values import string

_SERIAL: Oid = (1, 3, 6, 1, 2, 1, 43, 5, 1, 1, 17, 1)
_NAME: Oid = (1, 3, 6, 1, 2, 1, 1, 5, 0)
_LOCATION: Oid = (1, 3, 6, 1, 2, 1, 1, 6, 0)


def overrides(
    recorded: Objects,
    *,
    settings: Sequence[str] = (),
    serial: str | None = None,
    name: str | None = None,
    location: str | None = None,
) -> Objects:
    """Raises ValueError where a setting is not OID=TYPE:VALUE."""
    changed: Objects = _serials(recorded, serial) if serial else {}
    if name is not None:
        changed[_NAME] = string(name)
    if location is not None:
        changed[_LOCATION] = string(location)
    return changed | dict(parse_override(text) for text in settings)


def _serials(recorded: Objects, serial: str) -> Objects:
    """The serial wherever it stands: the standard's place, equal strings, the makers' places."""
    old = recorded.get(_SERIAL)
    equal = {oid: string(serial) for oid, value in recorded.items() if old and value == old}
    makers: Objects = {}
    for model in map(load_model, model_names()):
        places = model.private_objects(serial).items()
        private = model.private_objects("")
        makers |= {oid: value for oid, value in places if value != private[oid] and oid in recorded}
    return {_SERIAL: string(serial)} | equal | makers
