"""What a printer answered, as a terminal shows it or a program reads it."""

import json
from collections.abc import Iterator

from webapp.printers.snmp.collect import Collected, Gap
from webapp.printers.snmp.decode import Decoded
from webapp.printers.snmp.discover import Discovery, Found
from webapp.printers.snmp.profiles import COUNTERS
from webapp.printers.snmp.raw import to_wire

WIDTH = 10
REASONS = {
    "silent": "no answer",
    "late": "the time was up",
    "garbled": "answered with something that is no SNMP",
    "refused": "refused by the printer",
    "tooBig": "the answer would have been too big",
    "loop": "the table runs in circles",
    "endless": "the table does not end",
    "not_asked": "not asked any more",
    "not_polled": "this model is not to be polled",
    "unknown_host": "there is no such host",
    "nothing": "it answers, but none of what was asked",
    "unknown_user": "the printer knows no such SNMPv3 user",
    "wrong_secret": "wrong authentication phrase or digest",
    "wrong_privacy": "wrong privacy phrase, cipher or key extension",
    "wrong_level": "the printer's user has no such level of security",
    "clock": "the printer's SNMPv3 clock does not agree with itself",
    "not_allowed": "the user may not read this at this level of security",
    "not_answered": "not answered",
    "empty": "left empty on the printer",
    "not_usable": "answered, but not usable",
    "no_source": "no source known",
}


def as_json(answer: Collected, decoded: Decoded) -> str:
    return json.dumps(
        {
            "host": answer.target.host,
            "port": answer.target.port,
            "version": answer.version,
            "seconds": round(answer.seconds, 3),
            "gaps": [{"subtree": gap.subtree, "why": gap.why} for gap in answer.gaps],
            "decoded": decoded.as_json() if answer.has_answered else None,
            "reading": to_wire(answer.reading),
        },
        ensure_ascii=False,
    )


def as_table(answer: Collected, decoded: Decoded) -> str:
    title = f"{answer.target.host}:{answer.target.port}"
    if not answer.has_answered:
        why = "; ".join(_reason(gap.why) for gap in answer.gaps)
        return f"{title}\n{'':2}{why}\n"
    how = f"SNMP v{answer.version}, {len(answer.reading)} readings in {answer.seconds:.1f} s"
    lines = [f"{title}  ({how})"]
    lines += [f"  {name:<{WIDTH}}  {value}" for name, value in _lines(decoded) if value]
    lines += [f"  {'missing':<{WIDTH}}  {text}" for text in _missing(decoded, answer.gaps)]
    return "\n".join(lines) + "\n"


def _lines(decoded: Decoded) -> Iterator[tuple[str, str]]:
    identity = decoded.identity
    yield "maker", identity.maker
    yield "model", identity.model
    yield "serial", " also ".join(filter(None, (identity.serial, ", ".join(identity.aliases))))
    yield "name", identity.name
    yield "location", identity.location
    for name in (*COUNTERS, "life"):
        counter = getattr(decoded.counters, name)
        unit = decoded.counters.life_unit if name == "life" else ""
        yield (
            name,
            f"{counter.value:>10,}  {unit or 'pages'}  from {counter.oid}" if counter else "",
        )
    for supply in decoded.supplies:
        level = f"{supply.percent:>4} %" if supply.percent is not None else "     –"
        yield "supply", f"{level}  {supply.state:<7}  {supply.description}"
    for fault in decoded.faults:
        yield "fault", f"{fault.text}  ({fault.severity}, {fault.source})"
    yield "panel", " / ".join(decoded.state.panel)
    yield "doubtful", ", ".join(text.replace("_", " ") for text in decoded.doubtful)


def _missing(decoded: Decoded, gaps: tuple[Gap, ...]) -> Iterator[str]:
    for lack in decoded.missing:
        yield f"{lack.what.replace('_', ' ')}: {_reason(lack.why)}"
    for gap in gaps:
        yield f"{gap.subtree or 'tables'}: {_reason(gap.why)}"


def _reason(why: str) -> str:
    return REASONS.get(why, why)


def found_line(found: Found) -> str:
    """One printer of a search."""
    identity = found.decoded.identity
    who = " ".join(filter(None, (identity.maker, identity.model))) or "?"
    return f"{found.address:<39}  v{found.version:<2}  {identity.serial or '-':<20}  {who}  {identity.name}".rstrip()


def discovery_lines(result: Discovery) -> Iterator[str]:
    yield from map(found_line, result.printers)
    yield (
        f"{len(result.printers)} printers, {len(result.others)} other devices,"
        f" {len(result.refusing)} that refuse this user; {result.asked} addresses asked"
    )
