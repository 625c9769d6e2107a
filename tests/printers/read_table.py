"""`python -m tests.printers.read_table > docs/printers-read.md`: every recorded printer, read over the wire.

Each recording is served by the simulated agent and read in v1, v2c and v3; what is decoded must be the same each
time, and the same as from the file. Serial numbers that look real are masked: recordings are of other people's
printers.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from simulators.printer import Agent, Auth, Privacy, User
from tests.printers.snmp.recordings import FOLDER
from webapp.printers.cli_report import REASONS
from webapp.printers.snmp.collect import Collected, collect_all
from webapp.printers.snmp.counters import Counter, Counters
from webapp.printers.snmp.decode import Decoded, Missing, decode
from webapp.printers.snmp.recordings import load
from webapp.printers.snmp.sessions import Target
from webapp.printers.snmp.users import V3User

NAME, PHRASE, OTHER_PHRASE = "reader", "maplesyrup", "fluctuations"
AGENTS_USER = User(
    name=NAME, auth=Auth.SHA256, auth_phrase=PHRASE,
    privacy=Privacy.AES256, privacy_phrase=OTHER_PHRASE,
)  # fmt: skip
READER = V3User(
    name=NAME, auth="sha256", auth_phrase=PHRASE, privacy="aes256", privacy_phrase=OTHER_PHRASE
)
HEADER = """# Printers that were read

Written by `python -m tests.printers.read_table` from recordings of real printers, which are not part of this
repository (`PRINTER_RECORDINGS` names their folder). Each was served by the simulated agent and read in SNMP v1,
v2c and v3 (SHA-256, AES-256); *alike* says in which of them the decoded fields are the same as from the file.
Many recordings hold only a part of a printer: what such a one does not answer is no defect of the reader.

- **Serial**: masked, but for those that are made up.
- **Pages**: total / black / colour / A3 and larger; – is not known.
- **Check**: black and colour against the total, and the total against the printer's life count
  (`prtMarkerLifeCount`), where the parts exist: the difference in pages. *doubtful* is what a screen would flag.
- **Supplies**: rows told / those with a percentage. **Faults**: as messages 1 to 4.
- **Missing**: *no answer* – the object is not in the recording; *no source* – nobody knows where this maker keeps it;
  *empty* – the printer's owner left it empty; *unusable* – such as a serial of zeros.

| recording | objects | maker | model | serial | pages | check | supplies | faults | missing | alike |
|---|---|---|---|---|---|---|---|---|---|---|
"""
_WHY = {"not_answered": "no answer", "not_usable": "unusable", "no_source": "no source"}
_MADE_UP = re.compile(r"TEST|SERIAL|0123456|12345|XXX", re.IGNORECASE)


def main() -> int:
    files = sorted(FOLDER.glob("*.snmprec"))
    if not files:
        print(f"There are no recordings in {FOLDER}.", file=sys.stderr)
        return 1
    print(HEADER + "\n".join(line(file) for file in files))
    return 0


def line(file: Path) -> str:
    recorded = load(file)
    told = decode(recorded)
    alike = [
        answer.version for answer in read_over_the_wire(file) if same(decode(answer.reading), told)
    ]
    cells = [
        f"`{file.stem}`",
        str(len(recorded)),
        told.identity.maker or "–",
        told.identity.model or "–",
        masked(told.identity.serial) or "–",
        " / ".join(map(_count, _pages(told.counters))),
        "; ".join(checks(told)) or "–",
        f"{len(told.supplies)} / {sum(s.percent is not None for s in told.supplies)}",
        "; ".join(filter(None, told.messages)) or "–",
        "; ".join(lacks(told.missing)) or "–",
        ", ".join(f"v{version}" for version in alike) or "none",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def read_over_the_wire(file: Path) -> list[Collected]:
    """Once in each version."""
    with Agent.of_recording(file, users=[AGENTS_USER]) as agent:
        targets = [Target(agent.host, agent.port, version=version) for version in ("1", "2c")]
        return collect_all([*targets, Target(agent.host, agent.port, user=READER)])


def same(one: Decoded, other: Decoded) -> bool:
    """All but what is missing: a walk may leave out what no field needs."""
    return (
        one.identity == other.identity
        and one.counters == other.counters
        and one.supplies == other.supplies
        and one.faults == other.faults
    )


def masked(serial: str) -> str:
    """The first two characters, so that a row can be told from another."""
    if len(serial) < 4 or _MADE_UP.search(serial):
        return serial
    return serial[:2] + "·" * (len(serial) - 2)


def checks(told: Decoded) -> Iterator[str]:
    counters = told.counters
    total, black, colour, life = (
        getattr(counters, name) for name in ("total", "black", "colour", "life")
    )
    if total and black and colour:
        yield f"sum {black.value + colour.value - total.value:+,}"
    if total and life and total.oids != life.oids and counters.life_unit in ("", "impressions"):
        yield f"life {life.value - total.value:+,}"
    yield from (f"doubtful: {key.replace('_', ' ')}" for key in told.doubtful)


def lacks(missing: tuple[Missing, ...]) -> Iterator[str]:
    """One entry for each reason."""
    for why in dict.fromkeys(lack.why for lack in missing):
        names = ", ".join(lack.what.replace("_", " ") for lack in missing if lack.why == why)
        yield f"{_WHY.get(why, REASONS.get(why, why))}: {names}"


def _pages(counters: Counters) -> tuple[Counter | None, ...]:
    return counters.total, counters.black, counters.colour, counters.large


def _count(counter: Counter | None) -> str:
    return f"{counter.value:,}" if counter else "–"


if __name__ == "__main__":
    sys.exit(main())
