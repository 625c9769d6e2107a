"""Command line of the launcher."""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from webapp.launcher import binaries, control, local
from webapp.launcher import places as place
from webapp.launcher.errors import LauncherError
from webapp.launcher.services import Postgres, Redis
from webapp.launcher.spawn import birth
from webapp.launcher.stack import PROJECT

RESTARTED_WITHIN_SECONDS = 40.0


def main(argv: Sequence[str] | None = None) -> int:
    try:
        options = _options(argv)
        return _run(options)
    except LauncherError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m webapp.launcher", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("DATA") or PROJECT / "instance")
    parser.add_argument("--port", type=int, default=_port_of_environment())
    parser.add_argument(
        "--fresh", action="store_true", default=os.environ.get("FRESH", "") not in {"", "0"}
    )
    orders = parser.add_subparsers(dest="order", required=True)
    orders.add_parser("demo", help="the whole portal with demo data and simulated devices")
    orders.add_parser("dev", help="the portal without devices; new code restarts it")
    orders.add_parser("services", help="PostgreSQL and Redis alone, until stdin closes")
    orders.add_parser("status", help="the processes of a running launcher")
    orders.add_parser("stop", help="end a running launcher")
    restart = orders.add_parser("restart", help="end one process and start it again")
    restart.add_argument("name")
    options = parser.parse_args(argv)
    options.data = Path(options.data)
    return options


def _port_of_environment() -> int:
    value = os.environ.get("PORT") or "8000"
    if not value.isdecimal():
        raise LauncherError(f"PORT={value} is not a port number.")
    return int(value)


def _run(options: argparse.Namespace) -> int:
    match options.order:
        case "demo" | "dev":
            return local.run(
                options.order, data=options.data, port=options.port, fresh=options.fresh
            )
        case "services":
            return _services()
        case "status":
            return _status(_control(options.data))
        case "restart":
            return _restart(_control(options.data), options.name)
    return _stop(_control(options.data))


def _control(data: Path) -> Path:
    return place.lay_out(data, binaries.service_account()).control


def _services() -> int:
    """For tests: throwaway servers, their addresses as one JSON line, end with stdin."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Postgres.throwaway() as postgres, Redis.throwaway() as redis:
        addresses = {"database_url": postgres.url, "redis_url": redis.url}
        sys.stdout.write(json.dumps(addresses) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
    return 0


def _processes(path: Path) -> list[dict[str, object]]:
    found = control.ask(path, "status")["processes"]
    return found if isinstance(found, list) else []


def _status(path: Path) -> int:
    sys.stdout.write(f"{'name':<16} {'state':<9} {'pid':>8} {'restarts':>9} {'seconds':>10}\n")
    for row in _processes(path):
        sys.stdout.write(
            f"{row['name']:<16} {row['state']:<9} {row['pid'] or '-':>8} "
            f"{row['restarts']:>9} {row['seconds']:>10}\n"
        )
    return 0


def _restart(path: Path, name: str) -> int:
    before = control.ask(path, "restart", name)["pid"]
    deadline = time.monotonic() + RESTARTED_WITHIN_SECONDS
    while time.monotonic() < deadline:
        now = next(row for row in _processes(path) if row["name"] == name)
        if now["pid"] != before and now["state"] == "running":
            sys.stdout.write(f"{name} runs again, pid {now['pid']}\n")
            return 0
        time.sleep(0.1)
    raise LauncherError(f"{name} did not come back in {RESTARTED_WITHIN_SECONDS:.0f} s.")


def _stop(path: Path) -> int:
    pid = int(str(control.ask(path, "stop")["pid"]))
    born = birth(pid)
    while born is not None and birth(pid) == born:
        time.sleep(0.1)
    sys.stdout.write("stopped\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
