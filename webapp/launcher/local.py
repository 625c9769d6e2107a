"""`demo` and `dev`: from nothing to a portal that answers, step by step."""

import http.client
import json
import time
from pathlib import Path

from webapp.launcher import binaries
from webapp.launcher import places as place
from webapp.launcher.changes import Changes
from webapp.launcher.errors import Interrupted
from webapp.launcher.output import Terminal
from webapp.launcher.places import Places
from webapp.launcher.programs import Program
from webapp.launcher.stack import (
    Embedded,
    Ports,
    Stack,
    environment,
    inherited_environment,
    refuse_production,
    server_program,
)
from webapp.launcher.supervisor import Supervisor

FLEET = {"demo": ["demo fleet"], "dev": []}
STEPS = {
    "db upgrade": "migrations",
    "demo seed": "demo data",
    "demo fleet": "list of simulated devices",
}


def run(mode: str, *, data: Path, port: int, fresh: bool) -> int:
    """Run a local portal until it is asked to stop; 0 when it ended as asked."""
    environ = inherited_environment()
    refuse_production(environ)
    ports = Ports(port)
    places = place.lay_out(data, binaries.service_account())
    with place.lock(places):
        if fresh:
            place.clear(places)
        place.create(places)
        terminal = Terminal()
        supervisor = Supervisor(places, terminal)
        supervisor.open()
        try:
            ports.check_free()
            _start(supervisor, mode=mode, ports=ports, environ=environ)
            supervisor.run_forever()
        except Interrupted:
            pass
        finally:
            supervisor.stop_all()
            place.tidy(places)
    return 0


def _start(supervisor: Supervisor, *, mode: str, ports: Ports, environ: dict[str, str]) -> None:
    places, terminal = supervisor.places, supervisor.terminal
    began = time.monotonic()
    terminal.say(f"Outpost ({mode}) in {places.data}")
    if note := places.note():
        terminal.say(f"  {note}")
    embedded = Embedded.for_environment(places, environ)
    stack = Stack(places, ports, environment(places, ports, embedded, environ))
    _start_services(supervisor, embedded)
    said = _prepare(supervisor, stack, ["db upgrade", "demo seed", *FLEET[mode]])
    fleet = stack.fleet(said["demo fleet"]) if "demo fleet" in said else []
    _start_portal(supervisor, stack, fleet)
    if mode == "dev":
        supervisor.watch = Changes(supervisor).look
    terminal.step("all", time.monotonic() - began)
    _introduce(terminal, places, ports, said["demo seed"])


def _start_services(supervisor: Supervisor, embedded: Embedded) -> None:
    began = time.monotonic()
    servers = embedded.servers()
    for server in servers:
        supervisor.add(server_program(server))
    for server in servers:
        supervisor.wait_for(server.is_ready, what=server.name)
    if servers:
        names = " and ".join(server.name for server in servers)
        supervisor.terminal.step(names, time.monotonic() - began)


def _prepare(supervisor: Supervisor, stack: Stack, commands: list[str]) -> dict[str, str]:
    """Run the flask commands; what each said, by command."""
    output = supervisor.run_step(", ".join(commands), stack.prepare(*commands))
    results = [json.loads(line) for line in output.splitlines() if line.startswith('{"command"')]
    for result in results:
        supervisor.terminal.step(STEPS[result["command"]], result["seconds"])
    return {result["command"]: result["said"] for result in results}


def _start_portal(supervisor: Supervisor, stack: Stack, fleet: list[Program]) -> None:
    began = time.monotonic()
    for program in (stack.mailbox(), stack.web(), stack.worker(), stack.clock(), *fleet):
        supervisor.add(program)
    supervisor.wait_for(lambda: is_ready(stack.ports.portal), what="/readyz", within_seconds=90)
    supervisor.terminal.step("web, worker, clock, simulators", time.monotonic() - began)


def is_ready(port: int) -> bool:
    """Whether the portal answers /readyz with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _introduce(terminal: Terminal, places: Places, ports: Ports, accounts: str) -> None:
    rows = {
        "Portal": f"http://127.0.0.1:{ports.portal}",
        "Mailbox": f"http://127.0.0.1:{ports.mailbox}",
        "SMTP": f"127.0.0.1:{ports.smtp}",
        "SNMP agents": f"127.0.0.1:{ports.snmp} and upwards (UDP)",
        "Logs": str(places.logs),
        "Orders": "python -m webapp.launcher status | restart NAME | stop",
    }
    terminal.say()
    for name, value in rows.items():
        terminal.say(f"  {name:<12} {value}")
    terminal.say()
    if accounts.strip():
        terminal.say(accounts.rstrip())
        terminal.say()
    terminal.say("ready")
