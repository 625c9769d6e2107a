"""The password rule and the hashes (P-2)."""

from __future__ import annotations

import threading

import pytest
from argon2 import PasswordHasher, Type
from hypothesis import given
from hypothesis import strategies as st

from webapp.accounts import passwords
from webapp.core.errors import Refusal
from webapp.core.web import Portal

pytestmark = pytest.mark.feature("P-2")

GOOD = "Pylon-7-grazing-Otter"


@pytest.fixture(autouse=True)
def _words(ground: Portal) -> None:
    """The rule speaks the reader's language: it needs an application."""


@pytest.mark.parametrize(
    ("password", "missing"),
    [
        ("Short-1", ["at least 12 characters"]),
        ("no-upper-case-1", ["an upper-case letter"]),
        ("NO-LOWER-CASE-1", ["a lower-case letter"]),
        ("No-digit-in-here", ["a digit"]),
        ("NoSpecial1InHere", ["a special character"]),
        (
            "",
            [
                "at least 12 characters",
                "an upper-case letter",
                "a lower-case letter",
                "a digit",
                "a special character",
            ],
        ),
        (GOOD, []),
        ("Żółta łódź 7 x", []),
        ("Ωμέγα-ωμέγα-٣", []),
    ],
)
def test_the_rule_names_what_is_missing(password: str, missing: list[str]) -> None:
    assert passwords.missing_parts(password) == missing


def test_the_refusal_names_all_missing_parts_at_once() -> None:
    with pytest.raises(Refusal, match="a digit, a special character") as refused:
        passwords.check_rule("Abcdefghijklmnopq")
    assert refused.value.field == "password"


@pytest.mark.parametrize(
    "password",
    [
        "Password1234!",
        "P@ssw0rd2026!",
        "W3lc0m3!!!2026",
        "1234-Welcome-5678",
        "Summer-Summer-1",
        "QwertyuiopAsdfghjkl1!",
        "Correct-Horse-Battery-Staple-1",
        "$uMMer-2026-!!",
        "Sommer2026!!",
        "Contraseña123!",
        "Aaaaaaaaaaaa1!",
        "I-love-you-2026",
        "Abcdefghijkl1!",
    ],
)
def test_common_passwords_are_refused_however_decorated(password: str) -> None:
    assert passwords.missing_parts(password) == []
    with pytest.raises(Refusal, match="first that are guessed"):
        passwords.check_rule(password)


def test_the_list_is_long_and_folded() -> None:
    words = passwords.common_passwords()
    assert len(words) >= 1000
    assert all(word == word.casefold() and len(word) > 3 for word in words)


@pytest.mark.parametrize(
    "password", ["Anna7.Rossi@Acme.Test", "Anna7.Rossi-2026!", "1-Rossi.Fuel.Anna-2"]
)
def test_ones_own_name_is_no_password(password: str) -> None:
    with pytest.raises(Refusal, match="user name or e-mail"):
        passwords.check_rule(password, names=("rossi.fuel.anna", "anna7.rossi@acme.test"))


def test_long_passphrases_are_welcome_up_to_256() -> None:
    passwords.check_rule(GOOD * 12)
    with pytest.raises(Refusal, match="256"):
        passwords.check_rule(GOOD * 13)


def test_hashes_are_argon2id_with_19_mib() -> None:
    stored = passwords.hash_password(GOOD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.verify(stored, GOOD)
    assert not passwords.verify(stored, GOOD + " ")
    assert not passwords.needs_rehash(stored)
    assert stored != passwords.hash_password(GOOD)


def test_an_accent_is_the_same_however_it_was_typed() -> None:
    assert passwords.verify(passwords.hash_password("Caf\u00e9-7-Grazing"), "Cafe\u0301-7-Grazing")


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "",
        "not a hash",
        "$argon2id$v=19$m=19456,t=2,p=1$abc",
        PasswordHasher(time_cost=9, memory_cost=1024, parallelism=1).hash(GOOD),
        PasswordHasher(time_cost=1, memory_cost=70 * 1024, parallelism=1).hash(GOOD),
        PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1, type=Type.I).hash(GOOD),
    ],
    ids=["none", "empty", "no hash", "torn", "too slow", "too large", "another kind"],
)
def test_no_hash_a_broken_one_or_one_beyond_bounds_never_fits(stored: str | None) -> None:
    assert not passwords.verify(stored, GOOD)


def test_the_dummy_hash_fits_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_dummy", lambda: passwords.hash_password(GOOD))
    assert not passwords.verify(None, GOOD)


def test_a_password_beyond_256_signs_never_fits_its_beginning() -> None:
    stored = passwords.hash_password("x" * 256)
    assert passwords.verify(stored, "x" * 256)
    assert not passwords.verify(stored, "x" * 257)


def test_no_more_than_two_are_computed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most, lock = 0, 0, threading.Lock()
    real = PasswordHasher.verify

    def counting(self: PasswordHasher, stored: str, password: str) -> bool:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        try:
            return real(self, stored, password)
        finally:
            with lock:
                inside -= 1

    stored = passwords.hash_password(GOOD)
    monkeypatch.setattr(PasswordHasher, "verify", counting)
    threads = [threading.Thread(target=passwords.verify, args=(stored, GOOD)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


def test_first_passwords_satisfy_the_rule_and_differ() -> None:
    made = {passwords.generate_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        passwords.check_rule(password)
        assert not set(password) & set("0O1lI5S8B2Z")


@given(st.text(max_size=60))
def test_any_text_is_judged_without_fault(password: str) -> None:
    passwords.is_common(password)
    passwords.is_name(password, ("admin", "admin@acme.test"))
    passwords.missing_parts(password)
