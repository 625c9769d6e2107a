"""Envelope encryption: published vectors, bindings, rotation, and what happens with the wrong key."""

from __future__ import annotations

import hashlib
import hmac
import os
import pickle
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap

from tests.meters.vectors import VECTORS, named
from webapp.meters.envelope import (
    Binding,
    DataKey,
    Fingerprints,
    MasterError,
    MasterRing,
    ValueSealedError,
    Wrapped,
    WrongMasterError,
    reseal,
    unwrap,
    wrap,
)

ONE, TWO = hashlib.sha256(b"one").digest(), hashlib.sha256(b"two").digest()
KEY = bytes.fromhex("82B0551191F51D66EFCDAB8967452301")
HERE = Binding("mtr_1", "app_key", "initial")


def ring(*pairs: tuple[str, bytes]) -> MasterRing:
    return MasterRing(dict(pairs), pairs[0][0])


@pytest.mark.feature("K-21")
@pytest.mark.parametrize("row", named([r for r in VECTORS["key_wrap"] if "plaintext" in r]))
def test_key_wrap_is_that_of_the_published_vectors(row: dict[str, Any]) -> None:
    kek, plain, wrapped = (bytes.fromhex(row[name]) for name in ("kek", "plaintext", "wrapped"))
    assert wrap(kek, plain) == wrapped
    assert unwrap(kek, wrapped) == plain


@pytest.mark.feature("K-21")
@pytest.mark.parametrize("row", named([r for r in VECTORS["key_wrap"] if "must" in r]))
def test_a_wrong_master_opens_nothing(row: dict[str, Any]) -> None:
    with pytest.raises(InvalidUnwrap):
        unwrap(bytes.fromhex(row["kek"]), bytes.fromhex(row["wrapped"]))


@pytest.mark.feature("K-21")
def test_a_value_opens_only_where_it_was_sealed() -> None:
    data_key, _ = ring(("a", ONE)).create()
    nonce, sealed = data_key.seal(HERE, KEY)
    assert data_key.unseal(HERE, nonce, sealed) == KEY
    for moved in (
        HERE._replace(meter="mtr_2"),
        HERE._replace(kind="nwk_key"),
        HERE._replace(slot="operating"),
        Binding("mtr_1\0app_key", "initial", ""),
    ):
        with pytest.raises(ValueSealedError):
            data_key.unseal(moved, nonce, sealed)


def test_changed_cut_and_foreign_values_do_not_open() -> None:
    data_key, _ = ring(("a", ONE)).create()
    nonce, sealed = data_key.seal(HERE, KEY)
    changed = bytes([sealed[0] ^ 1]) + sealed[1:]
    for bad_nonce, bad in ((nonce, changed), (nonce, sealed[:-1]), (nonce, b""), (b"", sealed)):
        with pytest.raises(ValueSealedError):
            data_key.unseal(HERE, bad_nonce, bad)
    other, _ = ring(("a", ONE)).create()
    with pytest.raises(ValueSealedError):
        other.unseal(HERE, nonce, sealed)


def test_the_stored_form_is_plain_aes_gcm_as_documented() -> None:
    nonce, sealed = DataKey(TWO).seal(HERE, KEY)
    context = b"outpost/meter-key/v1\0mtr_1\0app_key\0initial"
    assert AESGCM(TWO).decrypt(nonce, sealed, context) == KEY
    assert (len(nonce), len(sealed)) == (12, 16 + 16)


@pytest.mark.feature("K-21")
def test_rotating_the_master_keeps_the_data_key() -> None:
    data_key, wrapped = ring(("a", ONE)).create()
    nonce, sealed = data_key.seal(HERE, KEY)
    both = ring(("b", TWO), ("a", ONE))
    again = both.rewrap(wrapped)
    assert (wrapped.master_id, again.master_id) == ("a", "b")
    alone = ring(("b", TWO))
    assert alone.open(again).unseal(HERE, nonce, sealed) == KEY
    with pytest.raises(WrongMasterError) as caught:
        alone.open(wrapped)
    assert caught.value.sentence.code == "master_unknown"


@pytest.mark.feature("K-21")
def test_another_master_under_the_same_name_is_noticed() -> None:
    _, wrapped = ring(("a", ONE)).create()
    with pytest.raises(WrongMasterError) as caught:
        ring(("a", TWO)).open(wrapped)
    assert "“a”" in str(caught.value)
    for broken in (b"", wrapped.value[:-1], wrapped.value[:-8], bytes(40)):
        with pytest.raises(WrongMasterError):
            ring(("a", ONE)).open(Wrapped("a", broken))


@pytest.mark.feature("K-21")
def test_values_move_to_another_data_key() -> None:
    old, _ = ring(("a", ONE)).create()
    new, _ = ring(("a", ONE)).create()
    bindings = [HERE._replace(meter=f"mtr_{n}") for n in range(50)]
    values = [os.urandom(16) for _ in bindings]
    stored = [
        (b, *pair)
        for b, pair in zip(bindings, old.seal_many(zip(bindings, values, strict=True)), strict=True)
    ]
    moved = list(reseal(old, new, stored))
    assert [new.unseal(b, *pair) for b, pair in zip(bindings, moved, strict=True)] == values
    with pytest.raises(ValueSealedError):
        old.unseal(bindings[0], *moved[0])


def test_a_shut_data_key_opens_nothing() -> None:
    with ring(("a", ONE)).create()[0] as data_key:
        nonce, sealed = data_key.seal(HERE, KEY)
    with pytest.raises(RuntimeError):
        data_key.unseal(HERE, nonce, sealed)


@pytest.mark.feature("K-21")
def test_the_ring_is_read_from_text() -> None:
    text = f"""
    # second half of 2026
    2026-b {TWO.hex()}   # current
    2026-a {__import__("base64").b64encode(ONE).decode()}
    """
    found = MasterRing.parse(text)
    assert (found.current, found.ids) == ("2026-b", ("2026-b", "2026-a"))
    assert MasterRing.parse(f"x {ONE.hex()},y {TWO.hex().upper()}").ids == ("x", "y")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "master_none"),
        ("# nothing\n\n", "master_none"),
        (ONE.hex(), "master_line"),
        (f"a {ONE.hex()[:-2]}", "master_line"),
        (f"a {ONE.hex()} b", "master_line"),
        ("a " + "zz" * 32, "master_line"),
        ("a secret", "master_line"),
        (f"ä {ONE.hex()}", "master_line"),
        ("a " + "00" * 32, "master_weak"),
        ("a " + "ab" * 32, "master_weak"),
        (f"a {ONE.hex()}\na {TWO.hex()}", "master_twice"),
    ],
)
def test_master_keys_that_cannot_be_used_are_named_and_never_shown(text: str, code: str) -> None:
    with pytest.raises(MasterError) as caught:
        MasterRing.parse(text)
    assert caught.value.sentence.code == code
    assert ONE.hex()[:16] not in str(caught.value)


def test_fingerprints_are_equal_for_equal_keys_and_survive_rotation() -> None:
    prints, wrapped = ring(("a", ONE)).create_fingerprints()
    both = ring(("b", TWO), ("a", ONE))
    again = both.open_fingerprints(both.rewrap(wrapped))
    assert prints.of(KEY) == again.of(KEY) == prints.of(bytes(KEY))
    assert prints.of(KEY) != prints.of(KEY[::-1])
    assert prints.of(KEY) != ring(("a", ONE)).create_fingerprints()[0].of(KEY)
    by_hand = hmac.new(ONE, b"outpost/meter-key-fingerprint/v1" + KEY, hashlib.sha256).digest()
    assert Fingerprints(ONE).of(KEY) == by_hand[:8]


@pytest.mark.feature("K-21")
def test_nothing_of_the_envelope_shows_or_pickles_a_key() -> None:
    found = ring(("a", ONE))
    data_key, _ = found.create()
    for thing in (found, data_key, Fingerprints(ONE)):
        assert ONE.hex() not in repr(thing)
        assert repr(ONE) not in repr(thing)
        with pytest.raises((TypeError, pickle.PicklingError)):
            pickle.dumps(thing)


def test_a_hundred_thousand_values_take_no_time_worth_speaking_of() -> None:
    data_key, _ = ring(("a", ONE)).create()
    bindings = [HERE._replace(meter=f"mtr_{n}") for n in range(100_000)]
    started = time.process_time()
    sealed = list(data_key.seal_many((binding, KEY) for binding in bindings))
    stored = ((b, *pair) for b, pair in zip(bindings, sealed, strict=True))
    assert all(value == KEY for value in data_key.unseal_many(stored))
    assert len({nonce for nonce, _ in sealed}) == 100_000
    assert time.process_time() - started < 5
