"""The two mails of a request (B-4): to the person in the language of page 1, to the technicians in the button's.

And the answers that technicians write to the person (B-9).
"""

from __future__ import annotations

from html import escape

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from webapp.core.db import db
from webapp.mail.compose import Composed, Draft, Look, assemble
from webapp.mail.models import Mail
from webapp.mail.outbox import send_composed
from webapp.mail.placeholders import fill_html, fill_subject, names
from webapp.mail.types import name_composed
from webapp.printers.default_mails import default_mail
from webapp.printers.domains.services import is_verified
from webapp.printers.models import PanicButton, PanicMail, PanicRequest, Receiver
from webapp.printers.variables import DESCRIPTIONS, Values, values_of

name_composed("printer_request_end_user", _("Printer request: confirmation"))
name_composed("printer_request_technicians", _("Printer request: to the technicians"))
name_composed("printer_request_answer", _("Printer request: answer"))
name_composed("printer_request_test", _("Printer request: test mail"))


def send_request_mails(request: PanicRequest) -> None:
    """Write both mails into the outbox, in the transaction that makes the request."""
    button = request.button
    if request.email:
        _send(request, Receiver.END_USER, [request.email], language=request.language)
    _send(request, Receiver.TECHNICIANS, button.technician_emails, language=button.language)


def send_answer(request: PanicRequest, text: str) -> Mail:
    """What a technician wrote, as it is, under the subject of the person's own mail."""
    button = request.button
    subject, _html = template_of(button, Receiver.END_USER, request.language)
    values = values_of(request, language=request.language)
    return send_composed(
        subject=f"Re: {fill_subject(subject, values)} (#{request.number})",
        html=_as_html(text),
        to=request.email,
        language=request.language,
        organisation_id=request.organisation_id,
        from_name=sender_name(button),
        from_email=button.from_email,
        from_is_verified=_is_verified(button),
        reply_to=answers_go_to(button),
        type="printer_request_answer",
        about=("request", request.public_id),
    )


def answers_go_to(button: PanicButton) -> str | None:
    """The button's own address, else its first technician: somebody reads what the person replies."""
    return button.from_email or next(iter(button.technician_emails), None)


def mails_about(request: PanicRequest) -> list[Mail]:
    """Everything that was written because of a request, the oldest first."""
    return list(
        db.session.scalars(
            select(Mail)
            .where(Mail.cause_kind == "request", Mail.cause_id == request.public_id)
            .order_by(Mail.id)
        )
    )


def template_of(button: PanicButton, receiver: Receiver, language: str) -> tuple[str, str]:
    """Subject and HTML: the button's own template, else the default one."""
    own = own_mail(button, receiver, language)
    return (own.subject, own.html) if own is not None else default_mail(receiver, language)


def own_mail(button: PanicButton, receiver: Receiver, language: str) -> PanicMail | None:
    return db.session.scalar(
        select(PanicMail)
        .where(
            PanicMail.button_id == button.id,
            PanicMail.receiver == receiver,
            PanicMail.language == language,
        )
        .execution_options(populate_existing=True)
    )


def composed(
    button: PanicButton, receiver: Receiver, language: str, draft: Draft, values: Values
) -> Composed:
    """As it would arrive. A placeholder that isn't known stands as it is written."""
    unknown = {*names(draft.subject), *names(draft.html)} - set(DESCRIPTIONS)
    shown = {**values, **{name: f"[[[{name}]]]" for name in unknown}}
    answers_read = receiver is Receiver.TECHNICIANS or button.from_email is not None
    look = Look(language=language, brand=sender_name(button), answers_read=answers_read)
    return assemble(fill_subject(draft.subject, shown), fill_html(draft.html, shown), look)


def send_trial(
    button: PanicButton,
    receiver: Receiver,
    language: str,
    draft: Draft,
    *,
    values: Values,
    to: str,
) -> Mail:
    """The same to one address, from where the real one would come."""
    return send_composed(
        subject=fill_subject(draft.subject, values),
        html=fill_html(draft.html, values),
        to=to,
        language=language,
        organisation_id=button.organisation_id,
        from_name=sender_name(button),
        from_email=button.from_email,
        from_is_verified=_is_verified(button),
        reply_to=values["ENDUSEREMAIL"] if receiver is Receiver.TECHNICIANS else button.from_email,
        type="printer_request_test",
        about=("panic_button", button.public_id),
    )


def sender_name(button: PanicButton) -> str:
    return button.from_name or button.name


def _is_verified(button: PanicButton) -> bool:
    return button.from_email is not None and is_verified(button.from_email)


def _send(
    request: PanicRequest, receiver: Receiver, addresses: list[str], *, language: str
) -> None:
    button = request.button
    subject, html = template_of(button, receiver, language)
    values = values_of(request, language=language)
    verified = _is_verified(button)
    for address in addresses:
        send_composed(
            subject=fill_subject(subject, values),
            html=fill_html(html, values),
            to=address,
            language=language,
            organisation_id=request.organisation_id,
            from_name=sender_name(button),
            from_email=button.from_email,
            from_is_verified=verified,
            reply_to=_reply_to(request, receiver),
            type=f"printer_request_{receiver.value}",
            about=("request", request.public_id),
        )


def _reply_to(request: PanicRequest, receiver: Receiver) -> str | None:
    """Technicians answer the person; the person answers the button's address, where there is one."""
    if receiver is Receiver.TECHNICIANS and request.email:
        return request.email
    return request.button.from_email


def _as_html(text: str) -> str:
    """Paragraphs where lines are empty, breaks where they end."""
    paragraphs = text.replace("\r\n", "\n").strip().split("\n\n")
    return "".join(f"<p>{'<br>'.join(escape(p.strip()).splitlines())}</p>" for p in paragraphs)
