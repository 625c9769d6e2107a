"""People's own data: what they get, and what becomes of it when they are erased."""

from sqlalchemy import func

from webapp.accounts.models import (
    EmailChange,
    Identity,
    KnownBrowser,
    PasswordReset,
    RecoveryCode,
    SignUp,
    User,
    UserSession,
)
from webapp.core.personal import DELETE, Subject, personal

personal(
    UserSession,
    "address user_agent",
    gives="created_at last_seen_at ended_at address user_agent",
    of=lambda who: UserSession.user_id == who.id,
    erase=DELETE,
)
personal(
    KnownBrowser,
    "user_id",
    gives="created_at last_used_at",
    of=lambda who: KnownBrowser.user_id == who.id,
    erase=DELETE,
)
personal(
    EmailChange,
    "email",
    gives="email created_at used_at",
    of=lambda who: EmailChange.user_id == who.id,
    erase=DELETE,
)
personal(
    SignUp,
    "name email address",
    gives="name email language address created_at used_at",
    of=lambda who: func.lower(SignUp.email) == who.email.lower(),
    erase=DELETE,
)
personal(
    PasswordReset,
    "user_id",
    gives="created_at used_at",
    of=lambda who: PasswordReset.user_id == who.id,
    erase=DELETE,
)
personal(
    Identity,
    "provider subject",
    gives="provider subject created_at",
    of=lambda who: Identity.user_id == who.id,
    erase=DELETE,
)
personal(
    RecoveryCode,
    "user_id",
    gives="used_at",
    of=lambda who: RecoveryCode.user_id == who.id,
    erase=DELETE,
)


def _handle(who: Subject) -> str:
    return f"erased-{who.public_id}"


personal(
    User,
    "username email name sort_name language",
    gives="public_id username email name language csv_delimiter csv_thousands is_operator created_at "
    "password_changed_at totp_confirmed_at deactivated_at",
    of=lambda who: User.id == who.id,
    erase={
        "username": _handle,
        "email": lambda who: who.pseudonym_address,
        "name": lambda who: who.pseudonym,
        "sort_name": lambda who: who.pseudonym.lower(),
        "password_hash": None,
        "must_change_password": False,
        "password_expires_at": None,
        "totp_sealed": None,
        "totp_confirmed_at": None,
        "totp_last_step": None,
        "is_operator": False,
        "deactivated_at": func.coalesce(User.deactivated_at, func.now()),
        "erased_at": func.now(),
        "version": User.version + 1,
    },
)
