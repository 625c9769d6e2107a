"""Names and addresses that go into a mail's head: checked, on one line, encoded."""

from __future__ import annotations

import re
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email
from flask import current_app
from flask_babel import gettext as _

from webapp.core.errors import Refusal

LONGEST_NAME = 60

_NOT_IN_A_NAME = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\u200b-\u200f\u202a-\u202e\ud800-\udfff]+"
)


@dataclass(frozen=True)
class Mailbox:
    """A checked address with a name that may be empty."""

    address: str
    name: str = ""

    def __str__(self) -> str:
        """Quoted and not yet encoded: Flask-Mail parses it and encodes the name itself (RFC 2047)."""
        if not self.name:
            return self.address
        quoted = self.name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{self.address}>'


def mailbox(address: str, name: str = "", *, field: str = "to") -> Mailbox:
    """Check an address (no look-up) and tidy a name; raises `Refusal` at `field`.

    A domain with letters beyond ASCII goes out in its ASCII form; such letters before the @ are refused, since
    few mail servers take them (RFC 6531).
    """
    return Mailbox(checked_address(address, field=field), one_line_name(name))


def checked_address(address: str, *, field: str = "to") -> str:
    """The address as it goes over the wire."""
    settings = current_app.extensions["settings"]
    try:
        found = validate_email(
            address,
            check_deliverability=False,
            allow_smtputf8=False,
            test_environment=not settings.is_production,
        )
    except EmailNotValidError as error:
        shown = _NOT_IN_A_NAME.sub(" ", address)[:80]
        words = _("“%(address)s” is not a mail address that can be written to.", address=shown)
        raise Refusal(words, field=field) from error
    return found.ascii_email or found.normalized


def one_line_name(name: str) -> str:
    """A display name without line breaks and control characters, at most 60 characters."""
    tidy = " ".join(_NOT_IN_A_NAME.sub(" ", name).split())
    return tidy if len(tidy) <= LONGEST_NAME else tidy[: LONGEST_NAME - 1] + "…"
