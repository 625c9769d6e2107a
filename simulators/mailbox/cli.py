"""`python -m simulators mailbox`."""

from pathlib import Path
from threading import Event

import click

from simulators.display import Display, run, until_stopped
from simulators.mailbox.box import Mailbox
from simulators.mailbox.store import KEEP_MAILS

SHOWN_AT_ONCE = 5

_EPILOG = """\b
Examples:
  python -m simulators mailbox
  python -m simulators mailbox --smtp-port 8027 --web-port 8025 --dir mails
  curl -X PUT http://127.0.0.1:8025/api/behaviour -H 'Content-Type: application/json' \\
       -d '{"mode": "temporary", "count": 3, "to": "*@acme.example"}'
"""


@click.command(epilog=_EPILOG)
@click.option("--smtp-port", default=8027, show_default=True, type=click.IntRange(0, 65535))
@click.option("--web-port", default=8025, show_default=True, type=click.IntRange(0, 65535))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the mails as .eml files, so that they survive a restart.",
)
@click.option("--seed", type=int, help="Taken as everywhere; nothing here is left to chance.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def mailbox(
    smtp_port: int, web_port: int, host: str, folder: Path | None, seed: int | None, as_json: bool
) -> None:
    """An SMTP server with a web page of what arrived, and refusals on demand."""
    display = Display(as_json=as_json)
    try:
        box = Mailbox(smtp_port=smtp_port, web_port=web_port, host=host, folder=folder)
        box.start()
    except OSError as error:
        raise click.ClickException(
            f"{error}. Is another mailbox running? Choose other ports with --smtp-port and"
            " --web-port, or another --dir."
        ) from None
    try:
        with until_stopped() as stop:
            _serve(display, box, stop)
    finally:
        box.stop()


def _serve(display: Display, box: Mailbox, stop: Event) -> None:
    display.event(
        "started",
        f"SMTP on {box.host} port {box.smtp_port}, page on {box.web_url}, {len(box.store)} mails"
        " kept from before. Ctrl-C ends it.",
        host=box.host,
        smtp_port=box.smtp_port,
        web_url=box.web_url,
        kept=len(box.store),
    )
    shown = box.store.newest

    def watch() -> str:
        nonlocal shown
        fresh = box.messages(after=shown)
        for mail in fresh if display.as_json else fresh[:SHOWN_AT_ONCE]:
            text = f"{', '.join(mail.recipients)}   {mail.subject}"
            display.event("mail", text, **mail.summary())
        if len(fresh) > SHOWN_AT_ONCE and not display.as_json:
            display.event("mails", f"… and {len(fresh) - SHOWN_AT_ONCE:,} more")
        shown = fresh[-1].id if fresh else shown
        mode = box.conduct.now.mode
        return f"{len(box.store):,} of {KEEP_MAILS:,} kept   {mode}   {box.web_url}"

    run(display, stop, watch)
    display.event("stopped", "stopped", received=box.store.received)
