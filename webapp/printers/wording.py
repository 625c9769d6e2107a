"""The words of one panic page: the button's own, else the default, in the language chosen on page 1."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.core.localized import LocalizedText
from webapp.printers.models import PanicButton
from webapp.printers.texts import DEFAULTS


@dataclass(frozen=True)
class Wording:
    """`wording("send")` is the word in `language`; `{number}` and the like are filled from `values`."""

    language: str
    button: PanicButton | None = None

    def __call__(self, key: str, **values: object) -> str:
        text = self._own(key) or LocalizedText(DEFAULTS[key]).in_language(self.language)
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    def _own(self, key: str) -> str:
        texts = self.button.texts.get(key) if self.button is not None else None
        return str((texts or {}).get(self.language, ""))
