"""A person's account and its personal organisation, as rows. Whether one may is asked by the callers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from webapp.accounts.models import User
from webapp.accounts.names import free_address
from webapp.accounts.names import lock_names as lock_names
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.names import sort_name
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Membership, Organisation, OrganisationKind

SHORTEST_USERNAME = 3


@dataclass(frozen=True)
class Account:
    """What an administrator enters about a person. The address is set once, then changed by its owner."""

    name: str
    username: str
    language: str = "en"
    csv_delimiter: str = ","
    csv_thousands: str = ""


def find_by_email(email: str) -> User | None:
    """Whose confirmed address it is."""
    held = (func.lower(User.email) == email.lower(), User.email_confirmed)
    return db.session.scalar(select(User).where(*held))


def make_account(
    account: Account,
    email: str,
    *,
    password_hash: str | None,
    now: datetime,
    is_confirmed: bool = True,
) -> User:
    """The person's row and their personal organisation; what they may do comes after."""
    free_address(email)
    user = User(
        **asdict(account),
        sort_name=sort_name(account.name),
        email=email,
        email_confirmed=is_confirmed,
        password_hash=password_hash,
        password_changed_at=now if password_hash else None,
        created_at=now,
    )
    db.session.add(user)
    db.session.flush()
    personal_organisation(user, now=now)
    return user


def personal_organisation(user: User, *, now: datetime) -> Organisation:
    """The hidden organisation of the person's own account, made when it is not there yet."""
    with unscoped("a person's own space"):
        found = _personal(user)
        if found is None:
            _make_personal(user, now)
            found = _personal(user)
    assert found is not None  # noqa: S101 - just made, or made by somebody at the same time
    return found


def _personal(user: User) -> Organisation | None:
    return db.session.scalar(select(Organisation).where(Organisation.personal_user_id == user.id))


def _make_personal(user: User, now: datetime) -> None:
    made = db.session.scalar(
        insert(Organisation)
        .values(
            kind=OrganisationKind.PERSONAL,
            name=user.name,
            sort_name=user.sort_name,
            language=user.language,
            personal_user_id=user.id,
            trades=[],
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["personal_user_id"])
        .returning(Organisation.id)
    )
    if made is None:
        return
    row = db.session.scalars(select(Organisation).where(Organisation.id == made)).one()
    row.path = f"/{made}/"
    db.session.add(Membership(user=user, organisation=row, organisation_id=made, created_at=now))
    db.session.flush()


def refuse_equal_separators(account: Account) -> None:
    if account.csv_delimiter == account.csv_thousands:
        raise Refusal(
            _("The thousands separator must differ from the column delimiter."),
            field="csv_thousands",
        )


def refuse_taken_username(username: str, *, but: int | None) -> None:
    if _holder_of(username) not in (None, but):
        raise Refusal(_("This user name is taken; choose another."), field="username")


def username_is_taken(username: str) -> bool:
    return _holder_of(username) is not None


def free_username(wanted: str) -> str:
    """The address's first part as a user name by the rule, with a number when it is taken."""
    base = "".join(c for c in wanted if c.isalnum() or c in "._-").strip("._-")[:50]
    base = base if len(base) >= SHORTEST_USERNAME else f"user{base}"
    number, candidate = 1, base
    while username_is_taken(candidate):
        number += 1
        candidate = f"{base}{number}"
    return candidate


def _holder_of(username: str) -> int | None:
    return db.session.scalar(select(User.id).where(func.lower(User.username) == username.lower()))
