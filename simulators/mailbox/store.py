"""The mails that arrived: the newest in memory, and as files where a folder is given."""

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from simulators.mailbox.mails import Mail

KEEP_MAILS = 5_000
KEEP_OCTETS = 512 * 2**20
_FROM, _TO = b"Return-Path: ", b"Delivered-To: "


class Store:
    """Safe for several threads. Ids sort by arrival. With `folder`, a mail is a file before it is
    acknowledged, and the folder holds exactly what the memory holds."""

    def __init__(self, folder: Path | None = None, *, keep: int = KEEP_MAILS) -> None:
        self._keep, self._folder = keep, folder
        self._arrived = threading.Condition()
        self._mails: OrderedDict[str, Mail] = OrderedDict()
        self._octets = 0
        self._last = 0
        self.received = 0
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            self._load(folder)

    def __len__(self) -> int:
        return len(self._mails)

    @property
    def newest(self) -> str:
        """The id of the mail that came last, whether or not it is still there; "" before the first."""
        return f"{self._last:017d}" if self._last else ""

    def add(self, sender: str, recipients: Sequence[str], source: bytes) -> Mail:
        with self._arrived:
            mail = Mail(self._next_id(), datetime.now(UTC), sender, tuple(recipients), source)
            if self._folder:
                _write(self._folder, mail)
            self._put(mail)
            self.received += 1
            self._arrived.notify_all()
        return mail

    def get(self, mail_id: str) -> Mail | None:
        return self._mails.get(mail_id)

    def find(
        self, *, to: str = "", subject: str = "", text: str = "", after: str = ""
    ) -> list[Mail]:
        """In order of arrival. `to` and `subject` are parts of them in any case, `text` is looked for
        in addresses, subject and text, `after` is the id of the last mail that is known."""
        with self._arrived:
            mails = list(self._mails.values())
        return [
            mail
            for mail in mails
            if mail.id > after
            and _holds(to, " ".join(mail.recipients))
            and (not subject or _holds(subject, mail.subject))
            and (not text or _holds(text, _everything(mail)))
        ]

    def wait(
        self, *, to: str = "", subject: str = "", text: str = "", after: str = "", seconds: float
    ) -> list[Mail]:
        """As `find()`, but waits for the first that fits; empty when the time is over."""
        until = time.monotonic() + seconds
        while True:
            seen = self.received
            found = self.find(to=to, subject=subject, text=text, after=after)
            if found or time.monotonic() >= until:
                return found
            with self._arrived:
                if self.received == seen:
                    self._arrived.wait(until - time.monotonic())

    def clear(self) -> int:
        """Removes all, says how many."""
        with self._arrived:
            gone = list(self._mails)
            for mail_id in gone:
                self._drop(mail_id)
        return len(gone)

    def _put(self, mail: Mail) -> None:
        self._mails[mail.id] = mail
        self._octets += len(mail.source)
        while len(self._mails) > self._keep or (
            self._octets > KEEP_OCTETS and len(self._mails) > 1
        ):
            self._drop(next(iter(self._mails)))

    def _drop(self, mail_id: str) -> None:
        self._octets -= len(self._mails.pop(mail_id).source)
        if self._folder:
            (self._folder / f"{mail_id}.eml").unlink(missing_ok=True)

    def _next_id(self) -> str:
        """Microseconds since 1970, never twice and never backwards, of constant length."""
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return f"{self._last:017d}"

    def _load(self, folder: Path) -> None:
        """What an earlier run kept. Files that are not ours are left alone."""
        for file in sorted(folder.glob("*.eml")):
            if len(file.stem) == 17 and file.stem.isdigit():
                with contextlib.suppress(OSError):
                    self._put(_read(file))
        self._last = int(next(reversed(self._mails), "0"))


def _write(folder: Path, mail: Mail) -> None:
    """The envelope stands above the mail as a delivering server writes it."""
    head = _FROM + _header(f"<{mail.sender}>")
    head += b"".join(_TO + _header(address) for address in mail.recipients)
    scratch = folder / f"{mail.id}.new"
    scratch.write_bytes(head + mail.source)
    scratch.rename(folder / f"{mail.id}.eml")


def _header(text: str) -> bytes:
    return text.replace("\r", "").replace("\n", "").encode("utf-8", "surrogateescape") + b"\r\n"


def _read(file: Path) -> Mail:
    rest, sender, recipients = file.read_bytes(), "", []
    if rest.startswith(_FROM):
        line, _, rest = rest.partition(b"\r\n")
        sender = line[len(_FROM) :].decode("utf-8", "surrogateescape").strip("<>")
        while rest.startswith(_TO):
            line, _, rest = rest.partition(b"\r\n")
            recipients.append(line[len(_TO) :].decode("utf-8", "surrogateescape"))
    received = datetime.fromtimestamp(int(file.stem) / 1_000_000, UTC)
    return Mail(file.stem, received, sender, tuple(recipients), rest)


def _holds(part: str, whole: str) -> bool:
    return part.lower() in whole.lower()


def _everything(mail: Mail) -> str:
    return " ".join((mail.sender, *mail.recipients, mail.subject, mail.text or mail.html or ""))
