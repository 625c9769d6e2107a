"""`flask printers …`: what the portal reads from printers, on the command line."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click
from flask import has_app_context
from flask.cli import AppGroup, ScriptInfo
from sqlalchemy import select

from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.printers.cli_report import as_json, as_table, discovery_lines
from webapp.printers.models import Printer
from webapp.printers.polling.decoding import decode_all
from webapp.printers.polling.models import SnmpProfile
from webapp.printers.polling.targets import target_of
from webapp.printers.snmp.collect import collect_all
from webapp.printers.snmp.decode import decode
from webapp.printers.snmp.discover import BadNetwork, Network, discover, parse_network
from webapp.printers.snmp.sessions import Target
from webapp.printers.snmp.users import AUTHS, EXTENSIONS, PRIVACIES, REEDER, BadUser, V3User

printers = AppGroup("printers", help="Read printers over SNMP.")


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


class NetworkType(click.ParamType[Network]):
    """`192.0.2.0/24`."""

    name = "cidr"

    def convert(self, value: Any, param: Any, ctx: Any) -> Network:
        try:
            return parse_network(str(value))
        except BadNetwork as problem:
            self.fail(f"{problem}.", param, ctx)


_HOW = (
    click.option("--community", default="public", show_default=True, help="SNMP community."),
    click.option("--v1", "only_v1", is_flag=True, help="Ask in SNMP v1 only; else v2c, then v1."),
    click.option("--v3-user", help="Ask in SNMPv3 only, as this user."),
    click.option("--auth", type=click.Choice([*AUTHS]), help="The user's digest."),
    click.option("--auth-phrase", envvar="SNMP_AUTH_PHRASE", default="", show_envvar=True),
    click.option("--privacy", type=click.Choice(PRIVACIES), help="The user's cipher."),
    click.option("--privacy-phrase", envvar="SNMP_PRIVACY_PHRASE", default="", show_envvar=True),
    click.option(
        "--key-extension",
        type=click.Choice(EXTENSIONS),
        default=REEDER,
        show_default=True,
        help="How short keys grow for AES-192 and AES-256.",
    ),
    click.option("--profile", help="A reading profile of the portal, by the id in its address."),
    click.option(
        "--timeout",
        type=click.FloatRange(0.1, 60),
        default=1.5,
        show_default=True,
        help="Seconds to wait for one answer, twice.",
    ),
)


def how_to_ask(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say in which version and as whom printers are asked."""
    for option in reversed(_HOW):
        command = option(command)
    return command


@printers.command("collect", with_appcontext=False)
@click.argument("hosts", nargs=-1, required=True, type=HostPort())
@how_to_ask
@click.option(
    "--json", "shows_json", is_flag=True, help="One JSON object a printer, readings included."
)
def collect_command(hosts: tuple[tuple[str, int], ...], shows_json: bool, **how: Any) -> None:
    """Print what each HOST[:PORT] answers, and what is missing.

    \b
    flask printers collect 192.0.2.7 printer-2.example:1161
    flask printers collect --v1 --community secret 192.0.2.7
    flask printers collect --v3-user anna --auth sha256 --privacy aes256 192.0.2.7
    """
    answers = collect_all([_target(how, host, port) for host, port in hosts])
    show = as_json if shows_json else as_table
    for answer in answers:
        click.echo(show(answer, decode(answer.reading)))
    if not any(answer.has_answered for answer in answers):
        sys.exit(1)


@printers.command("discover", with_appcontext=False)
@click.argument("network", type=NetworkType())
@click.option("--port", type=click.IntRange(1, 65535), default=161, show_default=True)
@how_to_ask
@click.option("--json", "shows_json", is_flag=True, help="One JSON object a printer.")
def discover_command(network: Network, port: int, shows_json: bool, **how: Any) -> None:
    """Find the printers of a network: maker, model, serial number, name.

    \b
    flask printers discover 192.0.2.0/24 --json
    """
    result = discover(network, _target(how, "", port))
    lines = (
        (json.dumps(found.as_json(), ensure_ascii=False) for found in result.printers)
        if shows_json
        else discovery_lines(result)
    )
    for line in lines:
        click.echo(line)
    if not result.printers:
        sys.exit(1)


@printers.command("decode-again")
@click.option("--printer", "public_id", help="Only of this printer, by the id in its address.")
@click.option("--since", type=click.DateTime(), help="Only readings from then on (UTC).")
def decode_again_command(public_id: str | None, since: datetime | None) -> None:
    """Decode the stored readings by the present profiles. No printer is asked."""
    with unscoped("the operator's command"):
        printer_id = None
        if public_id:
            printer_id = db.session.scalar(select(Printer.id).where(Printer.public_id == public_id))
            if printer_id is None:
                raise click.ClickException(f"There is no printer {public_id}.")
        looked, changed = decode_all(
            printer_id=printer_id, since=since.replace(tzinfo=UTC) if since else None
        )
    click.echo(f"{looked} readings decoded, {changed} of them say something else now.")


def _target(how: dict[str, Any], host: str, port: int) -> Target:
    """Raises a usage error where the user can't be."""
    if how["profile"]:
        return _by_profile(how["profile"], host)
    return Target(
        host,
        port,
        how["community"],
        "1" if how["only_v1"] else "",
        how["timeout"],
        user=_user(how) if how["v3_user"] else None,
    )


def _user(how: dict[str, Any]) -> V3User:
    user = V3User(
        name=how["v3_user"],
        auth=how["auth"] or "",
        auth_phrase=how["auth_phrase"],
        privacy=how["privacy"] or "",
        privacy_phrase=how["privacy_phrase"],
        extension=how["key_extension"],
    )
    try:
        return user.check()
    except BadUser as problem:
        raise click.UsageError(
            f"SNMPv3 user, {problem.field.replace('_', ' ')}: {problem}."
        ) from None


def _by_profile(public_id: str, host: str) -> Target:
    """The only way that needs the database."""
    if not has_app_context():
        app = click.get_current_context().ensure_object(ScriptInfo).load_app()
        with app.app_context():
            return _by_profile(public_id, host)
    with unscoped("the operator's command"):
        profile = db.session.scalar(select(SnmpProfile).where(SnmpProfile.public_id == public_id))
        if profile is None:
            raise click.ClickException(f"There is no reading profile {public_id}.")
        return target_of(profile, host)
