"""Page counters, by label, type, tag and sum."""

import pytest

from tests.printers.snmp.handmade import (
    DESCR,
    LIFE,
    OBJECT_ID,
    PRT,
    XEROX_ID,
    XEROX_LABEL,
    XEROX_VALUE,
    decoded,
    reading,
    xerox,
)
from webapp.printers.snmp.counters import Counter
from webapp.printers.snmp.decode import Decoded, Missing, decode

USAGE = {
    "Total Impressions": 121_104,
    "Color Impressions": 29_940,
    "Black Impressions": 91_164,
    "Color Large Impressions": 512,
    "Black Large Impressions": 1_024,
    "Large Impressions": 1_536,
}
BROTHER_PAGES = "1.3.6.1.4.1.2435.2.3.9.4.2.1.5.5.10.0"
RICOH_TYPE = "1.3.6.1.4.1.367.3.2.1.2.19.5.1.2"
RICOH_VALUE = "1.3.6.1.4.1.367.3.2.1.2.19.5.1.9"


def figures(result: Decoded) -> tuple[int | None, ...]:
    names = ("total", "black", "colour", "large")
    found = (getattr(result.counters, name) for name in names)
    return tuple(counter.value if counter else None for counter in found)


@pytest.mark.feature("B-1")
@pytest.mark.parametrize("first_row", [1, 7, 101])
def test_xeroxs_counters_are_found_by_their_label_in_any_row(first_row: int) -> None:
    result = decoded(xerox(USAGE, first_row))
    assert figures(result) == (121_104, 91_164, 29_940, 1_536)
    assert result.counters.total == Counter(121_104, (f"{XEROX_VALUE}.{first_row}",))
    assert result.doubtful == ()


def test_labels_are_compared_without_case_and_blanks() -> None:
    assert figures(decoded(xerox({" TOTAL  impressions\0": 7})))[0] == 7


def test_large_pages_are_summed_where_no_sum_is_answered() -> None:
    result = decoded(xerox({k: v for k, v in USAGE.items() if k != "Large Impressions"}))
    assert result.counters.large == Counter(1_536, (f"{XEROX_VALUE}.5", f"{XEROX_VALUE}.4"))


def test_half_a_sum_of_large_pages_is_no_count_on_a_colour_printer() -> None:
    half = {"Color Impressions": 10, "Black Large Impressions": 5}
    result = decoded(xerox(half))
    assert result.counters.large is None
    assert Missing("large", "not_answered") in result.missing


def test_a_black_and_white_printer_has_black_large_pages_alone() -> None:
    result = decoded(xerox({"Black Impressions": 10, "Black Large Impressions": 5}))
    assert figures(result) == (None, 10, None, 5)


def test_a_row_is_not_taken_for_what_it_mostly_is() -> None:
    """Row 34 is black on most; where its label says otherwise, the label counts."""
    rows = xerox({"Sheets": 4711}, first_row=34)
    assert decoded(rows).counters.black is None


def test_without_any_labels_the_well_known_rows_count() -> None:
    rows = {DESCR: "Xerox", OBJECT_ID: XEROX_ID}
    rows |= {f"{XEROX_VALUE}.1": 30, f"{XEROX_VALUE}.33": 10, f"{XEROX_VALUE}.34": 20}
    assert figures(decoded(rows)) == (30, 20, 10, None)


def test_a_label_without_a_value_is_no_counter() -> None:
    rows = xerox({}) | {f"{XEROX_LABEL}.1": "Total Impressions", LIFE: 99}
    assert decoded(rows).counters.total == Counter(99, (LIFE,))


def test_the_first_of_two_rows_of_one_label_counts() -> None:
    rows = xerox({"Total Impressions": 5}) | {
        f"{XEROX_LABEL}.90": "Total Impressions",
        f"{XEROX_VALUE}.90": 9,
    }
    assert figures(decoded(rows))[0] == 5


@pytest.mark.parametrize("shift", [0, 13, 60])
def test_ricohs_counters_are_found_by_their_type_in_any_row(shift: int) -> None:
    types = {10: 900, 401: 300, 201: 200, 300: 10, 402: 150, 403: 50, 202: 150, 203: 40, 999: 7}
    rows: dict[str, int | str | bytes] = {DESCR: "RICOH MP C2503", OBJECT_ID: "1.3.6.1.4.1.367.1.1"}
    for row, (type_, value) in enumerate(types.items(), start=shift):
        rows |= {f"{RICOH_TYPE}.{row}": type_, f"{RICOH_VALUE}.{row}": value}
    assert figures(decoded(rows)) == (900, 510, 390, None)


def test_brothers_counters_are_records_with_a_tag() -> None:
    octets = bytes.fromhex("0001040000134b 02010400000c69 010104000006e2 ff")
    assert figures(decoded({DESCR: "Brother NC-8300h", BROTHER_PAGES: octets})) == (
        4939,
        1762,
        3177,
        None,
    )


@pytest.mark.parametrize("octets", [b"", b"\xff", b"\x00\x01\x04\x00\x00", b"\x00" * 6])
def test_records_that_are_cut_off_are_no_counters(octets: bytes) -> None:
    result = decoded({DESCR: "Brother NC-8300h", BROTHER_PAGES: octets, LIFE: 333})
    assert figures(result) == (333, None, None, None)


def test_the_life_count_is_the_total_where_the_maker_has_none() -> None:
    result = decoded({LIFE: 15_232, f"{PRT}.10.2.1.3.1.1": 7})
    assert result.counters.total == result.counters.life == Counter(15_232, (LIFE,))
    assert result.counters.life_unit == "impressions"


def test_a_plotters_life_count_in_metres_is_no_number_of_pages() -> None:
    result = decoded({LIFE: 760, f"{PRT}.10.2.1.3.1.1": 17})
    assert result.counters.total is None
    assert result.counters.life == Counter(760, (LIFE,))
    assert result.counters.life_unit == "metres"


def test_of_several_markers_the_one_that_counts_pages_counts() -> None:
    marker = f"{PRT}.10.2.1"
    rows = {
        f"{marker}.3.1.1": 11,
        f"{marker}.4.1.1": 9,
        f"{marker}.3.1.2": 7,
        f"{marker}.4.1.2": 50,
    }
    assert decoded(rows).counters.total == Counter(50, (f"{marker}.4.1.2",))


def test_a_counter_sent_as_text_is_read_and_a_negative_one_is_none() -> None:
    assert decoded({f"{PRT}.10.2.1.4.1.1": "4711\0"}).counters.total == Counter(4711, (LIFE,))
    assert decoded(xerox({"Total Impressions": -1})).counters.total is None


@pytest.mark.feature("B-1")
def test_black_and_colour_a_few_pages_beside_the_total_are_in_order() -> None:
    """A recorded C250i is seven pages off."""
    result = decoded(xerox({"Total Impressions": 33_810, "Black Impressions": 26_548,
                            "Color Impressions": 7_255}) | {LIFE: 33_810})  # fmt: skip
    assert result.doubtful == ()


def test_black_and_colour_far_from_the_total_are_doubtful_but_shown() -> None:
    result = decoded(xerox({"Total Impressions": 33_810, "Black Impressions": 3,
                            "Color Impressions": 7_255}))  # fmt: skip
    assert result.doubtful == ("sum_differs_from_total",)
    assert figures(result) == (33_810, 3, 7_255, None)


def test_a_total_far_from_the_life_count_is_doubtful() -> None:
    assert decoded(xerox({"Total Impressions": 986}) | {LIFE: 1279}).doubtful == (
        "total_differs_from_life",
    )


def test_a_life_count_in_sheets_is_not_compared_with_pages() -> None:
    rows = xerox({"Total Impressions": 2_000}) | {LIFE: 1_000, f"{PRT}.10.2.1.3.1.1": 8}
    assert decoded(rows).doubtful == ()


def test_more_large_pages_than_pages_are_doubtful() -> None:
    rows = xerox({"Total Impressions": 1_000, "Large Impressions": 5_000})
    assert decoded(rows).doubtful == ("large_exceeds_total",)


def test_a_counter_that_falls_is_doubtful_but_shown() -> None:
    before = decoded(xerox(USAGE))
    now = decode(reading(xerox(USAGE | {"Large Impressions": 1})), before=before)
    assert now.doubtful == ("large_fell",)
    assert now.counters.large == Counter(1, (f"{XEROX_VALUE}.6",))
    assert decode(reading(xerox(USAGE)), before=before).doubtful == ()


def test_what_no_source_is_known_for_is_told_from_what_was_not_answered() -> None:
    missing = decoded({DESCR: "Brother NC-8300h"}).missing
    assert Missing("large", "no_source") in missing
    assert Missing("black", "not_answered") in missing
