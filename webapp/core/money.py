"""Amounts in minor units of a currency: cents, never fractions (decision 18)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision


@dataclass(frozen=True)
class Money:
    """`minor` of `currency` (ISO 4217): `Money(59780, "EUR")` are 597.80 euros."""

    minor: int
    currency: str

    @property
    def decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-get_currency_precision(self.currency))

    def written(self, locale: str) -> str:
        """As people of a language write it, with the currency's sign."""
        return format_currency(self.decimal, self.currency, locale=locale)
