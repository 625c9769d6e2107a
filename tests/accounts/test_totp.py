"""Codes of the phone: RFC 6238 and what we make of it (P-6)."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.accounts import totp
from webapp.core.crypto import Sealed
from webapp.core.qr import qr_code
from webapp.core.web import Portal

pytestmark = pytest.mark.feature("P-6")

VECTORS = (
    Path(__file__).parents[3] / "shared" / "data" / "payments" / "signature_and_otp_vectors.json"
)
NOON = datetime(2030, 3, 14, 12, 0, 15, tzinfo=UTC)
SECRET = base64.b32encode(b"12345678901234567890").decode()


def test_the_vectors_of_the_rfc() -> None:
    """The last six of eight digits are the six digits: both are the same number, modulo 10^6 and 10^8."""
    if not VECTORS.exists():
        pytest.skip(f"{VECTORS.name} is not on this machine")
    given_ = json.loads(VECTORS.read_text())["rfc6238_sha1_8digits"]
    secret = base64.b32encode(given_["secret_ascii"].encode()).decode()
    assert given_["step"] == totp.STEP_SECONDS
    for seconds, code in given_["vectors"]:
        now = datetime.fromtimestamp(seconds, UTC)
        assert pyotp.TOTP(secret, digits=8).at(now) == code
        assert totp.matching_step(secret, code[-6:], now=now) == seconds // 30


@pytest.mark.parametrize(
    ("drift", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_one_step_of_drift_is_forgiven(drift: int, fits: bool) -> None:
    code = pyotp.TOTP(SECRET).at(NOON + timedelta(seconds=30 * drift))
    step = totp.matching_step(SECRET, code, now=NOON)
    assert (step is not None) is fits
    if fits:
        assert step == int(NOON.timestamp()) // 30 + drift


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "123.456", "123\u00a0456"])
def test_a_code_may_be_typed_in_groups(typed: str) -> None:
    assert totp.typed_code(typed) == "123456"


@pytest.mark.parametrize(
    "typed", [None, "", "12345", "1234567", "12345a", "١٢٣٤٥٦", "１２３４５６"]
)
def test_what_is_no_code(typed: str | None) -> None:
    assert totp.typed_code(typed) is None


@given(st.text(max_size=50))
def test_whatever_is_typed_is_six_digits_or_nothing(typed: str) -> None:
    code = totp.typed_code(typed)
    assert code is None or (len(code) == 6 and code.isascii() and code.isdigit())


def test_secrets_have_160_bits_and_differ() -> None:
    secrets = {totp.new_secret() for _ in range(20)}
    assert len(secrets) == 20
    assert all(len(base64.b32decode(secret)) == 20 for secret in secrets)


def test_a_sealed_secret_opens_for_its_owner_alone(ground: Portal) -> None:
    sealed = totp.sealed(SECRET, 7)
    assert SECRET.encode() not in sealed
    assert totp.unsealed(sealed, 7) == SECRET
    with pytest.raises(Sealed):
        totp.unsealed(sealed, 8)


def test_the_address_says_whose_it_is() -> None:
    parts = urlsplit(totp.address(SECRET, account="anna+x@example.com"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/Outpost:anna%2Bx%40example.com"
    assert parse_qs(parts.query) == {"secret": [SECRET], "issuer": ["Outpost"]}
    assert qr_code(parts.geturl()).size < 80


def test_the_key_is_shown_in_groups_of_four() -> None:
    assert totp.in_groups("ABCDEFGHIJ") == "ABCD EFGH IJ"
