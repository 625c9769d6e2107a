"""What the demonstration tells of printers, people and their troubles. Plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A printer of the demonstration. Without `serial` nobody has bound it; `living` ones a simulator serves."""

    name: str
    location: str
    serial: str = ""
    maker: str = ""
    model: str = ""
    pages: int = 0
    a_day: int = 0
    colour: float = 0.0
    large: float = 0.0
    faults: tuple[str, ...] = ()
    warning: bool = False
    silent_days: int = 0
    last_octet: int = 10
    living: str = ""

    @property
    def is_bound(self) -> bool:
        return bool(self.serial)


XEROX = {"maker": "Xerox", "model": "AltaLink C8045", "colour": 0.34, "large": 0.08}
RICOH = {"maker": "Ricoh", "model": "MP C2503", "colour": 0.25, "large": 0.05}
KYOCERA = {"maker": "Kyocera", "model": "FS-4200DN"}
HP = {"maker": "HP", "model": "Color LaserJet flow MFP M880", "colour": 0.4, "large": 0.04}
KONICA = {"maker": "Konica Minolta", "model": "bizhub C368", "colour": 0.3, "large": 0.06}

ALLIANCE = (
    Machine(name="Reception", location="Alliance, ground floor", serial="371826495", pages=184_220,
            a_day=410, last_octet=21, living="xerox-altalink-c8045", **XEROX),  # type: ignore[arg-type]
    Machine(name="Colour 2nd floor", location="Alliance, 2nd floor, copy corner", serial="E204R530117",
            pages=302_118, a_day=330, last_octet=22, living="ricoh-mp-c2503", **RICOH),  # type: ignore[arg-type]
    Machine(name="Bookkeeping", location="Alliance, 2nd floor, room 214", serial="NXJ4517208",
            pages=58_904, a_day=140, last_octet=23, living="kyocera-fs-4200dn", **KYOCERA),  # type: ignore[arg-type]
    Machine(name="Colour 3rd floor", location="Alliance, 3rd floor, copy corner", serial="E204R530342",
            pages=211_870, a_day=280, last_octet=24, faults=("Paper jam: Area 2",), **RICOH),  # type: ignore[arg-type]
    Machine(name="Legal", location="Alliance, 4th floor, room 402", serial="JPBCM2K0TX", pages=97_300,
            a_day=190, last_octet=25, faults=("Cyan Cartridge low", "Tray 2 nearly empty"),
            warning=True, **HP),  # type: ignore[arg-type]
    Machine(name="Meeting centre", location="Alliance, 5th floor", serial="A79M021004417", pages=145_066,
            a_day=230, last_octet=26, **KONICA),  # type: ignore[arg-type]
    Machine(name="Warehouse", location="Alliance, hall B, gate 3", serial="NXJ4517988", pages=402_551,
            a_day=520, last_octet=27, silent_days=5, **KYOCERA),  # type: ignore[arg-type]
    Machine(name="Canteen office", location="Alliance, ground floor, room 011"),
)  # fmt: skip
HEAD_OFFICE = (
    Machine(name="Direzione", location="Vicenza, primo piano", serial="371830012", pages=66_410, a_day=120,
            last_octet=41, **XEROX),  # type: ignore[arg-type]
    Machine(name="Ufficio vendite", location="Vicenza, piano terra", serial="A79M021009120", pages=188_004,
            a_day=310, last_octet=42, faults=("Toner nero in esaurimento",), warning=True, **KONICA),  # type: ignore[arg-type]
    Machine(name="Laboratorio", location="Vicenza, capannone 2", serial="NXJ4518870", pages=23_117, a_day=60,
            last_octet=43, **KYOCERA),  # type: ignore[arg-type]
    Machine(name="Archivio", location="Vicenza, seminterrato"),
)  # fmt: skip
GLOBEX = (
    Machine(name="Empfang", location="Berlin, Erdgeschoss", serial="JPBCM2K9QA", pages=120_445, a_day=210,
            last_octet=61, **HP),  # type: ignore[arg-type]
    Machine(name="Konstruktion", location="Berlin, 2. Stock", serial="E204R771203", pages=80_310, a_day=150,
            last_octet=62, **RICOH),  # type: ignore[arg-type]
)  # fmt: skip

SUPPLIES = ("Black toner", "Cyan toner", "Magenta toner", "Yellow toner", "Waste toner box")

CALLS = {
    "fr": (
        ("claire.dubois@acme.test", (0,), "Le papier se coince à chaque copie recto verso."),
        ("marc.lefevre@acme.test", (1, 2), "Les impressions sont pâles depuis ce matin."),
        ("julie.martin@acme.test", (3,), "L'écran affiche un code que je ne comprends pas."),
        ("claire.dubois@acme.test", (4,), "La numérisation vers ma messagerie ne part plus."),
    ),
    "en": (
        ("tom.baker@acme.test", (0,), "Tray 2 jams again, third time this week."),
        ("sarah.lind@acme.test", (2,), "A dark stripe along the left edge of every page."),
        ("tom.baker@acme.test", (5,), "My badge is not recognised since I got the new one."),
        ("priya.nair@acme.test", (6,), "It squeaks loudly when it pulls paper."),
        ("sarah.lind@acme.test", (1,), ""),
    ),
    "de": (
        ("jens.vogel@acme.test", (0,), "Papierstau, Klappe rechts geht nicht mehr richtig zu."),
        ("ute.kranz@acme.test", (1,), "Cyan ist leer, im Schrank liegt keiner mehr."),
        ("jens.vogel@acme.test", (4,), "Scannen in den Ordner der Buchhaltung bricht ab."),
    ),
    "it": (
        ("paolo.rossi@acme.test", (2,), "Righe verticali su tutte le pagine a colori."),
        ("elena.conti@acme.test", (1,), "Il toner nero è quasi finito."),
        ("paolo.rossi@acme.test", (0,), "Carta inceppata nel cassetto 1, non riesco a toglierla."),
    ),
}
NOTES = (
    "Called back: the person can print on the neighbour until tomorrow.",
    "Spare part ordered, comes on Thursday.",
    "Same fault as last week; check the feed rollers.",
    "Toner was in the cupboard on the 2nd floor.",
)
