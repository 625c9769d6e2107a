"""Who is told of a condition, and in which words."""

from __future__ import annotations

from datetime import datetime

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.accounts.models import User
from webapp.alarms.kinds import kind_of
from webapp.alarms.models import Condition, Severity, Told
from webapp.alarms.rules import Rule, people_of, usual_people
from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.core.web import path_of
from webapp.mail import outbox
from webapp.notices.kinds import Kind, register
from webapp.notices.services import notify
from webapp.orgs.models import Organisation

ALARM = register(Kind("alarm", _l("An alarm or a warning of a device opens or is over")))

SEVERITIES = {Severity.WARNING: _l("Warning"), Severity.ALARM: _l("Alarm")}


def subject_of(condition: Condition) -> str:
    """What it is about: the device's name, else what distinguishes it."""
    return condition.device.name if condition.device is not None else condition.subject


def title_of(condition: Condition, told: Told = Told.FIRST) -> str:
    """One line: "Alarm: Printer fault, Colour 2nd floor"."""
    label = str(kind_of(condition.kind).label)
    about = subject_of(condition)
    what = f"{label}, {about}" if about else label
    severity = str(SEVERITIES[Severity(condition.severity)])
    if told == Told.OVER:
        return str(_("Over: %(what)s", what=what))
    if told == Told.SECOND:
        return str(_("Still open: %(severity)s: %(what)s", severity=severity, what=what))
    return str(_("%(severity)s: %(what)s", severity=severity, what=what))


def words_of(condition: Condition) -> str:
    return kind_of(condition.kind).words(condition.detail)


def tell_people(condition: Condition, told: Told, rule: Rule, *, now: datetime) -> bool:
    """The rule's people by the bell, its addresses by mail; where it names nobody, those who may acknowledge."""
    with unscoped("people of the condition's organisation"):
        organisation = condition.organisation
        people = _people(condition, told, rule, organisation)
        if people:
            notify(
                people,
                ALARM,
                organisation=organisation,
                url=_path(condition, organisation),
                words=lambda: (title_of(condition, told), words_of(condition)),
                now=now,
            )
        for address in addresses_for(condition, told, rule):
            _mail(condition, told, address, organisation)
    return True


def _people(condition: Condition, told: Told, rule: Rule, organisation: Organisation) -> list[User]:
    """At opening the first, when nobody took it on the second, at the end all who were told."""
    second = people_of(rule.second, organisation) if rule.second.names_people else []
    if told == Told.SECOND:
        return second
    first = (
        people_of(rule.first, organisation)
        if rule.first.names_people
        else usual_people(organisation)
    )
    return first if told == Told.FIRST or condition.told != Told.SECOND else [*first, *second]


def addresses_for(condition: Condition, told: Told, rule: Rule) -> list[str]:
    """The same of mail addresses."""
    first, second = list(rule.first.emails), list(rule.second.emails)
    if told == Told.FIRST:
        return first
    if told == Told.SECOND:
        return second
    return [*first, *(a for a in second if condition.told == Told.SECOND and a not in first)]


def _mail(condition: Condition, told: Told, address: str, organisation: Organisation) -> None:
    base: str = current_app.extensions["settings"].base_url
    with force_locale(organisation.language):
        title, words = title_of(condition, told), words_of(condition)
    outbox.send(
        "notification",
        to=address,
        language=organisation.language,
        organisation_id=organisation.id,
        values={
            "NAME": organisation.name,
            "ORGANISATION": organisation.name,
            "TITLE": title,
            "MESSAGE": words or title,
            "LINK": base + _path(condition, organisation),
        },
        about=("alarm", condition.public_id),
    )
    db.session.flush()


def _path(condition: Condition, organisation: Organisation) -> str:
    return path_of("alarms.alarm", org=organisation.public_id, public_id=condition.public_id)
