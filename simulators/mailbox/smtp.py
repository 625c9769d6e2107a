"""The SMTP side: accepts everything, unless it was told to misbehave."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from aiosmtpd.smtp import SMTP, Envelope, Session

from simulators.mailbox.behaviour import MAX_SECONDS, Behaviour, Conduct, Mode, Stage
from simulators.mailbox.store import Store

Result = TypeVar("Result")
MAX_OCTETS = 35 * 2**20
_OK_RCPT, _OK_DATA = "250 OK", "250 OK: kept"
_REFUSALS = {
    (Mode.TEMPORARY, Stage.RCPT): "451 4.3.0 Try again later (as asked for)",
    (Mode.TEMPORARY, Stage.DATA): "452 4.3.1 Try again later (as asked for)",
    (Mode.PERMANENT, Stage.RCPT): "550 5.1.1 No such mailbox (as asked for)",
    (Mode.PERMANENT, Stage.DATA): "554 5.6.0 Not accepted (as asked for)",
}


class SmtpServer:
    """Runs in a thread with an event loop of its own. `port=0`: any free one."""

    def __init__(self, store: Store, conduct: Conduct, *, host: str, port: int) -> None:
        self._handler = _Handler(store, conduct)
        self.host, self.port = host, port
        self._loop = asyncio.new_event_loop()

    def start(self) -> None:
        """Raises OSError where the port can't be had."""
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
        self._thread.start()
        try:
            self._server = self._within(self._listen())
        except OSError:
            self._end_loop()
            raise
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._within(self._close())
        self._end_loop()

    def _within(self, task: Coroutine[Any, Any, Result]) -> Result:
        """Run in the server's own loop, for the caller may be in another one."""
        return asyncio.run_coroutine_threadsafe(task, self._loop).result()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _listen(self) -> asyncio.Server:
        return await self._loop.create_server(self._session, self.host, self.port, backlog=512)

    def _session(self) -> SMTP:
        return SMTP(
            self._handler,
            data_size_limit=MAX_OCTETS,
            enable_SMTPUTF8=True,
            hostname="mailbox.outpost.example",
            ident="Outpost mailbox",
            loop=self._loop,
        )


class _Handler:
    """The hooks of aiosmtpd."""

    def __init__(self, store: Store, conduct: Conduct) -> None:
        self._store, self._conduct = store, conduct

    async def handle_RCPT(  # noqa: N802 — the name aiosmtpd calls
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        due = self._conduct.due(Stage.RCPT, [address])
        refusal = await _misbehave(server, due)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return _OK_RCPT

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        recipients = envelope.rcpt_tos
        refusal = await _misbehave(server, self._conduct.due(Stage.DATA, recipients))
        if refusal:
            return refusal
        content = envelope.original_content or b""
        self._store.add(envelope.mail_from or "", recipients, content)
        await _misbehave(server, self._conduct.due(Stage.KEPT, recipients))
        if done := self._conduct.due(Stage.DONE, recipients):
            await server.push(_OK_DATA)
            await _misbehave(server, done)
        return _OK_DATA


async def _misbehave(server: SMTP, due: Behaviour | None) -> str | None:
    """Waits, cuts or hangs; the answer where the mail is refused."""
    if due is None:
        return None
    if due.mode is Mode.SLOW:
        await asyncio.sleep(due.seconds)
    elif due.mode is Mode.HANG:
        await asyncio.sleep(due.seconds or MAX_SECONDS)
        _cut(server)
    elif due.mode is Mode.CUT:
        _cut(server)
    return _REFUSALS.get((due.mode, due.at))


def _cut(server: SMTP) -> None:
    """What is written is still sent; the session ends as if its client had gone."""
    if server.transport:
        server.transport.close()
    raise asyncio.CancelledError
