"""Mail addresses as people type them on a small screen."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email


def is_address(text: str) -> bool:
    """True for one plain address; whether somebody reads it is not asked."""
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True
