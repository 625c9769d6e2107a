"""Webhooks a second, from the outbox to receivers that answer at once: `python -m benchmarks.webhooks [count]`.

The drain runs in this process; four receivers run in another, so that they don't share its interpreter lock.
"""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.portals import Bench, Figure, bench
from webapp.core import drains
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.principal import NOBODY
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission
from webapp.printers.webhook_kinds import PrinterKind
from webapp.webhooks.outbox import emit
from webapp.webhooks.services import WebhookFacts, create_webhook

COUNT = 2_000
RECEIVERS = 4

RECEIVER = """
import asyncio

async def answer(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.lower().split(b"\\r\\n")
                if line.startswith(b"content-length:")
            )
            await reader.readexactly(length)
            writer.write(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()

async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    receivers = [
        subprocess.Popen([sys.executable, "-c", RECEIVER], stdout=subprocess.PIPE, text=True)
        for _ in range(RECEIVERS)
    ]
    try:
        with bench({"WEBHOOK_ALLOW_PRIVATE": "yes", "WEBHOOK_ALLOW_HTTP": "yes"}) as here:
            for figure in measure(here, receivers, count):
                print(figure)
    finally:
        for receiver in receivers:
            receiver.kill()
            receiver.wait()
    return 0


def measure(here: Bench, receivers: list[subprocess.Popen[str]], count: int) -> list[Figure]:
    with here.portal.app_context(), unscoped("a benchmark"):
        organisation = _subscribed(receivers)
        began = time.perf_counter()
        for _ in range(count // len(receivers)):
            emit(
                PrinterKind.REQUEST_OPENED,
                organisation_id=organisation,
                data=lambda: {"text": "x" * 1000},
                now=utcnow(),
            )
            commit()
        written = time.perf_counter()
        drains.run("webhooks")
        sent = time.perf_counter()
    return [
        Figure("webhooks_out_per_s", count / (sent - written), "1/s"),
        Figure("webhooks_written_per_s", count / (written - began), "1/s"),
    ]


def _subscribed(receivers: list[subprocess.Popen[str]]) -> int:
    """An organisation with a webhook to each receiver."""
    organisation = Organisation(name="Bench", sort_name="bench", created_at=utcnow())
    db.session.add(organisation)
    commit()
    for number, receiver in enumerate(receivers):
        assert receiver.stdout is not None
        port = receiver.stdout.readline().strip()
        facts = WebhookFacts(f"R {number}", f"http://127.0.0.1:{port}/", list(PrinterKind))
        create_webhook(
            facts,
            organisation_id=organisation.id,
            permissions=list(Permission),
            by=NOBODY,
            now=utcnow(),
        )
    commit()
    return organisation.id


if __name__ == "__main__":
    sys.exit(main())
