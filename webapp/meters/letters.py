"""Who is told of batches: mails in each person's language, notifications, webhooks, never a key (K-13, K-14)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.tenancy import scope
from webapp.core.web import address_of, path_of
from webapp.mail import outbox
from webapp.mail.compose import Value
from webapp.mail.types import MailType, Placeholder, register
from webapp.meters.models import Batch, OwnershipRequest, RequestState
from webapp.meters.webhook_kinds import tell_of_batch
from webapp.notices import kinds
from webapp.notices.services import Words, choices_of, notify
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission
from webapp.orgs.queries import holders

_LINK = "https://outpost.example/o/ORG-7Q4/meters"
_REFERENCE = Placeholder("REFERENCE", _l("Reference of the batch"), "ACME-2026-0007")
_DEVICES = Placeholder("DEVICES", _l("How many meters the batch holds"), 480)

NEW_BATCH = register(
    MailType(
        "new_batch",
        _l("New batch of meters"),
        (
            Placeholder("ISSUER", _l("Organisation that sends the batch"), "Acme S.p.A."),
            _REFERENCE,
            _DEVICES,
            Placeholder("LINK", _l("Page on which to take the batch over"), f"{_LINK}/ownership"),
        ),
        trade="meters",
    )
)
OWNERSHIP_REQUEST = register(
    MailType(
        "ownership_request",
        _l("Ownership of a batch asked for"),
        (
            Placeholder("RECEIVER", _l("Organisation that asks"), "Globex AG"),
            Placeholder("PERSON", _l("Who asks"), "Marco Bianchi"),
            _REFERENCE,
            _DEVICES,
            Placeholder("LINK", _l("Page on which to decide"), f"{_LINK}/batches/k7"),
        ),
        trade="meters",
    )
)
OWNERSHIP_DECIDED = register(
    MailType(
        "ownership_decided",
        _l("Ownership of a batch decided"),
        (
            Placeholder("ISSUER", _l("Organisation that decided"), "Acme S.p.A."),
            Placeholder("DECISION", _l("Confirmed or refused"), "confirmed"),
            Placeholder("REASON", _l("Why it was refused"), "Wrong meters: these stay with us."),
            _REFERENCE,
            _DEVICES,
            Placeholder("LINK", _l("Page of the batch"), f"{_LINK}/batches/k7"),
        ),
        trade="meters",
    )
)

BATCH_CAME = kinds.register(
    kinds.Kind("meter_batch", _l("A batch of meters waits for us"), by_mail=True)
)
REQUEST_CAME = kinds.register(
    kinds.Kind("meter_request", _l("Somebody asks to take a batch over"), by_mail=True)
)
DECIDED = kinds.register(
    kinds.Kind("meter_decision", _l("My request for a batch is decided"), by_mail=True)
)


def who_may(permission: Permission, organisation: Organisation) -> list[User]:
    """The organisation's own people with this permission; only if it has none, those above it."""
    able = [h for h in holders(organisation) if permission in h.permissions]
    own = [h for h in able if not h.is_inherited]
    return list({h.membership.user.id: h.membership.user for h in own or able}.values())


def tell_of_new(
    batch: Batch, issuer: Organisation, receiver: Organisation, *, now: datetime
) -> None:
    """The receiver's key managers, and its programs."""

    def words() -> tuple[str, str]:
        title = _("Batch %(reference)s waits for you", reference=batch.reference)
        return title, issuer.name

    _tell(
        who_may(Permission.OWNERSHIP_TAKE, receiver),
        (NEW_BATCH, BATCH_CAME),
        receiver,
        batch,
        page="meters.ownership_review",
        words=words,
        values=lambda: {"ISSUER": issuer.name},
        now=now,
    )
    tell_of_batch(batch, issuer, now=now)


def tell_of_request(batch: Batch, asked: OwnershipRequest, *, now: datetime) -> None:
    """Those at the issuer who may decide."""
    issuer, receiver = (
        _organisation(batch.from_organisation_id),
        _organisation(batch.to_organisation_id),
    )

    def words() -> tuple[str, str]:
        values = {"receiver": receiver.name, "reference": batch.reference}
        return _("%(receiver)s asks for batch %(reference)s", **values), asked.asked_by

    _tell(
        who_may(Permission.BATCHES_EDIT, issuer),
        (OWNERSHIP_REQUEST, REQUEST_CAME),
        issuer,
        batch,
        page="meters.batch",
        words=words,
        values=lambda: {"RECEIVER": receiver.name, "PERSON": asked.asked_by},
        now=now,
    )


def tell_of_decision(batch: Batch, request: OwnershipRequest, *, now: datetime) -> None:
    """The one who asked; a request by a program has nobody to tell."""
    asker = db.session.scalar(select(User).where(User.id == request.asked_by_id))
    if asker is None:
        return
    issuer, receiver = (
        _organisation(batch.from_organisation_id),
        _organisation(batch.to_organisation_id),
    )
    confirmed = request.state == RequestState.CONFIRMED

    def words() -> tuple[str, str]:
        values = {"reference": batch.reference}
        if confirmed:
            return _("Batch %(reference)s is yours", **values), issuer.name
        return _("Your request for batch %(reference)s was refused", **values), request.reason or ""

    def values() -> dict[str, Value]:
        decision = _("confirmed") if confirmed else _("refused")
        return {"ISSUER": issuer.name, "DECISION": decision, "REASON": request.reason or "—"}

    _tell(
        [asker],
        (OWNERSHIP_DECIDED, DECIDED),
        receiver,
        batch,
        page="meters.batch",
        words=words,
        values=values,
        now=now,
    )


def _tell(
    people: Sequence[User],
    kind_of: tuple[MailType, kinds.Kind],
    organisation: Organisation,
    batch: Batch,
    *,
    page: str,
    words: Words,
    values: Callable[[], dict[str, Value]],
    now: datetime,
) -> None:
    """A notification for each, and the mail for those who did not unsubscribe from such mails."""
    mail_type, kind = kind_of
    at = {"org": organisation.public_id, "public_id": batch.public_id}
    db.session.flush()
    with scope(organisation.id):
        told = notify(
            people,
            kind,
            organisation=organisation,
            url=path_of(page, **at),
            words=words,
            now=now,
            mails=False,
        )
        for user in told:
            if user.email_confirmed and choices_of(user)[kind.name][1]:
                with force_locale(user.language):
                    said = {**values(), "LINK": address_of(page, **at)}
                _mail(mail_type, user, organisation, batch, said)
        db.session.flush()


def _mail(
    mail_type: MailType,
    user: User,
    organisation: Organisation,
    batch: Batch,
    values: dict[str, Value],
) -> None:
    outbox.send(
        mail_type.name,
        to=user.email,
        to_name=user.name,
        language=user.language,
        organisation_id=organisation.id,
        values={
            "NAME": user.name,
            "USERNAME": user.username,
            "ORGANISATION": organisation.name,
            "REFERENCE": batch.reference,
            "DEVICES": batch.devices,
            **values,
        },
        about=("batch", batch.public_id),
        unsubscribe=address_of("notices.choices"),
    )


def _organisation(organisation_id: int) -> Organisation:
    return db.session.scalars(select(Organisation).where(Organisation.id == organisation_id)).one()
