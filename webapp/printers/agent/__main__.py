"""`python -m webapp.printers.agent --config agent.toml [run | check | search | launch SERIAL]`"""

from __future__ import annotations

import argparse
import logging
import stat
import sys
import threading
from pathlib import Path

from webapp.printers.agent import VERSION
from webapp.printers.agent.configuration import BadConfiguration, Configuration, load
from webapp.printers.agent.launching import last_phone, launch
from webapp.printers.agent.portal import Away, Refused, ShutOut
from webapp.printers.agent.running import NO_TOKEN, Runner

log = logging.getLogger("agent")


def main(arguments: list[str] | None = None) -> int:
    options = _options().parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.WARNING)
    try:
        configuration = load(options.config)
    except BadConfiguration as fault:
        print(fault, file=sys.stderr)
        return NO_TOKEN
    _warn_of_readers(options.config)
    return _do(options, configuration)


def _do(options: argparse.Namespace, configuration: Configuration) -> int:
    if options.command == "launch":
        return _launch(Runner(configuration), options.serial)
    if options.command == "search":
        return _search(Runner(configuration))
    if options.command == "check":
        return _check(Runner(configuration))
    return Runner(configuration).run()


def _launch(runner: Runner, serial: str) -> int:
    """Beside the agent that runs: it knows the printers from the same directory."""
    printer = runner.printers.find(serial)
    if printer is None:
        print(
            f"No printer {serial} is known here. `search` finds those there are.", file=sys.stderr
        )
        return 1
    code = runner.enrol()
    if code is not None:
        return code
    try:
        launched = launch(printer, runner.printers, runner.portal, runner.state)
    except (Away, Refused, ShutOut) as error:
        phone = last_phone(runner.state)
        print(f"{error}" + (f"\nPhone the technicians: {phone}" if phone else ""), file=sys.stderr)
        return 1
    print(launched.url)
    return 0


def _search(runner: Runner) -> int:
    runner.printers.search(threading.Event())
    for printer in runner.printers.all():
        print("\t".join((printer.key, printer.serial or "-", printer.maker, printer.model)))
    return 0


def _check(runner: Runner) -> int:
    """The configuration is good; is the portal there, and does it know us?"""
    code = runner.enrol()
    if code is not None:
        return code
    try:
        said = runner.portal.wanted("")
    except (Away, Refused, ShutOut) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{runner.configuration.portal} knows this agent as {said.body['name']}.")
    return 0


def _warn_of_readers(path: Path) -> None:
    if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        log.warning("%s can be read by others: it holds secrets. chmod 600 %s", path, path)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m webapp.printers.agent", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the file of configuration")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("run", help="read and send until stopped (the same as no command)")
    commands.add_parser("check", help="is the configuration good, and the portal there?")
    commands.add_parser("search", help="search the networks once and print the printers")
    one = commands.add_parser("launch", help="press the panic button of a printer; prints the link")
    one.add_argument("serial")
    return parser


if __name__ == "__main__":
    sys.exit(main())
