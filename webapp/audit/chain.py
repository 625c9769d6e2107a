"""How rows are chained: what is hashed, sealed and checked. Pure functions.

A row's hash covers its predecessor's hash, its place and its bare facts, and a salted commitment to its
payload. Erasing payload and salt leaves the chain whole; changing either is found.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

START = bytes(32)


def commit_to(payload: dict[str, Any], salt: bytes) -> bytes:
    """SHA-256 over salt and canonical JSON."""
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(salt + canonical.encode()).digest()


def link(previous: bytes, facts: dict[str, Any], commitment: bytes) -> bytes:
    """The hash of a row that follows `previous`."""
    canonical = json.dumps(
        {name: _plain(value) for name, value in facts.items()},
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(previous + canonical.encode() + commitment).digest()


def seal_head(key: bytes, organisation_id: int, seq: int, head: bytes) -> bytes:
    """HMAC of a chain's end under a key that is not in the database: cutting the end off is found."""
    return hmac.new(key, f"{organisation_id}:{seq}:".encode() + head, hashlib.sha256).digest()


def seal_checkpoint(key: bytes, organisation_id: int, seq: int, kind: str, head: bytes) -> bytes:
    """Its kind is sealed in: nobody makes of "it came so far" that the rows before may be missing."""
    name = f"checkpoint:{organisation_id}:{seq}:{kind}:".encode()
    return hmac.new(key, name + head, hashlib.sha256).digest()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
