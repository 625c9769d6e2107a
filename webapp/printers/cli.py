"""`flask printers …`: what the portal reads from printers, on the command line."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import click
from flask.cli import AppGroup

from webapp.printers.snmp.collect import Collected, Gap, collect_all
from webapp.printers.snmp.decode import Decoded, decode
from webapp.printers.snmp.profiles import COUNTERS
from webapp.printers.snmp.raw import to_wire
from webapp.printers.snmp.sessions import Target

printers = AppGroup("printers", help="Read printers over SNMP.")

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


class HostPort(click.ParamType[tuple[str, int]]):
    """`printer.example`, `192.0.2.7:1161`, `[2001:db8::7]:161`."""

    name = "host[:port]"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        host, colon, port = value.rpartition(":")
        if not colon or (value.count(":") > 1 and not value.startswith("[")) or value.endswith("]"):
            host, port = value, "161"
        host = host.removeprefix("[").removesuffix("]")
        good = port.isascii() and port.isdigit() and 0 < int(port) < 65_536
        if not host or not good:
            self.fail(f"{value!r} is not a host or host:port.", param, ctx)
        return host, int(port)


@printers.command("collect", with_appcontext=False)
@click.argument("hosts", nargs=-1, required=True, type=HostPort())
@click.option("--community", default="public", show_default=True, help="SNMP community.")
@click.option("--v1", "only_v1", is_flag=True, help="Ask in SNMP v1 only; else v2c, then v1.")
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 60),
    default=1.5,
    show_default=True,
    help="Seconds to wait for one answer, twice.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object a printer, readings included."
)
def collect_command(
    hosts: tuple[tuple[str, int], ...], community: str, only_v1: bool, timeout: float, as_json: bool
) -> None:
    """Print what each HOST[:PORT] answers, and what is missing.

    \b
    flask printers collect 192.0.2.7 printer-2.example:1161
    flask printers collect --v1 --community secret 192.0.2.7
    """
    version = "1" if only_v1 else ""
    targets = [Target(host, port, community, version, timeout) for host, port in hosts]
    answers = collect_all(targets)
    for answer in answers:
        show = _as_json if as_json else _as_table
        click.echo(show(answer, decode(answer.reading)))
    if not any(answer.has_answered for answer in answers):
        sys.exit(1)


def _as_json(answer: Collected, decoded: Decoded) -> str:
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


def _as_table(answer: Collected, decoded: Decoded) -> str:
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
