"""Templates filled with sample data: for the eye, and as a test mail."""

from __future__ import annotations

from webapp.audit.log import record
from webapp.core import throttle
from webapp.core.principal import acting
from webapp.mail import outbox, placeholders
from webapp.mail.addresses import checked_address
from webapp.mail.compose import Composed, Draft, Look, compose
from webapp.mail.events import MailEvent
from webapp.mail.models import Mail
from webapp.mail.types import MailType, samples_of
from webapp.mailing.templates.texts import Text
from webapp.orgs.access import current_organisation
from webapp.orgs.models import Organisation

TESTS_OF_ONE = throttle.Limit("test mails of a person", 10, 15 * 60)
TESTS_OF_ALL = throttle.Limit("test mails of an organisation", 50, 60 * 60)


def sample_mail(
    kind: MailType, draft: Draft, *, language: str, organisation: Organisation | None = None
) -> Composed:
    """As a recipient with this language would see it; a placeholder that isn't known stands as it is."""
    here = organisation or current_organisation()
    used = {*placeholders.names(draft.subject), *placeholders.names(draft.html)}
    unknown = {name: f"[[[{name}]]]" for name in used - kind.known}
    values = {**samples_of(kind, recipient=None, organisation=here.name), **unknown}
    return compose(draft, values, look=Look(language=language), time_zone=here.time_zone)


def send_test(text: Text, *, to: str, organisation: Organisation) -> Mail:
    """Write the test mail. Raises `Refusal` for an address, `TooMany` after ten in a quarter of an hour."""
    checked_address(to)
    throttle.take(TESTS_OF_ONE, acting().kind, acting().id)
    throttle.take(TESTS_OF_ALL, organisation.id)
    mail = outbox.send_trial(
        text.kind,
        text.draft,
        to=to,
        language=text.language,
        owner=organisation,
        template_id=text.row.id if text.row else None,
        about=("email_template", text.ref),
    )
    record(
        MailEvent.TEMPLATE_TESTED,
        organisation_id=organisation.id,
        kind="email_template",
        id=text.ref,
        label=text.name,
        detail={"to": mail.recipient},
    )
    return mail
