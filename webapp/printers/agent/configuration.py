"""The one file of configuration, TOML. Every fault in it is told at once."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from webapp.printers.snmp.discover import BadNetwork, Network, parse_network
from webapp.printers.snmp.sessions import Target
from webapp.printers.snmp.users import REEDER, BadUser, V3User

LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "::1")
VERSIONS: Final = ("", "1", "2c", "3")
KEYS: Final = {
    "portal", "token", "token_file", "state", "networks", "hosts", "profiles", "rates", "proxy",
    "ca_file", "queue_megabytes", "listen",
}  # fmt: skip
PROFILE_KEYS: Final = {
    "name", "version", "port", "community", "community_env", "user", "auth", "auth_phrase",
    "auth_phrase_env", "privacy", "privacy_phrase", "privacy_phrase_env", "key_extension",
    "timeout_ms", "retries",
}  # fmt: skip


class BadConfiguration(Exception):
    """What is wrong, one line a fault."""


@dataclass(frozen=True)
class Rates:
    """Until the portal says otherwise."""

    quick_minutes: int = 5
    full_hours: int = 6
    search_hours: int = 24


@dataclass(frozen=True)
class Configuration:
    portal: str
    state: Path
    profiles: Mapping[str, Target]
    token: str = field(default="", repr=False)
    networks: tuple[Network, ...] = ()
    hosts: tuple[tuple[str, int], ...] = ()
    rates: Rates = Rates()
    proxy: str | None = None
    ca_file: str | None = None
    queue_bytes: int = 64 * 1024 * 1024
    listen: tuple[str, int] | None = None


def load(path: Path, environ: Mapping[str, str] | None = None) -> Configuration:
    """Raises BadConfiguration."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadConfiguration(f"{path} can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{path} is not TOML: {error}") from error
    reader = _Reader(document, os.environ if environ is None else environ)
    found = reader.read()
    if reader.faults:
        raise BadConfiguration("\n".join(f"{path}: {fault}" for fault in reader.faults))
    return found


class _Reader:
    """Reads the document and collects what is wrong."""

    def __init__(self, document: dict[str, Any], environ: Mapping[str, str]) -> None:
        self.document, self.environ = document, environ
        self.faults = [f"{key} is not known" for key in sorted(set(document) - KEYS)]

    def read(self) -> Configuration:
        profiles = self._profiles()
        found = Configuration(
            portal=self._portal(),
            state=Path(self._text(self.document, "state") or "outpost-agent"),
            profiles=profiles,
            token=self._token(),
            networks=tuple(self._networks()),
            hosts=tuple(self._hosts(next(iter(profiles.values())).port)),
            rates=self._rates(),
            proxy=self._text(self.document, "proxy") or None,
            ca_file=self._text(self.document, "ca_file") or None,
            queue_bytes=self._number(self.document, "queue_megabytes", 64, 1, 100_000) << 20,
            listen=self._listen(),
        )
        if not (found.networks or found.hosts):
            self.faults.append("networks or hosts: name at least one network or printer")
        return found

    def _portal(self) -> str:
        """HTTPS alone; plain HTTP to this very machine, for trying out."""
        text = self._text(self.document, "portal").rstrip("/")
        parts = urlsplit(text)
        plain = parts.scheme == "http" and parts.hostname in LOCAL_HOSTS
        if not parts.hostname or not (parts.scheme == "https" or plain):
            self.faults.append("portal: write its address, such as https://portal.example.com")
        return text

    def _token(self) -> str:
        """May be missing once the agent is enrolled."""
        path = self._text(self.document, "token_file")
        if path:
            try:
                return Path(path).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                self.faults.append(f"token_file can't be read: {error}")
        return self._text(self.document, "token") or self.environ.get("OUTPOST_AGENT_TOKEN", "")

    def _networks(self) -> list[Network]:
        found = []
        for text in self._texts("networks"):
            try:
                found.append(parse_network(text))
            except BadNetwork as problem:
                self.faults.append(f"networks: {problem}")
        return found

    def _hosts(self, port: int) -> list[tuple[str, int]]:
        """`192.0.2.7`, `192.0.2.7:1161`, `[2001:db8::7]:161`."""
        found = []
        for text in self._texts("hosts"):
            try:
                parts = urlsplit(f"//{text}")
                if not parts.hostname:
                    raise ValueError(text)
                found.append((parts.hostname, parts.port or port))
            except ValueError:
                self.faults.append(f"hosts: {text!r} is no host or host:port")
        return found

    def _rates(self) -> Rates:
        table = self._table("rates")
        return Rates(
            self._number(table, "quick_minutes", 5, 1, 1440),
            self._number(table, "full_hours", 6, 1, 168),
            self._number(table, "search_hours", 24, 1, 720),
        )

    def _listen(self) -> tuple[str, int] | None:
        text = self._text(self.document, "listen")
        if not text:
            return None
        host, colon, port = text.rpartition(":")
        if not colon or not port.isdigit() or not 0 < int(port) < 65_536:
            self.faults.append("listen: write address and port, such as 127.0.0.1:8631")
            return None
        return host.strip("[]"), int(port)

    def _profiles(self) -> dict[str, Target]:
        tables = self.document.get("profiles", [])
        if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
            self.faults.append("profiles: write each as [[profiles]]")
            tables = []
        found = {}
        for number, table in enumerate(tables, 1):
            name = self._text(table, "name") or f"profile {number}"
            self.faults += [f"{name}: {k} is not known" for k in sorted(set(table) - PROFILE_KEYS)]
            found[name] = self._profile(name, table)
        return found or {"usual": Target(host="")}

    def _profile(self, name: str, table: dict[str, Any]) -> Target:
        version = self._text(table, "version")
        if version not in VERSIONS:
            self.faults.append(f"{name}: version is 1, 2c or 3")
        return Target(
            host="",
            port=self._number(table, "port", 161, 1, 65_535),
            community=self._secret(name, table, "community") or "public",
            version="" if version == "3" else version,
            timeout_seconds=self._number(table, "timeout_ms", 1500, 100, 60_000) / 1000,
            retries=self._number(table, "retries", 1, 0, 5),
            user=self._user(name, table) if version == "3" else None,
        )

    def _user(self, name: str, table: dict[str, Any]) -> V3User | None:
        user = V3User(
            name=self._text(table, "user"),
            auth=self._text(table, "auth"),
            auth_phrase=self._secret(name, table, "auth_phrase"),
            privacy=self._text(table, "privacy"),
            privacy_phrase=self._secret(name, table, "privacy_phrase"),
            extension=self._text(table, "key_extension") or REEDER,
        )
        try:
            return user.check()
        except BadUser as problem:
            self.faults.append(f"{name}: {problem}")
            return None

    def _secret(self, name: str, table: dict[str, Any], key: str) -> str:
        """In the file, or in the variable of the environment that the file names."""
        variable = self._text(table, f"{key}_env")
        if variable and variable not in self.environ:
            self.faults.append(f"{name}: {key}_env names {variable}, which is not set")
        return self.environ.get(variable, "") if variable else self._text(table, key)

    def _table(self, key: str) -> dict[str, Any]:
        table = self.document.get(key, {})
        if not isinstance(table, dict):
            self.faults.append(f"{key}: write it as [{key}]")
            return {}
        return table

    def _texts(self, key: str) -> list[str]:
        found = self.document.get(key, [])
        if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
            self.faults.append(f'{key}: write a list of texts, such as ["192.168.10.0/24"]')
            return []
        return found

    def _text(self, table: dict[str, Any], key: str) -> str:
        value = table.get(key, "")
        if not isinstance(value, str):
            self.faults.append(f"{key}: write a text in quotes")
            return ""
        return value.strip()

    def _number(self, table: dict[str, Any], key: str, usual: int, low: int, high: int) -> int:
        value = table.get(key, usual)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.faults.append(f"{key}: write a whole number from {low} to {high}")
            return usual
        return value
