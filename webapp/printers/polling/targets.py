"""From a profile to what the reader is told. Secrets are open here and nowhere else."""

from __future__ import annotations

from webapp.core.crypto import seal, unseal
from webapp.printers.polling.models import SnmpProfile
from webapp.printers.snmp.sessions import Target
from webapp.printers.snmp.users import V3User

SECRETS = ("community", "auth", "privacy")
V3 = "3"


def target_of(profile: SnmpProfile, host: str, *, version: str = "") -> Target:
    """`version` is the one it was found to speak, where the profile leaves the choice."""
    return Target(
        host=host,
        port=profile.port,
        community=secret_of(profile, "community") or "public",
        version=profile.snmp_version or version,
        timeout_seconds=profile.time_out_ms / 1000,
        retries=profile.retries,
        user=_user(profile) if profile.snmp_version == V3 else None,
    )


def keep_secret(profile: SnmpProfile, name: str, text: str) -> None:
    """Needs the public id, to which the sealed value is bound."""
    sealed = seal(text.encode(), context=_context(profile, name)) if text else None
    setattr(profile, f"{name}_sealed", sealed)


def secret_of(profile: SnmpProfile, name: str) -> str:
    sealed: bytes | None = getattr(profile, f"{name}_sealed")
    return unseal(sealed, context=_context(profile, name)).decode() if sealed else ""


def _user(profile: SnmpProfile) -> V3User:
    return V3User(
        name=profile.user_name,
        auth=profile.auth_protocol,
        auth_phrase=secret_of(profile, "auth"),
        privacy=profile.privacy_protocol,
        privacy_phrase=secret_of(profile, "privacy"),
        extension=profile.key_extension,
    )


def _context(profile: SnmpProfile, name: str) -> str:
    return f"snmp_profiles:{profile.public_id}:{name}"
