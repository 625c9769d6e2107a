"""The second step of signing in (P-6): a code from the phone, or one of ten recovery codes.

Both count once. The step last accepted is stored and only ever grows; a recovery code is marked as used. Each is
one compare-and-set statement, so that of two requests with the same code one wins.
"""

from __future__ import annotations

import re
from datetime import datetime

import structlog
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from webapp.accounts import totp
from webapp.accounts.models import RecoveryCode, User
from webapp.core.crypto import Sealed, code_digest
from webapp.core.db import UNAMBIGUOUS, db, random_code

log = structlog.get_logger(__name__)

RECOVERY_CODES = 10
RECOVERY_LETTERS = 10
"""45 bits a code: with the throttle beyond guessing, and short enough to be typed from paper."""


def use_code(
    user: User, typed: str | None, *, now: datetime, session: Session | None = None
) -> bool:
    """Whether this is the person's code of now and nobody used it before; it is used by asking.

    `session` is one of `aside()` where the use must stand whatever becomes of the request. A secret that no
    configured key opens fits nothing; recovery codes still do.
    """
    code = totp.typed_code(typed)
    if code is None or user.totp_sealed is None:
        return False
    try:
        secret = totp.unsealed(user.totp_sealed, user.id)
    except Sealed:
        log.error("totp_secret_lost", user_id=user.id)
        return False
    step = totp.matching_step(secret, code, now=now)
    return step is not None and _advance(user, step, session or db.session())


def _advance(user: User, step: int, session: Session) -> bool:
    """Past the row's version: signing in must not refuse somebody who edits the person meanwhile."""
    statement = (
        update(User)
        .where(
            User.id == user.id,
            User.totp_sealed == user.totp_sealed,
            or_(User.totp_last_step.is_(None), User.totp_last_step < step),
        )
        .values(totp_last_step=step)
        .returning(User.id)
    )
    won = session.scalar(statement, execution_options={"synchronize_session": False})
    if won is not None:
        set_committed_value(user, "totp_last_step", step)
    return won is not None


def make_recovery_codes(user: User) -> list[str]:
    """Ten new ones in place of the old, in the form in which people see them; only digests are kept."""
    codes = [random_code(RECOVERY_LETTERS) for _ in range(RECOVERY_CODES)]
    forget_recovery_codes(user)
    db.session.add_all(
        RecoveryCode(user_id=user.id, code_digest=_digest(user, code)) for code in codes
    )
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def forget_recovery_codes(user: User) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


def use_recovery_code(user: User, typed: str | None, *, now: datetime) -> bool:
    """Whether this is one of the person's unused codes; it is used by asking."""
    code = _typed_recovery_code(typed)
    if code is None:
        return False
    statement = (
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_digest == _digest(user, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    won = db.session.scalar(statement, execution_options={"synchronize_session": False})
    return won is not None


def recovery_codes_left(user: User) -> int:
    left = select(func.count()).where(
        RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None)
    )
    return db.session.scalar(left) or 0


def _typed_recovery_code(text: str | None) -> str | None:
    """Whatever the case and grouping; None for what can't be one."""
    letters = re.sub(r"[\s\-\u2013]", "", text or "").upper()
    return letters if re.fullmatch(rf"[{UNAMBIGUOUS}]{{{RECOVERY_LETTERS}}}", letters) else None


def _digest(user: User, code: str) -> bytes:
    return code_digest(code, purpose=f"recovery code of user {user.id}")
