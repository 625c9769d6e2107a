"""Words of the standards for states, alerts and bits, and which texts are no fault."""

import re
from typing import Final

# hrPrinterDetectedErrorState, RFC 2790: bit 0 is the top bit of the first byte.
ERROR_BITS: Final = (
    "lowPaper",
    "noPaper",
    "lowToner",
    "noToner",
    "doorOpen",
    "jammed",
    "offline",
    "serviceRequested",
    "inputTrayMissing",
    "outputTrayMissing",
    "markerSupplyMissing",
    "outputNearFull",
    "outputFull",
    "inputTrayEmpty",
    "overduePreventMaint",
)

WORDS: Final = {
    "lowPaper": "Paper low",
    "noPaper": "Out of paper",
    "lowToner": "Toner low",
    "noToner": "Out of toner",
    "doorOpen": "Door open",
    "jammed": "Paper jam",
    "offline": "Offline",
    "serviceRequested": "Service requested",
    "inputTrayMissing": "Input tray missing",
    "outputTrayMissing": "Output tray missing",
    "markerSupplyMissing": "Supply missing",
    "outputNearFull": "Output tray nearly full",
    "outputFull": "Output tray full",
    "inputTrayEmpty": "Input tray empty",
    "overduePreventMaint": "Maintenance overdue",
    "subunitMissing": "Part missing",
    "subunitLifeAlmostOver": "Part near its end of life",
    "subunitLifeOver": "Part at its end of life",
    "subunitAlmostEmpty": "Supply nearly empty",
    "subunitEmpty": "Supply empty",
    "subunitAlmostFull": "Container nearly full",
    "subunitFull": "Container full",
    "subunitOffline": "Part offline",
    "subunitUnrecoverableFailure": "Part failed",
    "subunitRecoverableFailure": "Part reports a failure",
    "interlockOpen": "Interlock open",
    "mediaChangeRequest": "Paper change requested",
    "wasteTonerAlmostFull": "Waste toner box nearly full",
    "wasteTonerFull": "Waste toner box full",
    "drumLifeAlmostOver": "Drum near its end of life",
    "drumLifeOver": "Drum at its end of life",
    "tonerCartridgeMissing": "Toner cartridge missing",
    "configurationChange": "Set-up of a part does not fit",
    "deviceDown": "The printer reports that it is down",
    "deviceWarning": "The printer reports a warning",
    "alert": "The printer reports an alert",
}

# PrtAlertCodeTC (RFC 3805) → one of the words above. Codes that are no fault stand in HARMLESS.
ALERT_CODES: Final = {
    3: "doorOpen",
    5: "interlockOpen",
    7: "configurationChange",
    8: "jammed",
    9: "subunitMissing",
    10: "subunitLifeAlmostOver",
    11: "subunitLifeOver",
    12: "subunitAlmostEmpty",
    13: "subunitEmpty",
    14: "subunitAlmostFull",
    15: "subunitFull",
    22: "subunitOffline",
    29: "subunitRecoverableFailure",
    30: "subunitUnrecoverableFailure",
    501: "doorOpen",
    503: "interlockOpen",
    801: "inputTrayMissing",
    807: "lowPaper",
    808: "noPaper",
    809: "mediaChangeRequest",
    901: "outputTrayMissing",
    902: "outputNearFull",
    903: "outputFull",
    1101: "noToner",
    1104: "lowToner",
    1107: "wasteTonerAlmostFull",
    1109: "wasteTonerFull",
    1111: "drumLifeAlmostOver",
    1112: "drumLifeOver",
    1115: "tonerCartridgeMissing",
}
# coverClosed, interlockClosed, power saver, warming up, at temperature, door closed, power up and
# down, ready to print, removal of a binary change entry.
POWER_SAVER: Final = 23
HARMLESS: Final = frozenset({4, 6, 23, 24, 25, 26, 27, 28, 502, 504, 505, 506, 507, 1801})

# A bit is told already when an alert of one of these keys says it more precisely.
SAME_AS_BIT: Final = {
    "lowPaper": frozenset({"lowPaper", "subunitAlmostEmpty"}),
    "noPaper": frozenset({"noPaper", "subunitEmpty", "mediaChangeRequest"}),
    "inputTrayEmpty": frozenset({"noPaper", "subunitEmpty", "mediaChangeRequest"}),
    "lowToner": frozenset({"lowToner", "subunitAlmostEmpty"}),
    "noToner": frozenset({"noToner", "subunitEmpty"}),
    "doorOpen": frozenset({"doorOpen", "interlockOpen"}),
    "jammed": frozenset({"jammed"}),
    "inputTrayMissing": frozenset({"inputTrayMissing", "subunitMissing"}),
    "outputTrayMissing": frozenset({"outputTrayMissing", "subunitMissing"}),
    "markerSupplyMissing": frozenset({"tonerCartridgeMissing", "subunitMissing"}),
    "outputNearFull": frozenset({"outputNearFull", "subunitAlmostFull"}),
    "outputFull": frozenset({"outputFull", "subunitFull"}),
    "serviceRequested": frozenset(
        {"wasteTonerFull", "subunitUnrecoverableFailure", "drumLifeOver"}
    ),
    "overduePreventMaint": frozenset(
        {"subunitLifeAlmostOver", "subunitLifeOver", "drumLifeAlmostOver", "drumLifeOver"}
    ),
}

_READY: Final = re.compile(
    r"ready\b|deleted\b|idle\b|online\b|printing\b|please wait|"
    r"bereit\b|betriebsbereit|prêt|imprimante prête|pronta?\b|list[ao]\b|gotow|oczekiwanie|"
    r"klar\b|redo\b|gereed|připraven|valmis|hazır|就绪|就緒|準備完了|готов|印刷可能",
    re.IGNORECASE,
)
_SAVER: Final = re.compile(
    r"power ?sav|energy ?sav|energiespar|stromspar|\bsleep|deep sleep|stand-?by|\bruhe|schlaf|"
    r"veille|économie|uśpien|oszczędz|reposo|ahorro|riposo|risparmio|energibespar|vilolägge|"
    r"slaapstand|uyku|спящ|сон\b|режим ожид|休眠|省エネ|スリープ|节能",
    re.IGNORECASE,
)


def is_stale(text: str) -> bool:
    """A row or line that says that all is well: "Ready", "deleted"."""
    return _READY.match(text.strip()) is not None


def is_power_saver(text: str) -> bool:
    return _SAVER.search(text) is not None
