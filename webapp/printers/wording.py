"""The words of one panic page: the button's own, else the default, in the language chosen on page 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from webapp.core.localized import LocalizedText
from webapp.printers.texts import DEFAULTS

Texts = Mapping[str, Mapping[str, str]]


class Worded(Protocol):
    """What has texts of its own: key → language → text."""

    @property
    def texts(self) -> Texts: ...


@dataclass(frozen=True)
class Wording:
    """`wording("send")` is the word in `language`; `{number}` and the like are filled from `values`.

    An own text that is empty was emptied on purpose. One that is not translated falls back to the default of the
    reader's language, never to a language the reader did not choose.
    """

    language: str
    button: Worded | None = None

    def __call__(self, key: str, **values: object) -> str:
        own = self._own(key)
        text = default_text(key, self.language) if own is None else own
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    def _own(self, key: str) -> str | None:
        texts = self.button.texts.get(key) if self.button is not None else None
        return (texts or {}).get(self.language)


def default_text(key: str, language: str) -> str:
    return LocalizedText(DEFAULTS[key]).in_language(language)
