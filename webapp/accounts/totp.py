"""Time-based one-time codes (RFC 6238): HMAC-SHA1, six digits, 30 seconds, one step of drift either way."""

from __future__ import annotations

import hmac
import re
from datetime import datetime

import pyotp

from webapp.core.crypto import seal, unseal

STEP_SECONDS = 30
DIGITS = 6
DRIFT_STEPS = 1
SECRET_LETTERS = 32
"""Base32 letters of 5 bits: 160 bits, as RFC 4226, 4 (R6) recommends."""
ISSUER = "Outpost"


def new_secret() -> str:
    return pyotp.random_base32(SECRET_LETTERS)


def sealed(secret: str, user_id: int) -> bytes:
    """Bound to the person: in somebody else's row it does not open."""
    return seal(secret.encode(), context=_context(user_id))


def unsealed(value: bytes, user_id: int) -> str:
    return unseal(value, context=_context(user_id)).decode()


def _context(user_id: int) -> str:
    return f"users/{user_id}/totp"


def address(secret: str, *, account: str) -> str:
    """What the QR code says: an `otpauth:` address (Key Uri Format of the authenticator apps)."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def in_groups(secret: str) -> str:
    """For typing: four letters at a time."""
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))


def typed_code(text: str | None) -> str | None:
    """The six digits of what was typed, however grouped; None for anything else."""
    digits = re.sub(r"[\s.\-\u2013]", "", text or "")
    return digits if re.fullmatch(rf"[0-9]{{{DIGITS}}}", digits) else None


def matching_step(secret: str, code: str, *, now: datetime) -> int | None:
    """The step whose code this is, at most one away from now. All three are compared, whichever fits."""
    otp = pyotp.HOTP(secret, digits=DIGITS)
    here = int(now.timestamp()) // STEP_SECONDS
    steps = range(here - DRIFT_STEPS, here + DRIFT_STEPS + 1)
    fitting = [step for step in steps if hmac.compare_digest(otp.at(step), code)]
    return max(fitting, default=None)
