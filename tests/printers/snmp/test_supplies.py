"""Toner, ink, waste boxes: levels that are numbers, and levels that are signs."""

import pytest

from tests.printers.snmp.handmade import PRT, decoded, supply
from webapp.printers.snmp.supplies import Supply


def only(**columns: int | str) -> Supply:
    found = decoded(supply(**columns)).supplies
    assert len(found) == 1
    return found[0]


@pytest.mark.feature("B-1")
@pytest.mark.parametrize(
    ("level", "maximum", "percent", "state"),
    [
        (1060, 5300, 20, "ok"),
        (100, 100, 100, "ok"),
        (11, 100, 11, "ok"),
        (10, 100, 10, "low"),
        (1, 5000, 1, "low"),
        (0, 100, 0, "empty"),
        (150, 100, 100, "ok"),
        (-1, 100, None, "ok"),
        (-2, 100, None, "unknown"),
        (-3, 100, None, "some"),
        (-3, -2, None, "some"),
        (-100, 100, 0, "empty"),
        (-7, 100, None, "unknown"),
    ],
)
def test_levels_and_signs(level: int, maximum: int, percent: int | None, state: str) -> None:
    found = only(text="Black Toner", max=maximum, level=level)
    assert (found.percent, found.state) == (percent, state)
    assert (found.level, found.capacity) == (level, maximum)


@pytest.mark.parametrize(
    ("columns", "percent", "state"),
    [
        ({"max": 0, "level": 40}, 40, "ok"),
        ({"max": -2, "level": 40}, 40, "ok"),
        ({"max": -2, "level": 8, "unit": 19}, 8, "low"),
        ({"level": 8, "unit": 19}, 8, "low"),
        ({"max": -2, "level": 4000, "unit": 7}, None, "some"),
        ({"max": -2, "level": 40, "unit": 7}, None, "some"),
        ({"max": -2, "level": 0, "unit": 7}, None, "empty"),
        ({"max": 0, "level": 101}, None, "some"),
        ({"level": 40}, None, "some"),
        ({"max": 6000}, None, "unknown"),
    ],
)
def test_an_unknown_capacity_makes_the_level_a_percentage(
    columns: dict[str, int], percent: int | None, state: str
) -> None:
    found = only(text="Toner", **columns)
    assert (found.percent, found.state) == (percent, state)


@pytest.mark.parametrize(
    ("level", "percent", "state"),
    [(5, 95, "ok"), (92, 8, "low"), (100, 0, "empty"), (0, 100, "ok")],
)
def test_a_receptacle_is_turned_round(level: int, percent: int, state: str) -> None:
    found = only(text="Waste Toner", klass=4, max=100, level=level)
    assert found.is_receptacle
    assert (found.percent, found.state) == (percent, state)


def test_a_receptacles_signs_are_not_turned_round() -> None:
    assert only(text="Waste", klass=4, max=-2, level=-3).state == "some"
    assert only(text="Waste", klass=4, max=100, level=-2).state == "unknown"
    assert only(text="Waste", klass=4, max=100, level=-100).state == "empty"


def test_rows_begin_where_the_printer_begins_them() -> None:
    rows = supply("0.0", text="black ink", max=100, level=50) | supply("0.4", text="cyan ink")
    assert [(s.index, s.state) for s in decoded(rows).supplies] == [
        ("0.0", "ok"),
        ("0.4", "unknown"),
    ]


def test_rows_come_in_the_order_of_their_numbers() -> None:
    rows = supply("1.10", text="ten") | supply("1.9", text="nine")
    assert [s.description for s in decoded(rows).supplies] == ["nine", "ten"]


def test_rows_may_lack_the_last_number() -> None:
    assert [s.percent for s in decoded(supply("1", text="Toner", max=100, level=30)).supplies] == [
        30
    ]


def test_a_row_that_says_nothing_is_no_supply() -> None:
    assert decoded(supply(unit=19) | supply("1.2", type=3)).supplies == ()


@pytest.mark.parametrize(
    ("answered", "shown"),
    [
        ("Patrone Schwarz 508A HP CF360A\0", "Patrone Schwarz 508A HP CF360A"),
        ("Black Toner Cartridge S/N:CRUM-1234", "Black Toner Cartridge"),
        ("Black Toner, PN 006R01509;SN48178080E0000481", "Black Toner, PN 006R01509"),
        ("Black Cartridge \n38 20 32 37", "Black Cartridge"),
        ("Snow White Toner", "Snow White Toner"),
    ],
)
def test_descriptions_are_told_without_noise(answered: str, shown: str) -> None:
    assert only(text=answered, level=1).description == shown


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("Cyan Toner", "cyan"),
        ("Magenta-Tinte", "magenta"),
        ("Toner gelb", "yellow"),
        ("Cartouche noire", "black"),
        ("青色碳粉", "cyan"),
        ("洋紅色碳粉", "magenta"),
        ("TK-895K", "black"),
        ("TK-895M", "magenta"),
        ("Fuser", ""),
    ],
)
def test_the_colour_is_told_by_the_words(text: str, colour: str) -> None:
    assert only(text=text, level=1).colour == colour


def test_the_colour_is_told_by_the_colorant_row() -> None:
    rows = supply(text="Cartridge 3", colorant=3, max=100, level=5)
    rows[f"{PRT}.12.1.1.4.1.3"] = "yellow"
    assert decoded(rows).supplies[0].colour == "yellow"


def test_the_kind_is_told_by_the_type_and_else_by_the_words() -> None:
    kinds = [only(type=n, text="?", level=1).kind for n in (3, 21, 5, 9, 15, 4, 32, 999)]
    assert kinds == ["toner", "toner", "ink", "drum", "fuser", "waste", "staples", "other"]
    assert only(text="Waste Toner Box", level=1).kind == "waste"


def test_a_level_above_the_capacity_is_doubtful() -> None:
    result = decoded(supply(text="Toner", max=100, level=150))
    assert result.doubtful == ("supply_above_capacity:1.1",)


def test_a_table_without_end_is_cut() -> None:
    rows: dict[str, int | str | bytes] = {}
    for number in range(300):
        rows |= supply(f"1.{number}", text="Toner", level=1)
    assert len(decoded(rows).supplies) == 100
