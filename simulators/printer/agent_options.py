"""From the command line to who may ask an agent, and how badly it answers."""

from typing import Any

import click

from simulators.printer.agent import Manners
from simulators.printer.machines import PrinterMachine
from simulators.printer.mischief import Mischief
from simulators.printer.usm import User, UserError
from simulators.printer.usm_keys import Auth, Extension, Privacy


def users(options: dict[str, Any]) -> list[User]:
    if not options["v3_user"]:
        if options["v3_only"] or options["auth"] or options["privacy"]:
            raise click.UsageError("SNMPv3 needs --v3-user: who may ask.")
        return []
    try:
        return [
            User(
                name=options["v3_user"],
                auth=Auth(options["auth"]) if options["auth"] else None,
                auth_phrase=options["auth_phrase"],
                privacy=Privacy(options["privacy"]) if options["privacy"] else None,
                privacy_phrase=options["privacy_phrase"],
                extension=Extension(options["key_extension"]),
            )
        ]
    except UserError as error:
        raise click.UsageError(f"SNMPv3 user: {error}.") from None


def manners(options: dict[str, Any], machine: PrinterMachine | None) -> Manners:
    return Manners(
        v1_only=options["v1"],
        bulk=not options["no_bulk"] and (machine is None or machine.model.bulk),
        delay_seconds=options["delay"],
        lost_share=options["loss"],
        garbled_share=options["garble"],
        v3_only=options["v3_only"],
        mischief=Mischief(options["mischief"]) if options["mischief"] else None,
        mischief_after=options["mischief_after"],
    )
