"""Amounts in minor units, written by language and currency."""

from __future__ import annotations

from decimal import Decimal

import pytest

from webapp.core.money import Money

pytestmark = pytest.mark.feature("P-31")


@pytest.mark.parametrize(
    ("money", "locale", "written"),
    [
        (Money(59780, "EUR"), "en", "€597.80"),
        (Money(59780, "EUR"), "de", "597,80\xa0€"),
        (Money(123456789, "PLN"), "pl", "1\xa0234\xa0567,89\xa0zł"),
        (Money(1500, "JPY"), "en", "¥1,500"),
        (Money(0, "EUR"), "it", "0,00\xa0€"),
        (Money(-5, "EUR"), "de", "-0,05\xa0€"),
    ],
)
def test_an_amount_as_its_reader_writes_it(money: Money, locale: str, written: str) -> None:
    assert money.written(locale) == written


def test_minor_units_follow_the_currency() -> None:
    assert Money(1, "EUR").decimal == Decimal("0.01")
    assert Money(1, "JPY").decimal == Decimal(1)
    assert Money(1, "KWD").decimal == Decimal("0.001")
