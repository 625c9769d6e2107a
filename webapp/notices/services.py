"""Telling people: a row for each in the transaction that causes it, and a mail to those who want one.

    notify(people, REQUEST_OPENED, organisation=organisation, url=path_of("printers.request", …),
           words=lambda: (_("Request #%(n)s", n=7), _("Paper jam")), now=now)

`words` is called once for each language among the people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from webapp.accounts.models import User
from webapp.core.db import db, new_public_id
from webapp.core.principal import Actor, acting
from webapp.core.tenancy import unscoped
from webapp.core.web import path_of
from webapp.mail import outbox
from webapp.notices.kinds import Kind, all_kinds
from webapp.notices.models import Notification, NotificationChoice
from webapp.orgs.models import Organisation

Words = Callable[[], tuple[str, str]]
"""Title and detail, one line each, in the language in force."""

MOST_UNREAD = 1000


def notify(
    people: Iterable[User],
    kind: Kind,
    *,
    organisation: Organisation,
    url: str,
    words: Words,
    now: datetime,
    mails: bool = True,
) -> list[User]:
    """Tell everybody but who caused it; those that were told. With `mails=False` nobody gets a mail."""
    told = _receivers(people)
    wants = _wants(kind, [user.id for user in told])
    texts = {language: _said(words, language) for language in {user.language for user in told}}
    rows = [
        _row(user, kind, organisation.id, url, texts[user.language], now)
        for user in told
        if wants[user.id][0]
    ]
    if rows:
        with unscoped("rows for people about the organisation that the caller names"):
            db.session.execute(insert(Notification), rows)
    for user in told:
        if mails and wants[user.id][1] and user.email_confirmed:
            _mail(user, organisation, url, texts[user.language])
    return told


def _receivers(people: Iterable[User]) -> list[User]:
    """Each once, nobody who has left, and not who did it."""
    by = acting()
    own = by.id if by.kind == Actor.USER else None
    return list({u.id: u for u in people if u.is_active and u.id != own}.values())


def _wants(kind: Kind, ids: Sequence[int]) -> dict[int, tuple[bool, bool]]:
    chosen = db.session.execute(
        select(
            NotificationChoice.user_id, NotificationChoice.shown, NotificationChoice.by_mail
        ).where(NotificationChoice.kind == kind.name, NotificationChoice.user_id.in_(ids))
    )
    differing = {row.user_id: (row.shown, row.by_mail) for row in chosen}
    return {i: differing.get(i, (kind.shown, kind.by_mail)) for i in ids}


def _said(words: Words, language: str) -> tuple[str, str]:
    with force_locale(language):
        title, detail = words()
        return str(title), str(detail)


def _row(
    user: User, kind: Kind, organisation_id: int, url: str, said: tuple[str, str], now: datetime
) -> dict[str, Any]:
    return {
        "public_id": new_public_id(),
        "organisation_id": organisation_id,
        "user_id": user.id,
        "kind": kind.name,
        "title": said[0],
        "detail": said[1],
        "url": url,
        "created_at": now,
    }


def _mail(user: User, organisation: Organisation, url: str, said: tuple[str, str]) -> None:
    base: str = current_app.extensions["settings"].base_url
    outbox.send(
        "notification",
        to=user.email,
        language=user.language,
        organisation_id=organisation.id,
        values={
            "NAME": user.name,
            "USERNAME": user.username,
            "ORGANISATION": organisation.name,
            "TITLE": said[0],
            "MESSAGE": said[1] or said[0],
            "LINK": base + url,
        },
        about=("user", user.public_id),
        unsubscribe=base + path_of("notices.choices"),
    )


# One's own ------------------------------------------------------------------------------------------------


def unread(user: User) -> int:
    """How many wait; counting stops where the bell shows no more."""
    some = select(Notification.id).where(
        Notification.user_id == user.id, Notification.read_at.is_(None)
    )
    with unscoped("one's own notifications, whatever organisation they are about"):
        counted = select(func.count()).select_from(some.limit(MOST_UNREAD).subquery())
        return db.session.scalar(counted) or 0


def find(user: User, public_id: str) -> Notification | None:
    with unscoped("one's own notification"):
        return db.session.scalar(
            select(Notification).where(
                Notification.user_id == user.id, Notification.public_id == public_id
            )
        )


def mark_read(row: Notification, *, now: datetime) -> None:
    row.read_at = row.read_at or now


def mark_all_read(user: User, *, now: datetime) -> int:
    """How many were unread."""
    with unscoped("one's own notifications"):
        done = db.session.execute(
            update(Notification)
            .where(Notification.user_id == user.id, Notification.read_at.is_(None))
            .values(read_at=now)
            .returning(Notification.id)
        )
        return len(done.all())


def choices_of(user: User) -> dict[str, tuple[bool, bool]]:
    """Kind → (in the list, also by mail), defaults included."""
    rows = db.session.scalars(
        select(NotificationChoice).where(NotificationChoice.user_id == user.id)
    )
    chosen = {row.kind: (row.shown, row.by_mail) for row in rows}
    return {k.name: chosen.get(k.name, (k.shown, k.by_mail)) for k in all_kinds()}


def choose(user: User, chosen: dict[str, tuple[bool, bool]]) -> None:
    """Keep what the person wants of each kind that is known."""
    rows = [
        {
            "user_id": user.id,
            "kind": k.name,
            "shown": chosen[k.name][0],
            "by_mail": chosen[k.name][1],
        }
        for k in all_kinds()
        if k.name in chosen
    ]
    if not rows:
        return
    statement = upsert(NotificationChoice).values(rows)
    changed = {name: statement.excluded[name] for name in ("shown", "by_mail")}
    db.session.execute(
        statement.on_conflict_do_update(index_elements=["user_id", "kind"], set_=changed)
    )


def forget(user_id: int, path: str) -> None:
    """Somebody left an organisation: what was told about it and those below is nobody's any more."""
    below = select(Organisation.id).where(Organisation.path.like(f"{path}%"))
    with unscoped("a person who left the organisation"):
        db.session.execute(
            delete(Notification).where(
                Notification.user_id == user_id, Notification.organisation_id.in_(below)
            )
        )
