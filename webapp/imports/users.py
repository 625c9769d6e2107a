"""Users from a file: name, user name, e-mail, roles, language, CSV form. First passwords go by mail at the end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from webapp.accounts.forms import DELIMITERS, THOUSANDS
from webapp.accounts.models import User
from webapp.audit import log as audit
from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.imports import user_cells
from webapp.imports.references import referring
from webapp.imports.subjects import Context, Fault, Field, MadeRow, Row, Subject
from webapp.mail.addresses import checked_address
from webapp.orgs.access import permissions_in
from webapp.orgs.authority import Rights
from webapp.orgs.events import OrgEvent
from webapp.orgs.models import Membership, Organisation
from webapp.orgs.permissions import Permission, Role
from webapp.orgs.services import many_people
from webapp.orgs.services.accounts import SHORTEST_USERNAME, Account

MADE_WITH: Final = frozenset(
    {"memberships", "organisations", "notifications", "notification_choices", "password_resets"}
)
"""Tables whose rows come with an account, or from others; all other references are its owner's doing."""


class Users(Subject):
    name = "users"
    label = _l("Users")
    permission = Permission.USERS_EDIT
    finish_batch = 500  # a mail each
    fields = (
        Field(
            "name",
            _l("Name"),
            required=True,
            example="Anna Rossi",
            longest=120,
            may_default=False,
            words="full name, person, nom, nom complet, vollständiger name, nome, nombre, nombre completo, "
            "imię i nazwisko, nazwisko, namn, fullständigt namn",
        ),
        Field(
            "email",
            _l("E-mail address"),
            required=True,
            example="anna.rossi@example.com",
            longest=254,
            parse=checked_address,
            same=str.casefold,
            may_default=False,
            words="e-mail, mail, email address, adresse e-mail, courriel, mél, e-mail-adresse, mailadresse, "
            "indirizzo e-mail, posta elettronica, correo, correo electrónico, adres e-mail, e-postadress, e-post",
        ),
        Field(
            "username",
            _l("User name"),
            description=_l("Empty: made of the address."),
            example="anna.rossi",
            longest=60,
            parse=user_cells.username,
            same=str.casefold,
            may_default=False,
            words="login, user, account, nom d'utilisateur, identifiant, benutzername, benutzer, nome utente, "
            "utente, nombre de usuario, usuario, nazwa użytkownika, użytkownik, användarnamn, användare",
        ),
        Field(
            "roles",
            _l("Roles"),
            required=True,
            description=_l("Names of roles; several are parted by a plus sign."),
            example="reader",
            parse=user_cells.roles,
            words="role, rights, rôle, rôles, droits, rolle, rollen, rechte, ruolo, ruoli, diritti, rol, roles, "
            "derechos, rola, role, uprawnienia, roll, roller, rättigheter",
        ),
        Field(
            "language",
            _l("Language"),
            description=_l("Empty: that of the organisation."),
            example="it",
            parse=user_cells.language,
            words="langue, sprache, lingua, idioma, język, språk",
        ),
        Field(
            "csv_delimiter",
            _l("CSV delimiter"),
            description=_l("comma, semicolon or tab"),
            example="semicolon",
            parse=user_cells.separator(DELIMITERS),
            words="delimiter, séparateur csv, csv-trennzeichen, separatore csv, separador csv, separator csv, "
            "csv-avgränsare",
        ),
        Field(
            "csv_thousands",
            _l("Thousands separator in CSV"),
            description=_l("none, space, point or comma"),
            example="none",
            parse=user_cells.separator(THOUSANDS),
            words="thousands, séparateur de milliers, tausendertrennzeichen, separatore delle migliaia, "
            "separador de miles, separator tysięcy, tusentalsavgränsare",
        ),
    )

    def check(self, rows: Sequence[Row], context: Context) -> Iterable[Fault]:
        emails = many_people.taken_emails([row.values["email"] for row in rows])
        names = [row.values["username"] for row in rows if row.values["username"]]
        usernames = many_people.taken_usernames(names)
        granted = _granted(context)
        for row in rows:
            yield from _faults(row, emails, usernames, granted)

    def make(self, rows: Sequence[Row], context: Context) -> Sequence[int]:
        here = _organisation(context)
        names = _usernames(rows)
        people = [
            (_account(row.values, names[row.line], here), row.values["email"], _rights(row))
            for row in rows
        ]
        return many_people.make_people(people, organisation_id=here.id, now=context.now)

    def finish(self, rows: Sequence[MadeRow], context: Context) -> None:
        """One entry in the log a batch, with its people."""
        here = _organisation(context)
        ids = [row.made_id for row in rows]
        people = many_people.mail_first_passwords(ids, here, now=context.now)
        audit.record(
            OrgEvent.USER_CREATED,
            organisation_id=here.id,
            kind="import",
            id=context.import_id,
            label=context.file_name,
            detail={"users": [user.public_id for user in people]},
        )

    def used(self, ids: Sequence[int], context: Context) -> Mapping[int, str]:
        found = {i: _why(table) for i, table in referring("users", ids, but=MADE_WITH).items()}
        for user_id in _elsewhere(ids, context):
            found[user_id] = _("belongs to another organisation as well, or to this one no more")
        changed = select(User.id).where(
            User.id.in_(ids),
            User.password_hash.is_not(None),
            User.must_change_password.is_(False) | User.deactivated_at.is_not(None),
        )
        for user_id in db.session.scalars(changed):
            found.setdefault(user_id, _("the account is in use or was deactivated"))
        return found

    def unmake(self, ids: Sequence[int], context: Context) -> None:
        many_people.forget_people(ids)

    def place(self) -> tuple[str, dict[str, Any]]:
        return "orgs.users", {}


def _faults(
    row: Row, emails: set[str], usernames: set[str], granted: frozenset[Permission]
) -> Iterator[Fault]:
    values = row.values
    if values["email"].lower() in emails:
        words = _("A person with this address has an account already; add them under Users.")
        yield Fault(row.line, words, "email")
    if (values["username"] or "").lower() in usernames:
        yield Fault(row.line, _("This user name is taken; choose another."), "username")
    beyond = [r.label for r in map(Role, values["roles"]) if not r.permissions <= granted]
    if beyond:
        words = _("You can't give rights that you don't have yourself: %(roles)s.")
        yield Fault(row.line, words % {"roles": ", ".join(beyond)}, "roles")
    delimiter, thousands = _csv_form(values)
    if delimiter == thousands:
        words = _("The thousands separator must differ from the column delimiter.")
        yield Fault(row.line, words, "csv_thousands")


def _csv_form(values: Mapping[str, Any]) -> tuple[str, str]:
    return values["csv_delimiter"] or ",", values["csv_thousands"] or ""


def _granted(context: Context) -> frozenset[Permission]:
    """What whoever asked may hand out here; a command hands out everything."""
    if context.user_id is None:
        return frozenset(Permission)
    here = _organisation(context)
    with unscoped("what may the person who asked hand out here"):
        memberships = db.session.scalars(
            select(Membership)
            .join(Membership.organisation)
            .where(Membership.user_id == context.user_id, Organisation.closed_at.is_(None))
        ).all()
        return permissions_in(here, memberships)


def _organisation(context: Context) -> Organisation:
    statement = select(Organisation).where(Organisation.id == context.organisation_id)
    return db.session.scalars(statement).one()


def _account(values: Mapping[str, Any], username: str, here: Organisation) -> Account:
    delimiter, thousands = _csv_form(values)
    return Account(
        values["name"], username, values["language"] or here.language, delimiter, thousands
    )


def _rights(row: Row) -> Rights:
    return Rights(tuple(Role(value) for value in row.values["roles"]))


def _usernames(rows: Sequence[Row]) -> dict[int, str]:
    """The names asked for; for the others the address's first part, with a number where it is taken."""
    chosen = {row.line: row.values["username"] for row in rows if row.values["username"]}
    bases = {row.line: _base(row.values["email"]) for row in rows if row.line not in chosen}
    taken = {name.lower() for name in chosen.values()} | _alike(set(bases.values()))
    for line, base in bases.items():
        name, number = base, 1
        while name.lower() in taken:
            number += 1
            name = f"{base}{number}"
        taken.add(name.lower())
        chosen[line] = name
    return chosen


def _base(email: str) -> str:
    kept = "".join(c for c in email.partition("@")[0] if c.isalnum() or c in "._-")
    base = kept.strip("._-")[:50]
    return base if len(base) >= SHORTEST_USERNAME else f"user{base}"


def _alike(bases: set[str]) -> set[str]:
    """Names in use that are one of these, with or without a number behind it."""
    bare = func.regexp_replace(func.lower(User.username), "[0-9]+$", "")
    wanted = {base.lower() for base in bases} | {re.sub("[0-9]+$", "", b.lower()) for b in bases}
    direct = select(func.lower(User.username)).where(func.lower(User.username).in_(wanted))
    found = set(db.session.scalars(direct))
    if not found:
        return found
    numbered = select(func.lower(User.username)).where(bare.in_(found))
    return found | set(db.session.scalars(numbered))


def _why(table: str) -> str:
    if table == "user_sessions":
        return str(_("has signed in since"))
    return str(_("is named elsewhere in the portal since"))


def _elsewhere(ids: Sequence[int], context: Context) -> set[int]:
    """Those whose memberships are not just their own space and this organisation."""
    with unscoped("where do imported people belong meanwhile"):
        rows = db.session.execute(
            select(Membership.user_id, func.count(), func.bool_or(_is_here(context)))
            .where(Membership.user_id.in_(ids))
            .group_by(Membership.user_id)
        )
        right = {user_id for user_id, number, here in rows if number == 2 and here}
        there = set(db.session.scalars(select(User.id).where(User.id.in_(ids))))
    return there - right


def _is_here(context: Context) -> Any:
    return Membership.organisation_id == context.organisation_id
