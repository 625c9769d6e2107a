"""`python -m simulators printer`."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import click

from simulators.display import Display, run, until_stopped
from simulators.printer.agent import Agent
from simulators.printer.agent_options import manners, users
from simulators.printer.client import Target
from simulators.printer.faults import FaultKind
from simulators.printer.machines import PrinterMachine
from simulators.printer.messages import Version
from simulators.printer.mischief import Mischief
from simulators.printer.models import load_model, model_names
from simulators.printer.overrides import overrides
from simulators.printer.panic import PanicApp
from simulators.printer.panic_cli import press_the_button
from simulators.printer.recordings import load_recording
from simulators.printer.usm_keys import Auth, Extension, Privacy

_HOST_AND_PORT = re.compile(r"(?:\[([^\[\]]+)\]|([^\[\]:]+))(?::(\d{1,5}))?")
DEFAULT_MODEL = "xerox-altalink-c8045"

_EPILOG = """\b
Examples:
  A living printer:
    python -m simulators printer --model ricoh-mp-c2503 --port 8101 --speed 60
  One with trouble:
    python -m simulators printer --fault jam --fault toner-low
  A recorded one under another serial number:
    python -m simulators printer --walk xerox.snmprec --serial 3718264951
  SNMPv3 alone, with the strongest of everything:
    python -m simulators printer --v3-user anna --auth sha512 --auth-phrase maplesyrup \\
        --privacy aes256 --privacy-phrase mapleleaves --key-extension blumenthal --v3-only
  One that stops in the middle of a walk:
    python -m simulators printer --mischief silent --mischief-after 8
  Its panic button is pressed:
    python -m simulators printer --walk xerox.snmprec --panic \\
        --portal http://127.0.0.1:8000 --token-file enrol.txt --badge anna@acme.example
  The panic button of a printer that runs already:
    python -m simulators printer --panic --target 127.0.0.1:8100 --token-file enrol.txt

\b
Exit codes of --panic: 0 launched, 3 portal not reachable, 4 refused by the portal.
"""


def _share(default: float, text: str) -> Any:
    return {"type": click.FloatRange(0, 1), "default": default, "help": text}


@click.command(epilog=_EPILOG)
@click.option(
    "--walk", type=click.Path(path_type=Path), help="Recording: .snmprec, or snmpwalk -On."
)
@click.option("--model", type=click.Choice(model_names()), help="Living model (the default).")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), help="UDP port; 0 takes a free one."
)
@click.option("--community", default="public", show_default=True)
@click.option("--v1", is_flag=True, help="SNMP v1 only.")
@click.option("--v3-user", metavar="NAME", help="SNMPv3 user, beside the community.")
@click.option("--v3-only", is_flag=True, help="SNMPv3 only.")
@click.option("--auth", type=click.Choice(list(Auth)), help="The user's digest.")
@click.option("--auth-phrase", default="", help="At least 8 characters.")
@click.option("--privacy", type=click.Choice(list(Privacy)), help="The user's cipher.")
@click.option("--privacy-phrase", default="", help="At least 8 characters.")
@click.option(
    "--key-extension",
    type=click.Choice(list(Extension)),
    default=Extension.REEDER,
    show_default=True,
    help="How short keys grow for AES-192 and AES-256.",
)
@click.option("--serial", help="Serial number.")
@click.option("--name", help="sysName.")
@click.option("--location", help="sysLocation.")
@click.option("--set", "settings", multiple=True, metavar="OID=TYPE:VALUE", help="One object.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    type=click.Choice([kind.value for kind in FaultKind]),
    help="Broken from the start.",
)
@click.option(
    "--speed", default=1.0, type=click.FloatRange(0, 100_000), help="Times faster than life."
)
@click.option("--seed", type=int, help="The same seed gives the same life.")
@click.option("--no-bulk", is_flag=True, help="Stay silent to GETBULK.")
@click.option(
    "--delay", default=0.0, type=click.FloatRange(0, 60), help="Seconds before an answer."
)
@click.option("--loss", **_share(0.0, "Share of answers that are lost."))
@click.option("--garble", **_share(0.0, "Share of answers that are damaged."))
@click.option("--mischief", type=click.Choice(list(Mischief)), help="Answers go bad like this.")
@click.option(
    "--mischief-after", default=0, type=click.IntRange(0), help="Good answers before they do."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--panic", is_flag=True, help="Press the panic button once, print the link, end.")
@click.option(
    "--target",
    metavar="HOST[:PORT]",
    help="With --panic: a printer that runs already, real or simulated, instead of one of its own.",
)
@click.option("--portal", default="http://127.0.0.1:8000", show_default=True, metavar="URL")
@click.option(
    "--token", envvar="OUTPOST_ENROL_TOKEN", show_envvar=True, help="Enrolment token op_enrol_..."
)
@click.option("--token-file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--badge", metavar="MAIL", help="Who signed in at the printer.")
@click.option("--ip", metavar="ADDRESS", help="The printer's address, as the app knows it.")
@click.option(
    "--state", type=click.Path(path_type=Path), help="Where phone and unsent launch are kept."
)
def printer(**options: Any) -> None:
    """A printer: an SNMP agent (v1, v2c, v3), and the app with the panic button."""
    display = Display(as_json=options["as_json"])
    token = _token(options) if options["panic"] else ""
    if options["target"]:
        sys.exit(press_the_button(display, _app(options, _elsewhere(options), token)))
    agent, machine = _agent(options)
    with _running(agent):
        if options["panic"]:
            sys.exit(press_the_button(display, _app(options, (agent.host, agent.port), token)))
        with until_stopped() as stop:
            _serve(display, stop, agent, machine, options)


@contextmanager
def _running(agent: Agent) -> Iterator[None]:
    try:
        agent.start()
    except OSError as error:
        raise click.ClickException(
            f"UDP port {agent.port} on {agent.host} can't be had: {error.strerror}."
            " Is another simulator running? Choose another --port."
        ) from None
    try:
        yield
    finally:
        agent.stop()


def _elsewhere(options: dict[str, Any]) -> tuple[str, int]:
    """Host and port of --target. IPv6 addresses stand in brackets where a port follows."""
    if not options["panic"]:
        raise click.UsageError("--target is for --panic: it names the printer to read.")
    named = _HOST_AND_PORT.fullmatch(options["target"])
    if not named or int(named[3] or 161) > 65535:
        raise click.UsageError("--target is HOST or HOST:PORT, for example 127.0.0.1:8100.")
    return named[1] or named[2], int(named[3] or 161)


def _agent(options: dict[str, Any]) -> tuple[Agent, PrinterMachine | None]:
    """Raises a usage error where file, setting or combination are wrong."""
    if options["walk"] and (options["model"] or options["faults"]):
        raise click.UsageError(
            "--walk serves a recording; --model and --fault need a living model."
        )
    try:
        machine = None if options["walk"] else _machine(options)
        recorded = load_recording(options["walk"]) if options["walk"] else {}
        changed = overrides(
            recorded,
            settings=options["settings"],
            serial=options["serial"] if options["walk"] else None,
            name=options["name"],
            location=options["location"],
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    agent = Agent(
        recorded,
        machine=machine,
        overrides=changed,
        host=options["host"],
        port=options["port"],
        community=options["community"],
        users=users(options),
        manners=manners(options, machine),
        speed=options["speed"],
        seed=options["seed"],
    )
    return agent, machine


def _machine(options: dict[str, Any]) -> PrinterMachine:
    machine = PrinterMachine(
        load_model(options["model"] or DEFAULT_MODEL),
        seed=options["seed"],
        serial=options["serial"],
        name=options["name"],
        location=options["location"] or "",
    )
    for fault in options["faults"]:
        machine.break_down(FaultKind(fault))
    return machine


def _token(options: dict[str, Any]) -> str:
    if options["token_file"]:
        return str(options["token_file"].read_text().strip())
    if not options["token"]:
        raise click.UsageError(
            "--panic needs the organisation's enrolment token: --token, --token-file or"
            " OUTPOST_ENROL_TOKEN. An administrator makes one in the portal, under Printers."
        )
    return str(options["token"]).strip()


def _app(options: dict[str, Any], address: tuple[str, int], token: str) -> PanicApp:
    walk = options["walk"].resolve() if options["walk"] else None
    source = options["target"] or walk or options["model"] or DEFAULT_MODEL
    host, port = address
    return PanicApp(
        portal=options["portal"],
        token=token,
        target=Target(
            host=host,
            port=port,
            community=options["community"],
            version=Version.V1 if options["v1"] else Version.V2C,
        ),
        badge=options["badge"],
        ip=options["ip"],
        state_file=options["state"],
        printer=f"{source} {options['serial'] or ''}",
    )


def _serve(
    display: Display,
    stop: Event,
    agent: Agent,
    machine: PrinterMachine | None,
    options: dict[str, Any],
) -> None:
    what = machine.model.name if machine else str(options["walk"].name)
    serial = machine.serial if machine else options["serial"]
    display.event(
        "started",
        f"{what} {serial or ''} answers SNMP on {agent.host} port {agent.port},"
        f" community {options['community']!r}, {len(agent)} objects. Ctrl-C ends it.",
        host=agent.host,
        port=agent.port,
        source=what,
        serial=serial,
        objects=len(agent),
    )
    known: set[str] = set()

    def watch() -> str:
        asked = sum(agent.seen.values())
        if not machine:
            return f"{asked:,} requests"
        with agent.still():
            pages, faults = machine.counted("*"), machine.faults
        _tell_faults(display, {fault.text for fault in faults}, known)
        panel = faults[0].text if faults else "Ready"
        return f"{pages:,} pages   {panel}   {asked:,} requests"

    run(display, stop, watch)
    display.event("stopped", "stopped", requests=dict(agent.seen))


def _tell_faults(display: Display, now: set[str], known: set[str]) -> None:
    for text in sorted(now - known):
        display.event("fault", text, fault=text)
    for text in sorted(known - now):
        display.event("mended", f"mended: {text}", fault=text)
    known.clear()
    known.update(now)
