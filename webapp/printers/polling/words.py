"""How printers are read, in the reader's words."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from webapp.printers.models import PolledBy
from webapp.printers.polling.models import PrinterPoll, SnmpProfile

VERSIONS: Final = {"": _l("v2c, else v1"), "1": "v1", "2c": "v2c", "3": "v3"}
READERS: Final = {
    PolledBy.NONE: _l("nobody"),
    PolledBy.PORTAL: _l("the portal"),
    PolledBy.AGENT: _l("a site agent"),
}
_OUTCOMES: Final = {
    "silent": _l("It does not answer."),
    "late": _l("It does not answer in time."),
    "garbled": _l("It answers with something that is no SNMP."),
    "refused": _l("It refuses the question."),
    "nothing": _l("It answers, but nothing of what was asked."),
    "unknown_user": _l("It knows no such SNMPv3 user."),
    "wrong_secret": _l("Authentication phrase or method is wrong."),
    "wrong_privacy": _l("Privacy phrase, method or key extension is wrong."),
    "wrong_level": _l("Its user has no such level of security."),
    "clock": _l("Its SNMPv3 clock does not agree with itself."),
    "not_allowed": _l("The user may not read it at this level of security."),
    "not_polled": _l("This model is known not to bear polling."),
    "banned": _l("This model is on the list of those never polled."),
    "no_address": _l("It has no network address."),
    "not_reachable": _l("The portal may not ask its address."),
    "other_device": _l("Another device with another serial number answers at its address."),
    "sealed": _l("The profile's secrets can't be opened. Enter them anew."),
    "switched_off": _l("It is not read."),
    "defect": _l("The reader failed; the operator finds it in the log."),
}
# RFC 2790: hrDeviceStatus and hrPrinterStatus.
_DEVICE: Final = {
    1: _l("unknown"),
    2: _l("running"),
    3: _l("warning"),
    4: _l("being tested"),
    5: _l("down"),
}
_PRINTER: Final = {
    1: _l("other"),
    2: _l("unknown"),
    3: _l("idle"),
    4: _l("printing"),
    5: _l("warming up"),
}
_BITS: Final = {
    "lowPaper": _l("paper low"),
    "noPaper": _l("out of paper"),
    "lowToner": _l("toner low"),
    "noToner": _l("out of toner"),
    "doorOpen": _l("door open"),
    "jammed": _l("paper jam"),
    "offline": _l("offline"),
    "serviceRequested": _l("service requested"),
    "inputTrayMissing": _l("input tray missing"),
    "outputTrayMissing": _l("output tray missing"),
    "markerSupplyMissing": _l("supply missing"),
    "outputNearFull": _l("output nearly full"),
    "outputFull": _l("output full"),
    "inputTrayEmpty": _l("input tray empty"),
    "overduePreventMaint": _l("maintenance overdue"),
}


def security(profile: SnmpProfile) -> str:
    if profile.snmp_version != "3":
        return str(_("community, in the clear"))
    parts = [profile.auth_protocol.upper(), profile.privacy_protocol.upper()]
    return " · ".join(filter(None, parts)) or str(_("none"))


def rates(profile: SnmpProfile) -> str:
    quick = ngettext("%(num)s minute", "%(num)s minutes", profile.quick_minutes)
    full = ngettext("%(num)s hour", "%(num)s hours", profile.full_hours)
    return str(_("%(quick)s, everything %(full)s", quick=quick, full=full))


def outcome(poll: PrinterPoll) -> str:
    """Why the last poll brought nothing; empty where it did."""
    return str(_OUTCOMES.get(poll.outcome, poll.outcome.replace("_", " ")))


def source_rows(known: dict[str, Any]) -> list[tuple[str, list[str] | None]]:
    """What each of the places says that know of faults; None is not answered, nothing is "all well"."""
    sources = known.get("sources")
    if not sources:
        return []
    bits = sources["bits"]
    return [
        (_("Device status"), _status(_DEVICE, sources["device_status"])),
        (_("Printer status"), _status(_PRINTER, sources["printer_status"])),
        (_("Fault bits"), None if bits is None else [str(_BITS.get(bit, bit)) for bit in bits]),
        (_("Alerts"), [alert["text"] for alert in sources["alerts"]]),
        (_("On the panel"), sources["panel"] or None),
    ]


def _status(words: dict[int, Any], number: int | None) -> list[str] | None:
    return None if number is None else [str(words.get(number, number))]
