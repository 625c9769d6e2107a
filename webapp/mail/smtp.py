"""The way to the mail server: messages built by Flask-Mail, a session with our time-out, one outcome a mail."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from dataclasses import dataclass
from email import charset
from email.policy import SMTP
from enum import StrEnum
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import urlsplit

import flask_mail
from flask import Flask, current_app

from webapp.mail.addresses import Mailbox
from webapp.mail.attachments import attachments_of
from webapp.mail.models import Mail
from webapp.mail.outbox import bodies
from webapp.settings import Settings

LONGEST_WORDS = 500

# Flask-Mail turns transfer encoding off for the whole process: lines would go out as long as they are (RFC 5322
# allows 998 octets) and in 8 bits. Quoted-printable is safe everywhere.
charset.add_charset("utf-8", charset.SHORTEST, charset.QP, "utf-8")


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    """For good: a 5xx to the recipient or to the content."""
    LATER = "later"
    """A 4xx, or a refusal that is not this mail's fault."""
    CUT = "cut"
    """The conversation broke off or took too long."""
    UNREACHABLE = "unreachable"
    """There is no session to be had."""


@dataclass(frozen=True)
class Outcome:
    """`unsure`: the mail may have been taken all the same."""

    verdict: Verdict
    words: str
    unsure: bool = False


def init_app(app: Flask, settings: Settings) -> None:
    """Flask-Mail's own configuration; it sends in tests too, to a server that tests start."""
    app.config.update(
        MAIL_SERVER=settings.mail_server,
        MAIL_PORT=settings.mail_port,
        MAIL_USERNAME=settings.mail_username,
        MAIL_PASSWORD=settings.mail_password,
        MAIL_USE_TLS=settings.mail_security == "starttls",
        MAIL_USE_SSL=settings.mail_security == "tls",
        MAIL_DEFAULT_SENDER=settings.mail_from,
        MAIL_SUPPRESS_SEND=False,
        MAIL_DEBUG=0,
    )
    flask_mail.Mail(app)


class _Message(flask_mail.Message):
    """Flask-Mail encodes and folds the headers; the standard library, asked to fold them a second time, would
    tear long encoded words apart (subjects with an umlaut beyond 78 characters).
    """

    def as_bytes(self) -> bytes:
        written: bytes = self._message().as_bytes(policy=SMTP.clone(refold_source="none"))
        return written


def message_of(mail: Mail) -> flask_mail.Message:
    """Multipart text and HTML with the row's own Message-ID. Raises `Sealed` when a secret can't be opened."""
    settings = _settings()
    html, text = bodies(mail)
    sender = Mailbox(mail.sender_address or settings.mail_from, mail.sender_name)
    message = _Message(
        subject=mail.subject,
        sender=str(sender),
        recipients=[str(Mailbox(mail.recipient, mail.recipient_name))],
        reply_to=mail.reply_to,
        body=text,
        html=html,
        date=mail.created_at.timestamp(),
        extra_headers=_extra_headers(mail),
    )
    message.msgId = mail.message_id
    for name, media_type, content in attachments_of(mail):
        message.attach(name, media_type, content)
    return message


def _extra_headers(mail: Mail) -> dict[str, str]:
    """No out-of-office answers, please (RFC 3834); the way out of news (RFC 2369)."""
    headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if mail.unsubscribe:
        headers["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
    return headers


class _Client(smtplib.SMTP):
    """Remembers of the mail in hand how far it came, and the answer to its content."""

    body_begun = False
    answer = ""

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.body_begun = True
        code, words = super().data(msg)
        self.answer = _spoken(code, words)
        return code, words


class _TlsClient(_Client, smtplib.SMTP_SSL):
    pass


class _Connection(flask_mail.Connection):
    """Flask-Mail's connection, with a time-out on every step and certificates checked."""

    def configure_host(self) -> _Client:
        client = self._client()
        try:
            if self.mail.use_tls:
                client.starttls(context=ssl.create_default_context())
            if self.mail.username and self.mail.password:
                client.login(self.mail.username, self.mail.password)
        except BaseException:
            client.close()
            raise
        return client

    def _client(self) -> _Client:
        settings = _settings()
        # Our own name is told, since smtplib would otherwise look it up in the DNS, without a time-out.
        name = urlsplit(settings.base_url).hostname or "localhost"
        seconds = settings.mail_timeout_seconds
        if self.mail.use_ssl:
            context = ssl.create_default_context()
            return _TlsClient(
                self.mail.server, self.mail.port, name, timeout=seconds, context=context
            )
        return _Client(self.mail.server, self.mail.port, name, timeout=seconds)


class PostOffice:
    """One session for many mails, opened when the first needs it, opened anew when the server ends it."""

    def __init__(self) -> None:
        self._connection: _Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._leave()

    def deliver(self, message: flask_mail.Message) -> Outcome:
        """Hand over one mail. Servers end long sessions: a stale one is replaced once, before any content."""
        is_fresh = self._connection is None
        outcome = self._deliver(message)
        if outcome.verdict is Verdict.CUT and not is_fresh and not outcome.unsure:
            outcome = self._deliver(message)
        return outcome

    def _deliver(self, message: flask_mail.Message) -> Outcome:
        try:
            connection = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            return Outcome(Verdict.UNREACHABLE, words_of(error))
        talk = cast(_Client, connection.host)
        talk.body_begun, talk.answer = False, ""
        try:
            connection.send(message)
        except smtplib.SMTPResponseException as error:
            return self._answered(error, talk)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            return _judged(code, words)
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            unsure = talk.body_begun
            self._drop()
            return Outcome(Verdict.CUT, words_of(error), unsure=unsure)
        return Outcome(Verdict.ACCEPTED, talk.answer)

    def _answered(self, error: smtplib.SMTPResponseException, talk: _Client) -> Outcome:
        """A refusal of the content is about this mail; one of the greeting or the sender is not."""
        if talk.sock is None:
            self._drop()
        if isinstance(error, smtplib.SMTPDataError):
            return _judged(error.smtp_code, error.smtp_error)
        if error.smtp_code == 421:  # "closing the session", said to MAIL FROM
            return Outcome(Verdict.CUT, words_of(error))
        return Outcome(Verdict.LATER, words_of(error))

    def _connected(self) -> _Connection:
        if self._connection is None:
            connection = _Connection(current_app.extensions["mail"])
            connection.__enter__()
            self._connection = connection
        return self._connection

    def _leave(self) -> None:
        """Say goodbye; a server that does not answer it changes nothing."""
        if self._connection is not None and self._connection.host is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._connection.host.quit()
        self._drop()

    def _drop(self) -> None:
        if self._connection is not None and self._connection.host is not None:
            self._connection.host.close()
        self._connection = None


def _judged(code: int, words: bytes | str) -> Outcome:
    """5xx is for good, everything else may pass (RFC 5321, 4.2.1)."""
    verdict = Verdict.REFUSED if 500 <= code <= 599 else Verdict.LATER
    return Outcome(verdict, _spoken(code, words))


def words_of(error: BaseException) -> str:
    """What the server said, or what happened, on one line."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _spoken(error.smtp_code, error.smtp_error)
    said = " ".join(str(error).split()) or type(error).__name__
    return said[:LONGEST_WORDS]


def _spoken(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    tidy = "".join(c if c.isprintable() else " " for c in text)
    return f"{code} {' '.join(tidy.split())}"[:LONGEST_WORDS]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
