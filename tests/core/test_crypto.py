"""Sealing: bound to its place, readable with fallback keys, never with changed bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webapp.core.crypto import Sealed, code_digest, digest, seal, token, unseal
from webapp.core.db import UNAMBIGUOUS, random_code
from webapp.core.web import Portal

pytestmark = pytest.mark.feature("Q-22")


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None
)
@given(plain=st.binary(max_size=500))
def test_what_is_sealed_opens_again(ground: Portal, plain: bytes) -> None:
    assert unseal(seal(plain, context="a"), context="a") == plain


def test_a_value_moved_elsewhere_does_not_open(ground: Portal) -> None:
    with pytest.raises(Sealed):
        unseal(seal(b"secret", context="printers/1/code"), context="printers/2/code")


def test_no_changed_byte_goes_unnoticed(ground: Portal) -> None:
    sealed = seal(b"secret", context="a")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(Sealed):
            unseal(bytes(changed), context="a")


def test_the_same_value_is_never_sealed_alike(ground: Portal) -> None:
    assert seal(b"secret", context="a") != seal(b"secret", context="a")


def test_values_of_an_older_key_open_while_it_is_a_fallback(
    ground: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = seal(b"secret", context="a")
    old = ground.extensions["settings"]
    newer = replace(
        old, secret_key="n" * 20 + "ew-key-0123456789", secret_key_fallbacks=(old.secret_key,)
    )
    monkeypatch.setitem(ground.extensions, "settings", newer)
    assert unseal(sealed, context="a") == b"secret"
    monkeypatch.setitem(ground.extensions, "settings", replace(newer, secret_key_fallbacks=()))
    with pytest.raises(Sealed, match="not configured"):
        unseal(sealed, context="a")


def test_codes_are_digested_with_the_pepper_and_their_purpose(
    ground: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = code_digest("ACDE", purpose="printer-code")
    assert first != code_digest("ACDE", purpose="site-code")
    other = replace(ground.extensions["settings"], code_pepper="another-pepper-0123456789-abcdefg")
    monkeypatch.setitem(ground.extensions, "settings", other)
    assert first != code_digest("ACDE", purpose="printer-code")


def test_tokens_are_long_and_stored_as_digests() -> None:
    assert len({token() for _ in range(100)}) == 100
    assert len(token()) >= 43
    assert len(digest("x")) == 32


def test_codes_have_no_look_alikes() -> None:
    assert not set(UNAMBIGUOUS) & set("0OQ1IL5S8B2ZUV") - {"Q"}
    assert set(random_code(500)) <= set(UNAMBIGUOUS)
