"""The mailbox as one thing: SMTP side, store, web side."""

import threading
from pathlib import Path
from typing import Any, Self

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from simulators.mailbox.behaviour import Behaviour, Conduct
from simulators.mailbox.mails import Mail
from simulators.mailbox.smtp import SmtpServer
from simulators.mailbox.store import KEEP_MAILS, Store
from simulators.mailbox.web import create_pages


class _QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 — werkzeug's name
        """Requests aren't logged: the page asks every two seconds."""


class Mailbox:
    """Both ports may be 0: any free one, known once it runs."""

    def __init__(
        self,
        *,
        smtp_port: int = 0,
        web_port: int = 0,
        host: str = "127.0.0.1",
        folder: Path | None = None,
        keep: int = KEEP_MAILS,
    ) -> None:
        self.host, self.web_port = host, web_port
        self.store, self.conduct = Store(folder, keep=keep), Conduct()
        self._smtp = SmtpServer(self.store, self.conduct, host=host, port=smtp_port)
        self._web: BaseWSGIServer | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def smtp_port(self) -> int:
        return self._smtp.port

    @property
    def web_url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.web_port}"

    def start(self) -> None:
        """Raises OSError where a port can't be had; nothing runs then."""
        self._smtp.start()
        pages = create_pages(self.store, self.conduct, host=self.host)
        try:
            self._web = make_server(
                self.host, self.web_port, pages, threaded=True, request_handler=_QuietHandler
            )
        except (OSError, SystemExit) as error:
            self._smtp.stop()
            raise OSError(f"port {self.web_port} can't be had") from error
        self.web_port = self._web.server_port
        threading.Thread(target=self._web.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self._web:
            self._web.shutdown()
            self._web.server_close()
            self._web = None
            self._smtp.stop()

    def messages(
        self, *, to: str = "", subject: str = "", text: str = "", after: str = ""
    ) -> list[Mail]:
        """What is there, in order of arrival."""
        return self.store.find(to=to, subject=subject, text=text, after=after)

    def wait(
        self,
        *,
        to: str = "",
        subject: str = "",
        text: str = "",
        after: str = "",
        seconds: float = 5.0,
    ) -> list[Mail]:
        """As `messages()`, but waits for the first that fits; empty when the time is over."""
        return self.store.wait(to=to, subject=subject, text=text, after=after, seconds=seconds)

    def clear(self) -> int:
        return self.store.clear()

    def behave(self, **behaviour: Any) -> None:
        """`mode`, `stage`, `seconds`, `count`, `to` as in PUT /api/behaviour; none: accept again."""
        self.conduct.become(Behaviour.from_json(behaviour))
