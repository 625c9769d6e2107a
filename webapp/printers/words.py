"""What stands in rows as a key, in the reader's words: states, steps, what is missing, what is doubtful."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.core.preferences import LANGUAGE_NAMES, language
from webapp.devices.models import DeviceState
from webapp.printers.models import PanicRequest, Printer, RequestSource, RequestState
from webapp.printers.variables import reasons_in as reasons_in

STATES: Final = {
    RequestState.NEW: _l("New"),
    RequestState.IN_PROGRESS: _l("In progress"),
    RequestState.DONE: _l("Done"),
}
CALLERS: Final = {
    RequestSource.PERSON: _l("a person"),
    RequestSource.FAULT: _l("a fault"),
}
STATE_LOOKS: Final = {
    RequestState.NEW: ("info", "bell"),
    RequestState.IN_PROGRESS: ("warn", "play"),
    RequestState.DONE: ("ok", "check"),
}
DEVICE_STATES: Final = {
    DeviceState.ONLINE: _l("Online"),
    DeviceState.WARNING: _l("Warning"),
    DeviceState.ALARM: _l("Alarm"),
    DeviceState.OFFLINE: _l("Offline"),
    DeviceState.NOT_SET_UP: _l("Not set up"),
}
STEPS: Final = {
    "opened": _l("Opened at the printer"),
    "opened_by_fault": _l("Opened by a fault that lasted"),
    "fault_gone": _l("The fault is gone"),
    "taken": _l("Taken"),
    "assigned": _l("Assigned to"),
    "given_back": _l("Given back"),
    "note": _l("Note"),
    "answered": _l("Answered by mail"),
    "done": _l("Done"),
    "reopened": _l("Reopened"),
}
SOURCES: Final = {
    "launch": _l("panic button"),
    "poll": _l("poll"),
    "agent": _l("site agent"),
    "cli": _l("command line"),
}
_FIELDS: Final = {
    "maker": _l("Maker"),
    "model": _l("Model"),
    "serial": _l("Serial number"),
    "name": _l("Name"),
    "location": _l("Location"),
    "total": _l("Pages in total"),
    "black": _l("Pages black"),
    "colour": _l("Pages colour"),
    "large": _l("Pages A3"),
    "life": _l("Life count"),
    "supplies": _l("Supplies"),
    "error_state": _l("Fault state"),
}
_SHORT: Final = {
    "total": _l("Pages"),
    "black": _l("Black"),
    "colour": _l("Colour"),
    "large": _l("A3"),
}
_WHY: Final = {
    "not_answered": _l("the printer did not answer"),
    "empty": _l("left empty on the printer"),
    "not_usable": _l("answered, but not usable"),
    "no_source": _l("no source is known for this maker"),
}
_DOUBTS: Final = {
    "sum_differs_from_total": _l("Black and colour together differ from the total."),
    "sum_differs_from_life": _l("Black and colour together differ from the life count."),
    "total_differs_from_life": _l("The total differs from the life count."),
}


def language_names(codes: list[str]) -> str:
    """Each in its own language, as people look for it."""
    return ", ".join(LANGUAGE_NAMES.get(code, code) for code in codes)


def state_word(state: str) -> str:
    return str(STATES[RequestState(state)])


def step_word(kind: str) -> str:
    return str(STEPS.get(kind, kind))


def missing_words(facts: dict[str, Any]) -> list[str]:
    """What nobody told, and why, one sentence each. What the app knew by itself isn't missing."""
    known = {**facts, **facts["counters"]}
    return [
        f"{_FIELDS.get(what, what)}: {_WHY.get(why, why)}"
        for what, why in facts["missing"]
        if known.get(what) in (None, "", [])
    ]


def doubt_words(doubtful: list[str]) -> list[str]:
    """Why a figure is not to be trusted."""
    return [_doubt(key) for key in doubtful]


def reason_words(request: PanicRequest) -> str:
    """The ticked reasons in the reader's language."""
    return reasons_in(request, language())


def counter_rows(holder: Printer, *, short: bool = False) -> list[tuple[Any, int | None]]:
    """The counters of a printer's or reading's row, in the order of all screens."""
    names = _SHORT if short else _FIELDS
    return [
        (names[name], getattr(holder, f"pages_{name}"))
        for name in ("total", "black", "colour", "large")
    ]


def counter_facts(counters: dict[str, int | None]) -> list[tuple[Any, int | None]]:
    """The same of stored facts."""
    return [(_FIELDS[name], counters.get(name)) for name in ("total", "black", "colour", "large")]


def _doubt(key: str) -> str:
    if key in _DOUBTS:
        return str(_DOUBTS[key])
    fallen = key.removeprefix("fell:") if key.startswith("fell:") else key.removesuffix("_fell")
    if fallen != key:
        words = _("%(counter)s is lower than at an earlier reading; it never falls by itself.")
        return str(words % {"counter": _FIELDS.get(fallen, fallen)})
    if key.startswith("supply"):
        return str(_("A supply claims to hold more than fits."))
    return key.replace("_", " ")
