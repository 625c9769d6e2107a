"""What an agent remembers between two starts: who it is, what the portal wants, which printers there are."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import uuid
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


class State:
    """Small JSON files in one directory that only the agent's user may read; each is replaced whole."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory = directory

    @property
    def install_id(self) -> str:
        """Made once: by it the portal knows this installation when it asks again."""
        known = self.read("install").get("id")
        if not known:
            known = str(uuid.uuid4())
            self.write("install", {"id": known})
        return str(known)

    def credential_for(self, token: str) -> str | None:
        """The stored one, unless the configuration holds another token by now."""
        known = self.read("credential")
        if token and known.get("token") != digest_of(token):
            return None
        return known.get("credential")

    def keep_credential(self, credential: str, token: str, *, portal: str, name: str) -> None:
        self.write(
            "credential",
            {"credential": credential, "token": digest_of(token), "portal": portal, "name": name},
        )

    def read(self, name: str) -> dict[str, Any]:
        """Nothing where there is none, or where it is damaged: all of it can be learned again."""
        try:
            found = json.loads((self.directory / f"{name}.json").read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            log.warning("%s.json can't be read, it is begun anew: %s", name, error)
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, name: str, document: dict[str, Any]) -> None:
        path = self.directory / f"{name}.json"
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            json.dump(document, out)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
