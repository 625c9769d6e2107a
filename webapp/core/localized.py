"""Texts that people edit, in several languages: JSONB language → text, with one fallback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator


class LocalizedText(dict[str, str]):
    """Language → text. `in_language` falls back to the given default, then English, then any."""

    def in_language(self, language: str, default: str = "en") -> str:
        for candidate in (language, default, "en", *sorted(self)):
            if self.get(candidate):
                return self[candidate]
        return ""

    def with_text(self, language: str, text: str) -> LocalizedText:
        """A new value: the old one may be shared with the session's history."""
        changed = LocalizedText(self)
        if text:
            changed[language] = text
        else:
            changed.pop(language, None)
        return changed


class Localized(TypeDecorator[LocalizedText]):
    """Column type of a `LocalizedText`."""

    impl = JSONB
    cache_ok = True

    def process_bind_param(
        self, value: Mapping[str, str] | None, dialect: Any
    ) -> dict[str, str] | None:
        return None if value is None else dict(value)

    def process_result_value(self, value: Any, dialect: Any) -> LocalizedText | None:
        return None if value is None else LocalizedText(value)
