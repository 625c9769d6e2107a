"""`python -m simulators`."""

import click

from simulators.mailbox.cli import mailbox
from simulators.printer.cli import printer

_EPILOG = """\b
Examples:
  python -m simulators mailbox
  python -m simulators printer --model xerox-altalink-c8045 --port 8100
  python -m simulators printer --walk office.snmprec --panic --token op_enrol_...

Each command has its own --help.
"""


@click.group(epilog=_EPILOG)
def main() -> None:
    """Devices and servers that stand in for the field, over the real protocols.

    Every command shows what happens as it happens, gives JSON lines with --json, and ends with
    Ctrl-C.
    """


main.add_command(mailbox)
main.add_command(printer)
