"""One mail that arrived."""

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import Header, decode_header, make_header
from email.message import Message
from functools import cached_property
from typing import Any

_CID = re.compile(r"""(["'(])cid:([^"')\s]+)""", re.IGNORECASE)
_MAX_INLINE_OCTETS = 2_000_000
_MAX_HEAD_OCTETS = 200_000


@dataclass(frozen=True)
class Attachment:
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, eq=False)
class Mail:
    """`sender` and `recipients` are those of the envelope, `source` is the mail as it came.

    It is parsed when somebody looks at it; whatever a mail holds, looking raises nothing.
    """

    id: str
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    source: bytes

    @cached_property
    def message(self) -> Message:
        """Parsed by the older of Python's two ways: ten times as fast, and forgiving."""
        return message_from_bytes(self.source)

    @cached_property
    def subject(self) -> str:
        """Read without the rest, which may be long."""
        head = re.split(rb"\r?\n\r?\n", self.source[:_MAX_HEAD_OCTETS], maxsplit=1)[0]
        return _text(message_from_bytes(head + b"\r\n\r\n")["Subject"])

    @cached_property
    def text(self) -> str | None:
        return _content(self._body("text/plain"))

    @cached_property
    def html(self) -> str | None:
        return _content(self._body("text/html"))

    @cached_property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, _text(value)) for name, value in self.message.items()]

    @cached_property
    def attachments(self) -> list[Attachment]:
        bodies = (self._body("text/plain"), self._body("text/html"))
        parts = (part for part in self.message.walk() if not part.is_multipart())
        return [
            Attachment(_name(part), part.get_content_type(), _octets(part))
            for part in parts
            if not any(part is body for body in bodies)
        ]

    def header(self, name: str) -> str:
        return _text(self.message[name])

    def html_with_images(self) -> str:
        """The HTML with `cid:` pictures put in, so that it needs nothing from outside."""
        images = self._inline_images()
        return _CID.sub(
            lambda found: found[1] + images.get(found[2], f"cid:{found[2]}"), self.html or ""
        )

    def summary(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "received_at": stamp(self.received_at),
            "from": self.sender,
            "to": list(self.recipients),
            "subject": self.subject,
            "size": len(self.source),
        }

    def detail(self) -> dict[str, Any]:
        return self.summary() | {
            "headers": self.headers,
            "text": self.text,
            "html": self.html,
            "attachments": [
                {"name": part.name, "content_type": part.content_type, "size": len(part.content)}
                for part in self.attachments
            ],
            "source": self.source.decode("utf-8", "replace"),
        }

    def _body(self, kind: str) -> Message | None:
        """The first part of that kind that is no attachment."""
        for part in self.message.walk():
            if part.get_content_type() == kind and part.get_content_disposition() != "attachment":
                return part
        return None

    def _inline_images(self) -> dict[str, str]:
        images = {}
        for part in self.message.walk():
            cid, kind = str(part.get("Content-ID", "")).strip("<> "), part.get_content_type()
            content = _octets(part)
            if cid and kind.startswith("image/") and len(content) <= _MAX_INLINE_OCTETS:
                images[cid] = f"data:{kind};base64,{base64.b64encode(content).decode()}"
        return images


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: str | Header | None) -> str:
    """A header's value with its encoded words decoded; one that can't be decoded, as it stands."""
    raw = " ".join(str(value or "").split())
    try:
        return str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, ValueError):
        return raw


def _content(part: Message | None) -> str | None:
    if part is None:
        return None
    charset = part.get_content_charset("utf-8")
    try:
        return _octets(part).decode(charset, "replace").replace("\r\n", "\n")
    except (LookupError, ValueError):
        return _octets(part).decode("utf-8", "replace").replace("\r\n", "\n")


def _octets(part: Message) -> bytes:
    """The content with its transfer coding taken off; what can't be taken off comes as it stands."""
    try:
        content = part.get_payload(decode=True)
    except (LookupError, ValueError, AssertionError):
        content = None
    return content if isinstance(content, bytes) else b""


def _name(part: Message) -> str:
    fallback = part.get_content_type().replace("/", ".")
    try:
        return _text(part.get_filename()) or fallback
    except (LookupError, ValueError, TypeError):
        return fallback
