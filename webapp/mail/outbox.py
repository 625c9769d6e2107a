"""Mails are written here, in the transaction that causes them; the drain sends what was committed (P-24).

    send("password_reset", to=user.email, language=user.language, organisation_id=None,
         values={"NAME": user.name, "LINK": link, "MINUTES": 60})

Nothing leaves on a rollback, and nothing is lost after the commit. `Refusal` where an address can't be written to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import current_app

from webapp.core.clock import utcnow
from webapp.core.crypto import seal, token, unseal
from webapp.core.db import db
from webapp.core.drains import QueueName, wake
from webapp.core.jobs import JobState
from webapp.core.tenancy import unscoped
from webapp.mail import addresses, placeholders
from webapp.mail.choice import choose, chosen_language, owner_of
from webapp.mail.compose import Composed, Draft, Look, Value, assemble, compose
from webapp.mail.markup import sanitise
from webapp.mail.models import Mail
from webapp.mail.types import MailType, mail_type, samples_of, with_common
from webapp.mail.words import words_for
from webapp.orgs.models import Organisation
from webapp.settings import Settings

QUEUE: QueueName = "quick"
DRAIN = "mail"
PORTAL_NAME = "Outpost"
BLOT = "••••••"

About = tuple[str, str]
"""What caused a mail: kind and public id of a request, an order, an invitation."""


def send(
    name: str,
    *,
    to: str,
    language: str | None,
    organisation_id: int | None,
    values: Mapping[str, Value],
    to_name: str = "",
    secret: bool = False,
    about: About | None = None,
    unsubscribe: str | None = None,
) -> Mail:
    """Write a mail of a registered kind; without an organisation it is the portal's own.

    Placeholders that the kind calls secret are sealed; `secret=True` seals the bodies of a kind that has none.
    """
    kind = mail_type(name)
    _refuse_unknown(kind, values)
    recipient = addresses.mailbox(to, to_name or str(values.get("NAME") or ""), field="to")
    owner = owner_of(organisation_id)
    choice = choose(name, owner, language=language)
    way_out = _way_out(kind, unsubscribe)
    look = Look(language=choice.language, unsubscribe_url=unsubscribe if way_out else None)
    all_values = with_common(values, recipient=recipient.address, organisation=owner.name)
    composed = compose(choice.draft, all_values, look=look, time_zone=owner.time_zone)
    has_secret = secret or not kind.secrets.isdisjoint(values)
    return _write(
        composed,
        _blotted(choice.draft, kind, all_values, look, owner.time_zone) if has_secret else None,
        organisation_id=owner.id,
        type=name,
        template_id=choice.template_id,
        language=choice.language,
        recipient=recipient,
        sender=addresses.Mailbox("", PORTAL_NAME),
        unsubscribe=way_out,
        about=about,
    )


def send_composed(
    subject: str,
    html: str,
    *,
    to: str,
    organisation_id: int,
    from_name: str,
    type: str,  # noqa: A002 - the column's name
    language: str | None = None,
    from_email: str | None = None,
    from_is_verified: bool = False,
    reply_to: str | None = None,
    to_name: str = "",
    about: About | None = None,
) -> Mail:
    """Write a mail whose texts somebody else filled in (`placeholders.fill_…`), as the panic buttons do.

    `from_email` is the sender only where its domain is verified; else it becomes the address for answers (B-6).
    """
    owner = owner_of(organisation_id)
    answers = reply_to or (from_email if not from_is_verified else None)
    sender = addresses.one_line_name(from_name) or PORTAL_NAME
    address = ""
    if from_email and from_is_verified:
        address = addresses.checked_address(from_email, field="from_email")
    look = Look(
        language=chosen_language(language, owner),
        brand=sender,
        answers_read=bool(answers or address),
    )
    return _write(
        assemble(placeholders.one_line(subject), sanitise(html), look),
        None,
        organisation_id=owner.id,
        type=type,
        language=look.language,
        recipient=addresses.mailbox(to, to_name, field="to"),
        sender=addresses.Mailbox(address, sender),
        reply_to=addresses.checked_address(answers, field="reply_to") if answers else None,
        about=about,
    )


def send_trial(
    kind: MailType,
    draft: Draft,
    *,
    to: str,
    language: str,
    owner: Organisation,
    template_id: int | None,
    about: About,
) -> Mail:
    """Write a mail with sample data that says that it is a test."""
    recipient = addresses.mailbox(to, field="to")
    words = words_for(language)
    marked = Draft(
        f"[{words.trial}] {draft.subject}", f'<p class="fine">{words.trial_note}</p>{draft.html}'
    )
    values = samples_of(kind, recipient=recipient.address, organisation=owner.name)
    return _write(
        compose(marked, values, look=Look(language=language), time_zone=owner.time_zone),
        None,
        organisation_id=owner.id,
        type=kind.name,
        template_id=template_id,
        language=language,
        recipient=recipient,
        sender=addresses.Mailbox("", PORTAL_NAME),
        unsubscribe=None,
        about=about,
    )


def bodies(mail: Mail) -> tuple[str, str]:
    """HTML and text as they leave. Raises `Sealed` when the key is gone, ValueError when they were wiped."""
    if mail.bodies_sealed is not None:
        opened = json.loads(unseal(mail.bodies_sealed, context=_context(mail.message_id)))
        return opened["html"], opened["text"]
    if mail.html is None or mail.text is None or mail.has_secret:
        raise ValueError("the text of this mail was deleted")
    return mail.html, mail.text


def cancel(mail: Mail) -> bool:
    """Take a waiting mail back because its cause went; False when it is on its way or gone."""
    db.session.refresh(mail, ["state"], with_for_update=True)
    if mail.state != JobState.WAITING:
        return False
    mail.state = JobState.CANCELLED
    mail.bodies_sealed = None
    return True


def _write(
    composed: Composed,
    blotted: Composed | None,
    *,
    recipient: addresses.Mailbox,
    sender: addresses.Mailbox,
    about: About | None,
    **columns: Any,
) -> Mail:
    now, message_id = utcnow(), _new_message_id()
    shown = blotted or composed
    return insert(
        Mail(
            message_id=message_id,
            recipient=recipient.address,
            recipient_name=recipient.name,
            sender_name=sender.name,
            sender_address=sender.address or None,
            subject=shown.subject,
            html=shown.html,
            text=shown.text,
            has_secret=blotted is not None,
            bodies_sealed=_sealed(composed, message_id) if blotted else None,
            cause_kind=about[0] if about else None,
            cause_id=about[1] if about else None,
            created_at=now,
            first_due_at=now,
            due_at=now,
            **columns,
        )
    )


def insert(mail: Mail) -> Mail:
    """Add the row to the transaction and have the drain look once it is committed.

    What is pending is flushed first, under the caller's own scope: only the mail itself, which may belong to
    the operator or to another organisation than the one in scope, goes past it.
    """
    db.session.flush()
    with unscoped("a mail belongs to the organisation that its cause names"):
        db.session.add(mail)
        db.session.flush()
    wake(QUEUE, DRAIN)
    return mail


def copy_of(mail: Mail) -> Mail:
    """The same mail once more, with a number of its own; not yet added."""
    now = utcnow()
    return Mail(
        message_id=_new_message_id(),
        created_at=now,
        first_due_at=now,
        due_at=now,
        resent_of_id=mail.id,
        **{name: getattr(mail, name) for name in _COPIED},
    )


_COPIED = (
    "organisation_id",
    "type",
    "template_id",
    "language",
    "recipient",
    "recipient_name",
    "sender_name",
    "sender_address",
    "reply_to",
    "subject",
    "html",
    "text",
    "unsubscribe",
    "cause_kind",
    "cause_id",
)


def _refuse_unknown(kind: MailType, values: Mapping[str, Value]) -> None:
    unknown = set(values) - kind.known
    if unknown:
        raise ValueError(f"mail type {kind.name} has no placeholder {', '.join(sorted(unknown))}")


def _blotted(
    draft: Draft, kind: MailType, values: Mapping[str, Value], look: Look, time_zone: str
) -> Composed:
    """What the outbox shows of a mail with a secret; of a kind that does not say where it stands, nothing."""
    if not kind.secrets:
        draft = Draft(draft.subject, f"<p>{BLOT}</p>")
    hidden = {
        name: _blot(str(value)) if name in kind.secrets and value else value
        for name, value in values.items()
    }
    return compose(draft, hidden, look=look, time_zone=time_zone)


def _blot(value: str) -> str:
    """A link keeps looking like one."""
    return f"{_settings().base_url}/{BLOT}" if value.startswith(("http:", "https:")) else BLOT


def _sealed(composed: Composed, message_id: str) -> bytes:
    plain = json.dumps({"html": composed.html, "text": composed.text}).encode()
    return seal(plain, context=_context(message_id))


def _context(message_id: str) -> str:
    """Bound to the row by its message id, which is known before the row has a number."""
    return f"mail_outbox:{message_id}:bodies_sealed"


def _new_message_id() -> str:
    return f"<{token(160)}@{_settings().mail_from.rpartition('@')[2]}>"


def _way_out(kind: MailType, address: str | None) -> str | None:
    """Of news alone: the page given, else a mail to the support. It stands in a header: no space, no bracket."""
    if not kind.is_news:
        return None
    if address is not None and re.search(r"[\s<>]", address):
        raise ValueError("the address to unsubscribe at is none")
    return address or (
        f"mailto:{_settings().support_email}?subject={quote(f'unsubscribe {kind.name}')}"
    )


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
