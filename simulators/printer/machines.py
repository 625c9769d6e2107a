"""A printer that lives: jobs come, paper and toner run down, it jams, somebody mends it.

All chance comes from the seed and all time from `advance()`, so a run can be repeated.
"""

import heapq
import random
from collections import Counter
from collections.abc import Callable
from fnmatch import fnmatchcase

from simulators.printer import mib
from simulators.printer.faults import Fault, FaultKind
from simulators.printer.models import Model, Supply
from simulators.printer.recordings import Objects

PAGES_A_JAM = 6_000
LOW_SHARE = 0.1
_MINUTE = 60.0
_PARTS = {
    FaultKind.JAM: "Area 2",
    FaultKind.PART_WORN: "Fuser",
    FaultKind.PART_SPENT: "Fuser",
    FaultKind.SERVICE: "010-330",
}
_RUNS_OUT = {  # class of supply → what it is when low, and when spent
    "toner": (FaultKind.TONER_LOW, FaultKind.TONER_EMPTY),
    "part": (FaultKind.PART_WORN, FaultKind.PART_SPENT),
    "waste": (FaultKind.WASTE_FULL, FaultKind.WASTE_FULL),
}


class PrinterMachine:
    """Seconds are those of the machine's own time, which `Agent(speed=…)` may run faster."""

    def __init__(
        self,
        model: Model,
        *,
        seed: int | None = None,
        serial: str | None = None,
        name: str | None = None,
        location: str = "",
    ) -> None:
        self.model, self._chance = model, random.Random(seed)
        self.serial = serial or self._drawn_serial()
        self.name, self.location = name or f"{model.maker}-{self.serial[-6:]}", location
        self.pages: Counter[str] = Counter()
        self.now = 0.0
        self.pages_since_power_on = 0
        self.alerts_ever = 0
        self.printing_until = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._faults: dict[tuple[FaultKind, str], Fault] = {}
        self.used: list[int] = []
        self.sheets: list[int] = []
        self._live_before()
        self._schedule(self._pause(), self._job)

    @property
    def faults(self) -> list[Fault]:
        """The gravest first, then the oldest."""
        return sorted(
            self._faults.values(),
            key=lambda fault: (not fault.shown.critical, fault.since_seconds),
        )

    @property
    def is_blocked(self) -> bool:
        return any(fault.shown.critical for fault in self._faults.values())

    def counted(self, pattern: str) -> int:
        """Pages of the kinds that a pattern such as `copy.*` or `*.black.large` means."""
        return sum(pages for kind, pages in self.pages.items() if fnmatchcase(kind, pattern))

    def level(self, at: int) -> int:
        """What prtMarkerSuppliesLevel says: what is left, in a receptacle what is in it."""
        supply, used = self.model.supplies[at], self.used[at]
        share = min(used / supply.lasts, 1.0)
        return round(supply.max * (share if supply.receptacle else 1 - share))

    def objects(self) -> Objects:
        return mib.objects(self)

    def advance(self, seconds: float) -> bool:
        """Always true: at the least, the up-time has changed."""
        until = self.now + seconds
        while self._due and self._due[0][0] <= until:
            self.now, _, act = heapq.heappop(self._due)
            act()
        self.now = until
        return True

    def break_down(self, kind: FaultKind, part: str | None = None) -> None:
        """A fault that stays until `mend()`; levels and trays are set to what it says.

        What is only low may run out meanwhile, and is then replaced as ever.
        """
        index, named = self._part(kind)
        self._spend(kind, index - 1)
        fault = Fault(kind, part or named, index, self.now)
        if self._faults.setdefault((kind, fault.part), fault) is fault:
            self.alerts_ever += 1

    def mend(self, kind: FaultKind) -> None:
        """Clears jams and covers, fills trays, puts in fresh supplies."""
        for key in [key for key in self._faults if key[0] is kind]:
            self._mended(*key)

    def _spend(self, kind: FaultKind, at: int) -> None:
        if kind is FaultKind.PAPER_OUT:
            self.sheets = [0] * len(self.sheets)
        elif kind is FaultKind.PAPER_LOW:
            self.sheets[0] = 5
        for low, spent in _RUNS_OUT.values():
            if kind in (low, spent):
                lasts = self.model.supplies[at].lasts
                self.used[at] = lasts if kind is spent else round(lasts * (1 - LOW_SHARE / 2))

    def _mended(self, kind: FaultKind, part: str) -> None:
        fault = self._faults.pop((kind, part), None)
        if fault:
            self._restore(fault)

    def _restore(self, fault: Fault) -> None:
        if fault.kind in (FaultKind.PAPER_OUT, FaultKind.PAPER_LOW):
            self.sheets = [tray.capacity for tray in self.model.trays]
        elif any(fault.kind in pair for pair in _RUNS_OUT.values()):
            self.used[fault.index - 1] = 0
        self._watch()

    def _live_before(self) -> None:
        """What happened before it was switched on: its life so far, and how full everything is."""
        life = self._chance.randint(*self.model.life)
        shares = self.model.shares
        for kind in ("print", "copy"):
            of_kind = life * (shares["copy"] if kind == "copy" else 1 - shares["copy"])
            colour = round(of_kind * shares["colour"] * self._chance.uniform(0.8, 1.2))
            for hue, pages in (("colour", colour), ("black", round(of_kind) - colour)):
                large = round(pages * shares["large"])
                self.pages[f"{kind}.{hue}.large"] += large
                self.pages[f"{kind}.{hue}.small"] += pages - large
        self.used = [
            round(supply.lasts * self._chance.uniform(0.05, 0.8)) for supply in self.model.supplies
        ]
        self.sheets = [
            round(tray.capacity * self._chance.uniform(0.3, 1)) for tray in self.model.trays
        ]

    def _job(self) -> None:
        self._schedule(self._pause(), self._job)
        if self.is_blocked:
            return
        pages = 1 + min(int(self._chance.expovariate(1 / 5)), 200)
        self._print(self._drawn_kind(), pages)
        if self._chance.random() < pages / PAGES_A_JAM:
            self._jam()

    def _print(self, kind: str, pages: int) -> None:
        self.pages[kind] += pages
        self.pages_since_power_on += pages
        self.printing_until = self.now + 2.0 * pages
        for at, supply in enumerate(self.model.supplies):
            if fnmatchcase(kind, supply.used_by):
                self.used[at] += pages
        self._feed(pages)
        self._watch()

    def _feed(self, sheets: int) -> None:
        """From the first tray that holds paper on; the last job before the end stays short."""
        for at, held in enumerate(self.sheets):
            taken = min(held, sheets)
            self.sheets[at] -= taken
            sheets -= taken

    def _watch(self) -> None:
        """Faults that follow from levels come and go with them."""
        for at, supply in enumerate(self.model.supplies):
            self._watch_supply(at, supply)
        if not any(self.sheets):
            self._occur(FaultKind.PAPER_OUT, self.model.trays[0].name, 1, minutes=15)
        elif self.sheets[0] < self.model.trays[0].capacity * LOW_SHARE:
            self._occur(FaultKind.PAPER_LOW, self.model.trays[0].name, 1, minutes=60)

    def _watch_supply(self, at: int, supply: Supply) -> None:
        left = 1 - self.used[at] / supply.lasts
        low, spent = _RUNS_OUT[_class_of(supply)]
        if left <= 0:
            self._faults.pop((low, supply.name), None)
            self._occur(spent, supply.name, at + 1, minutes=20)
        elif left < LOW_SHARE and low is not spent:
            self._occur(low, supply.name, at + 1)

    def _jam(self) -> None:
        """Somebody opens the cover, takes the paper out, and closes it again."""
        minutes = self._chance.uniform(4, 15)
        cover = self.model.covers[0]
        self._occur(FaultKind.JAM, _PARTS[FaultKind.JAM], 1, minutes=minutes)
        self._schedule(
            (minutes - 1) * _MINUTE,
            lambda: self._occur(FaultKind.COVER_OPEN, cover, 1, minutes=1),
        )

    def _occur(self, kind: FaultKind, part: str, index: int, minutes: float | None = None) -> None:
        """A fault of the machine's own life; after `minutes` somebody has mended it."""
        if (kind, part) in self._faults:
            return
        self._faults[kind, part] = Fault(kind, part, index, self.now)
        self.alerts_ever += 1
        if minutes is not None:
            self._schedule(minutes * _MINUTE, lambda: self._mended(kind, part))

    def _schedule(self, seconds: float, act: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._due, (self.now + seconds, self._order, act))

    def _pause(self) -> float:
        """Jobs have six pages on average."""
        return self._chance.expovariate(self.model.pages_per_hour / 6 / 3600)

    def _drawn_kind(self) -> str:
        shares = self.model.shares
        copy = "copy" if self._chance.random() < shares["copy"] else "print"
        hue = "colour" if self._chance.random() < shares["colour"] else "black"
        size = "large" if self._chance.random() < shares["large"] else "small"
        return f"{copy}.{hue}.{size}"

    def _drawn_serial(self) -> str:
        draw = {"#": "0123456789", "?": "ABCDEFGHJKLMNPRSTUVWXYZ"}
        return "".join(self._chance.choice(draw.get(sign, sign)) for sign in self.model.serial)

    def _part(self, kind: FaultKind) -> tuple[int, str]:
        """Row and name of the part that a fault made by hand falls on."""
        if kind is FaultKind.COVER_OPEN:
            return 1, self.model.covers[0]
        if kind in (FaultKind.PAPER_OUT, FaultKind.PAPER_LOW):
            return 1, self.model.trays[0].name
        for at, supply in enumerate(self.model.supplies, start=1):
            if kind in _RUNS_OUT[_class_of(supply)]:
                return at, supply.name
        return 1, _PARTS[kind]


def _class_of(supply: Supply) -> str:
    if supply.receptacle:
        return "waste"
    return "toner" if supply.type.startswith("toner") else "part"
