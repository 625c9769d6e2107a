"""Labels: the QR code is the code that the library drew, and the sheet shows name and code."""

from __future__ import annotations

import re

import pytest
import qrcode
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cast import Person
from tests.printers.conftest import Field
from tests.printers.desk import base
from webapp.printers.labels import QUIET_ZONE, QrCode, qr_code


def dark_modules(drawn: QrCode) -> set[tuple[int, int]]:
    """The path, rasterised."""
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", drawn.path)
    assert "".join(f"M{x} {y}h{w}v1h-{v}z" for x, y, w, v in runs) == drawn.path
    return {(int(x) + n, int(y)) for x, y, w, _v in runs for n in range(int(w))}


@settings(max_examples=15, deadline=None)
@given(st.text(min_size=1, max_size=150))
def test_the_path_draws_exactly_the_dark_modules(text: str) -> None:
    expected = qrcode.QRCode(border=QUIET_ZONE, error_correction=qrcode.constants.ERROR_CORRECT_M)
    expected.add_data(text)
    matrix = expected.get_matrix()
    drawn = qr_code(text)
    assert drawn.size == len(matrix)
    wanted = {(x, y) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark}
    assert dark_modules(drawn) == wanted


@pytest.mark.feature("B-8")
def test_the_sheet_has_a_label_for_each_printer(acme: Field, admin: Person) -> None:
    url = f"{base(acme.world)}/labels?printer={acme.spare}&printer={acme.printer}&printer=unknown00000"
    page = admin.get(url)
    assert page.text.count('class="sheet-label"') == 2
    assert acme.spare_code in page.text
    expected = qr_code(f"http://localhost{base(acme.world)}/{acme.spare}#{acme.spare_code}")
    assert expected.path in page.text


@pytest.mark.feature("B-8")
def test_labels_of_no_printer_are_unknown(acme: Field, admin: Person) -> None:
    assert admin.get(f"{base(acme.world)}/labels").status_code == 404
