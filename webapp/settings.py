"""Environment → one frozen `Settings`. A bad value stops the start and names itself."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal, TypeVar, cast
from urllib.parse import urlsplit

Environment = Literal["production", "development", "test"]
T = TypeVar("T")

PUBLIC_NETWORKS = "public"
LANGUAGES = ("en", "fr", "de", "it", "es", "pl", "sv")


class SettingsError(Exception):
    """A setting is missing or nonsense; the message names the variable and the remedy."""


@dataclass(frozen=True)
class Settings:
    """Everything that differs between two installations of Outpost."""

    environment: Environment
    base_url: str
    database_url: str
    redis_url: str
    secret_key: str
    secret_key_fallbacks: tuple[str, ...]
    code_pepper: str
    data_dir: Path
    mail_server: str
    mail_port: int
    mail_username: str | None
    mail_password: str | None
    mail_security: Literal["none", "starttls", "tls"]
    mail_from: str
    mail_timeout_seconds: int
    support_email: str
    support_phone: str
    operator_name: str
    operator_address: str
    operator_vat: str
    operator_register: str
    operator_capital: str
    operator_certified_mail: str
    trusted_proxies: int
    web_threads: int
    list_timeout_ms: int
    flood_per_minute: int
    log_format: Literal["json", "console"]
    webhook_allow_private: bool
    webhook_allow_http: bool
    metrics_token: str | None
    status_probe_url: str | None
    backup_key: str | None
    backup_dir: Path
    backup_at: str
    backup_keep: int
    postgres_bin: Path | None
    dns_servers: tuple[tuple[str, int], ...] = ()
    snmp_networks: tuple[str, ...] = ()
    snmp_never: tuple[str, ...] = ()
    meter_master_keys: str | None = field(default=None, repr=False)

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def secure_cookies(self) -> bool:
        return self.base_url.startswith("https://")


class _Reader:
    """Reads variables and collects what is wrong, so that one start names every fault."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.faults: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        value = self.environ.get(name, "").strip() or self._from_file(name) or default
        if value is None:
            self.faults.append(f"{name} is not set")
            return ""
        return value

    def optional(self, name: str) -> str | None:
        return self.environ.get(name, "").strip() or self._from_file(name) or None

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in allowed:
            self.faults.append(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")
        return value

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name, str(default))
        if not value.isdecimal() or not low <= int(value) <= high:
            self.faults.append(f"{name} is {value!r}; it must be a whole number, {low} to {high}")
            return default
        return int(value)

    def yes(self, name: str, default: str = "no") -> bool:
        return self.choice(name, ("yes", "no"), default) == "yes"

    def url(self, name: str, schemes: tuple[str, ...], default: str | None = None) -> str:
        value = self.text(name, default)
        if value and urlsplit(value).scheme not in schemes:
            self.faults.append(f"{name} must begin with {' or '.join(f'{s}:' for s in schemes)}")
        return value

    def parsed(self, name: str, value: T, valid: Callable[[T], bool], rule: str) -> T:
        if not valid(value):
            self.faults.append(f"{name} {rule}")
        return value

    def _from_file(self, name: str) -> str | None:
        path = self.environ.get(f"{name}_FILE", "").strip()
        if not path:
            return None
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            self.faults.append(f"{name}_FILE names {path}, which can't be read ({error.strerror})")
            return None


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check every setting; raise `SettingsError` naming all faults at once."""
    reader = _Reader(os.environ if environ is None else environ)
    settings = _read(reader)
    reader.faults.extend(_production_faults(settings))
    if reader.faults:
        raise SettingsError("Outpost does not start: " + "; ".join(reader.faults) + ".")
    return settings


def _read(r: _Reader) -> Settings:
    environment = r.choice("OUTPOST_ENV", ("production", "development", "test"), "production")
    fallbacks = (r.optional("SECRET_KEY_FALLBACKS") or "").split()
    return Settings(
        environment=cast(Environment, environment),
        base_url=r.url("BASE_URL", ("http", "https")).rstrip("/"),
        database_url=r.url("DATABASE_URL", ("postgresql+psycopg", "postgresql")).replace(
            "postgresql://", "postgresql+psycopg://", 1
        ),
        redis_url=r.url("REDIS_URL", ("redis", "rediss", "unix")),
        secret_key=_secret(r, "SECRET_KEY"),
        secret_key_fallbacks=tuple(fallbacks),
        code_pepper=_secret(r, "CODE_PEPPER"),
        data_dir=Path(r.text("DATA_DIR", "instance")),
        mail_server=r.text("MAIL_SERVER", "127.0.0.1"),
        mail_port=r.number("MAIL_PORT", 25, 1, 65535),
        mail_username=r.optional("MAIL_USERNAME"),
        mail_password=r.optional("MAIL_PASSWORD"),
        mail_security=cast(
            Literal["none", "starttls", "tls"],
            r.choice("MAIL_SECURITY", ("none", "starttls", "tls"), "none"),
        ),
        mail_from=_address(r, "MAIL_FROM", "outpost@outpost.test"),
        mail_timeout_seconds=r.number("MAIL_TIMEOUT_SECONDS", 10, 1, 120),
        support_email=_address(r, "SUPPORT_EMAIL", "support@outpost.test"),
        support_phone=r.text("SUPPORT_PHONE", "+39 0444 000000"),
        operator_name=r.text("OPERATOR_NAME", "Outpost Demo Operator"),
        operator_address=r.text("OPERATOR_ADDRESS", "Via Esempio 1, 36100 Vicenza, Italy"),
        operator_vat=r.text("OPERATOR_VAT", "IT00000000000"),
        operator_register=r.text("OPERATOR_REGISTER", "REA VI-000000"),
        operator_capital=r.text("OPERATOR_CAPITAL", "EUR 10,000"),
        operator_certified_mail=r.text("OPERATOR_CERTIFIED_MAIL", "outpost@pec.outpost.test"),
        trusted_proxies=r.number("TRUSTED_PROXIES", 0, 0, 5),
        web_threads=r.number("WEB_THREADS", 8, 1, 64),
        flood_per_minute=r.number("FLOOD_PER_MINUTE", 3000, 0, 1_000_000),
        list_timeout_ms=r.number("LIST_TIMEOUT_MS", 3000, 100, 60000),
        log_format=cast(
            Literal["json", "console"],
            r.choice(
                "LOG_FORMAT",
                ("json", "console"),
                "json" if environment == "production" else "console",
            ),
        ),
        webhook_allow_private=r.yes("WEBHOOK_ALLOW_PRIVATE"),
        webhook_allow_http=r.yes("WEBHOOK_ALLOW_HTTP"),
        metrics_token=_secret(r, "METRICS_TOKEN") if r.optional("METRICS_TOKEN") else None,
        status_probe_url=r.url("STATUS_PROBE_URL", ("http", "https"), "").rstrip("/") or None,
        backup_key=_secret(r, "BACKUP_KEY") if r.optional("BACKUP_KEY") else None,
        backup_dir=Path(r.optional("BACKUP_DIR") or f"{r.text('DATA_DIR', 'instance')}/backups"),
        backup_at=_time_of_day(r, "BACKUP_AT", "02:30"),
        backup_keep=r.number("BACKUP_KEEP", 14, 1, 1000),
        postgres_bin=Path(folder) if (folder := r.optional("POSTGRES_BIN")) else None,
        snmp_networks=_networks(r, "SNMP_NETWORKS"),
        snmp_never=tuple(filter(None, map(str.strip, r.text("SNMP_NEVER", "").split(",")))),
        dns_servers=_dns_servers(r),
        meter_master_keys=_master_keys(r),
    )


def _networks(r: _Reader, name: str) -> tuple[str, ...]:
    """Networks, parted by commas or blanks; the word `public` for the internet."""
    words = r.text(name, "").replace(",", " ").split()
    for word in words:
        r.parsed(name, word, _is_network, f"holds {word!r}, which is no network like 10.1.0.0/16")
    return tuple(words)


def _is_network(word: str) -> bool:
    try:
        return word == PUBLIC_NETWORKS or bool(ip_network(word))
    except ValueError:
        return False


def _secret(r: _Reader, name: str) -> str:
    return r.parsed(
        name,
        r.text(name),
        lambda value: not value or (len(value) >= 32 and len(set(value)) >= 10),
        "is too weak; it needs at least 32 characters of random text",
    )


def _master_keys(r: _Reader) -> str | None:
    """A file that can't be read stops nothing: the portal runs sealed, and says so (K-21)."""
    faults = len(r.faults)
    found = r.optional("METER_MASTER_KEYS")
    unreadable, r.faults[faults:] = r.faults[faults:], []
    return f"# {unreadable[0]}" if unreadable else found


def _time_of_day(r: _Reader, name: str, default: str) -> str:
    return r.parsed(
        name,
        r.text(name, default),
        lambda value: value == "off" or bool(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value)),
        "must be a time of day in UTC such as 02:30, or off",
    )


def _address(r: _Reader, name: str, default: str) -> str:
    return r.parsed(
        name,
        r.text(name, default),
        lambda value: value.count("@") == 1 and not any(c in value for c in " \r\n<>"),
        "must be one plain mail address",
    )


def _dns_servers(r: _Reader) -> tuple[tuple[str, int], ...]:
    """`192.0.2.53 192.0.2.54:5353`; empty: those of the system."""
    found = []
    for each in r.text("DNS_SERVERS", "").split():
        host, _, port = each.partition(":") if each.count(":") == 1 else (each, "", "")
        try:
            found.append((str(ip_address(host)), int(port or 53)))
        except ValueError:
            r.faults.append(f"DNS_SERVERS holds {each!r}; write addresses, each with :port or not")
    return tuple(found)


_OPERATOR_VARIABLES = (
    "support_email",
    "operator_name",
    "operator_address",
    "operator_vat",
    "mail_from",
)


def _production_faults(settings: Settings) -> list[str]:
    """What may be convenient on a desk but is dangerous on the internet."""
    if not settings.is_production:
        return []
    faults = []
    if not settings.secure_cookies:
        faults.append("BASE_URL must begin with https: in production")
    if "outpost-embedded" in settings.database_url:
        faults.append("DATABASE_URL names the embedded PostgreSQL, which is not for production")
    if "outpost-embedded" in settings.redis_url:
        faults.append("REDIS_URL names the embedded Redis, which is not for production")
    faults.extend(
        f"{name.upper()} still has its demo value"
        for name in _OPERATOR_VARIABLES
        if any(
            mark in getattr(settings, name)
            for mark in ("outpost.test", "Demo", "Esempio", "IT0000")
        )
    )
    return faults
