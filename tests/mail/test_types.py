"""P-20, P-23: every kind in seven languages, whole and in its frame."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from webapp.core.errors import Refusal
from webapp.core.web import Portal
from webapp.mail import placeholders
from webapp.mail.compose import Composed, Draft, Look, compose
from webapp.mail.markup import sanitise
from webapp.mail.types import BadDefault, MailType, all_types, check_draft, read_draft, system_draft
from webapp.mail.words import WORDS
from webapp.settings import LANGUAGES

FOLDER = Path(__file__).parents[2] / "templates" / "emails"
KINDS = tuple(sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))
WITH_LINK = [k for k in KINDS if "[[[LINK]]]" in (FOLDER / k / "en.html").read_text()]
TRADES_TO_COME = {
    "fuel": (
        "licence",
        "registration_completed",
        "activation_codes",
        "trial_started",
        "purchase_confirmed",
        "payment_failed",
        "trial_ending",
        "subscription_ending",
        "subscription_expired",
        "invoice",
        "fuel_alarm",
    ),
    "hubs": (
        "employee_invitation",
        "connection_request",
        "request_decided",
        "reseller_invitation",
        "service_ending",
    ),
    "tills": ("till_linked",),
}
EVERY = [(kind, language) for kind in KINDS for language in LANGUAGES]


def test_every_folder_is_a_kind_and_the_platforms_kinds_are_there(ground: Flask) -> None:
    registered = {kind.name for kind in all_types()}
    assert registered == set(KINDS)
    assert registered >= {
        "backup_failed",
        "first_password",
        "invitation",
        "notification",
        "password_changed",
        "password_reset",
        "right_asked",
    }


@pytest.mark.feature("P-23")
def test_the_trades_kinds_are_there_before_their_screens(ground: Flask) -> None:
    of_trades = {(kind.trade, kind.name) for kind in all_types() if kind.trade in TRADES_TO_COME}
    assert of_trades == {(trade, name) for trade, names in TRADES_TO_COME.items() for name in names}
    assert not any(kind.is_news for kind in all_types() if kind.trade in TRADES_TO_COME)


@pytest.mark.feature("P-23")
def test_keys_codes_and_personal_links_are_secrets(ground: Flask) -> None:
    secret = {kind.name: kind.secrets for kind in all_types() if kind.trade and kind.secrets}
    assert secret == {
        "licence": {"PRODUCTKEY"},
        "activation_codes": {"ACTIVATIONCODE"},
        "employee_invitation": {"LINK"},
        "reseller_invitation": {"LINK"},
    }


@pytest.mark.feature("P-23")
@pytest.mark.parametrize(("name", "language"), EVERY)
def test_no_subject_carries_a_secret_or_a_second_line(
    ground: Flask, name: str, language: str
) -> None:
    draft, kind = system_draft(name, language), kind_named(name)
    assert not kind.secrets & set(placeholders.names(draft.subject))
    assert len(sample(name, language).subject.splitlines()) == 1


@pytest.mark.feature("P-23")
def test_amounts_stand_as_the_reader_writes_them(ground: Flask) -> None:
    assert "597,80 €" in sample("purchase_confirmed", "de").text
    assert "€597.80" in sample("purchase_confirmed", "en").text


def kind_named(name: str) -> MailType:
    return next(kind for kind in all_types() if kind.name == name)


def sample(name: str, language: str) -> Composed:
    kind = kind_named(name)
    return compose(system_draft(name, language), kind.samples, look=Look(language=language))


@pytest.mark.feature("P-20")
@pytest.mark.feature("P-23")
@pytest.mark.parametrize(("name", "language"), EVERY)
def test_a_default_is_whole(ground: Flask, name: str, language: str) -> None:
    composed = sample(name, language)
    for part in (composed.subject, composed.html, composed.text):
        assert "[[[" not in part
        assert "—" not in part, "a sample for every placeholder"
    assert f'<html lang="{language}"' in composed.html
    assert len(composed.subject) < 70
    assert "support@outpost.test" in composed.text
    assert WORDS[language].answers_unread in composed.text


@pytest.mark.feature("P-23")
@pytest.mark.feature("P-24")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", WITH_LINK)
def test_its_button_is_drawn_and_its_address_printed(
    ground: Flask, name: str, language: str
) -> None:
    composed = sample(name, language)
    link = str(kind_named(name).samples["LINK"])
    assert f": {link}\n" in composed.text
    assert re.search(rf'<a [^>]*href="{re.escape(link)}"[^>]*>{re.escape(link)}</a>', composed.html)
    assert WORDS[language].link in composed.html


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_it_uses_every_placeholder_of_its_own(ground: Flask, name: str, language: str) -> None:
    draft = system_draft(name, language)
    used = {*placeholders.names(draft.subject), *placeholders.names(draft.html)}
    assert {p.name for p in kind_named(name).placeholders} <= used


@pytest.mark.parametrize("name", KINDS)
def test_languages_differ(ground: Flask, name: str) -> None:
    assert len({system_draft(name, language).html for language in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize("name", KINDS)
def test_sanitising_takes_nothing_from_a_default(ground: Flask, name: str) -> None:
    for language in LANGUAGES:
        html = system_draft(name, language).html
        assert sanitise(html) == html


def test_the_frame_loads_nothing_and_knows_the_dark(ground: Flask) -> None:
    page = sample("password_reset", "en").html
    assert not re.search(r"<(img|script|link|iframe)\b|url\(|@import", page)
    assert "prefers-color-scheme: dark" in page
    assert 'name="color-scheme"' in page
    assert re.search(r'<td [^>]*class="card"[^>]*style="[^"]*padding: 28px', page), "inlined"
    assert page.count('role="presentation"') >= 4
    assert len(page) < 20_000


def test_a_template_with_an_unknown_placeholder_is_not_saved(ground: Flask) -> None:
    with pytest.raises(Refusal, match="PASWORD") as refused:
        check_draft(Draft("Hi", "<p>[[[PASWORD]]]</p>"), kind_named("first_password").known)
    assert refused.value.field == "html"
    saved = check_draft(Draft("Hi\n you", "<p onclick=x>[[[NAME]]]</p>"), frozenset({"NAME"}))
    assert saved == Draft("Hi you", "<p>[[[NAME]]]</p>")


@pytest.mark.parametrize(
    "text", ["<p>x</p>", "Subject:\n\n<p>x</p>", "Subject: x\n\n", "Subject: x\ny\n\nz"]
)
def test_a_default_that_is_not_well_formed_stops_the_start(tmp_path: object, text: str) -> None:
    path = tmp_path / "en.html"  # type: ignore[operator]
    path.write_text(text)
    with pytest.raises(BadDefault):
        read_draft(path)


def test_a_kind_without_its_files_stops_the_start(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from webapp.mail import types

    monkeypatch.setitem(types._types, "orphan", MailType("orphan", "Orphan", ()))
    with pytest.raises(BadDefault, match="orphan"):
        types.check_defaults(portal)
