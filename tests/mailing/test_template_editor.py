"""P-22: the editor refuses what would break a mail, shows it as it will be, and loses nobody's work."""

from __future__ import annotations

import html
import re
import threading

import pytest
from sqlalchemy import select

from tests.cast import Person
from tests.mailing.desk import SYSTEM, Desk, filled, url
from webapp.core.db import commit, db
from webapp.core.tenancy import scope
from webapp.mail import templates as services
from webapp.mail.markup import left_out
from webapp.mail.models import EmailTemplate
from webapp.mail.types import mail_type

pytestmark = pytest.mark.feature("P-22")


@pytest.fixture
def ref(desk: Desk) -> str:
    return desk.copy()


def test_the_editor_lists_the_kinds_placeholders(desk: Desk, ref: str) -> None:
    page = desk.admin.get(url(desk.world, f"/{ref}/edit")).text
    for placeholder in mail_type("password_reset").all_placeholders:
        assert f'data-insert="[[[{placeholder.name}]]]"' in page
        assert html.escape(str(placeholder.description)) in page
    assert "[[[PASSWORD]]]" not in page


def test_what_is_saved_is_shown_and_noted(desk: Desk, ref: str) -> None:
    answer = desk.save(ref, name="Unser Rücksetzen", subject="Neues Passwort für [[[NAME]]]")
    assert answer.status_code == 303
    page = desk.admin.get(answer.headers["Location"]).text
    assert "“Unser Rücksetzen” is saved." in page
    assert "Neues Passwort für Anna Rossi" in page
    assert desk.events() == ["copied", "edited"]
    assert desk.row(ref).version == 2
    desk.save(ref)
    assert desk.row(ref).version == 2, "nothing changed, nothing noted"
    assert len(desk.events()) == 2


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"html": "<p>[[[PASWORD]]]</p>"}, "There is no placeholder [[[PASWORD]]] here"),
        ({"subject": "[[[NAMEN]]] [[[X]]]"}, "no placeholder [[[NAMEN]]], [[[X]]] here"),
        ({"html": "<p>[[[NAME]]</p>"}, "begun but not ended: “[[[NAME]]"),
        ({"subject": "  "}, "Enter a subject"),
        ({"name": ""}, "Enter a name"),
        ({"html": " "}, "the mail would be empty"),
        ({"html": "<script>alert(1)</script>"}, "the mail would be empty"),
        ({"subject": "x" * 201}, "At most 200 characters"),
        ({"html": "x" * 100_001}, "At most 100000 characters"),
    ],
)
def test_what_would_break_a_mail_is_refused_and_what_was_typed_stays(
    desk: Desk, ref: str, fields: dict[str, str], words: str
) -> None:
    before = desk.row(ref)
    answer = desk.save(ref, **{"name": "Typed", **fields})
    assert answer.status_code == 422
    page = html.unescape(answer.text)
    assert words in page
    assert all(value.strip() in page for value in fields.values())
    assert filled(desk.row(ref)) == filled(before)
    assert "data-preview-now" in page


def test_a_subject_is_one_line_whatever_is_sent(desk: Desk, ref: str) -> None:
    desk.save(ref, subject="Hello\r\nBcc: everybody@example.com\u2028x")
    assert desk.row(ref).subject == "Hello Bcc: everybody@example.com x"


def test_html_is_sanitised_and_it_is_said_what_is_left_out(desk: Desk, ref: str) -> None:
    nasty = '<p onclick="x()">A</p><script>alert(1)</script><iframe src="https://x"></iframe>'
    answer = desk.save(ref, html=nasty)
    assert desk.row(ref).html == "<p>A</p>"
    page = html.unescape(desk.admin.get(answer.headers["Location"]).text)
    assert "mails can't carry it: onclick, <script>, <iframe>, src" in page


def test_left_out_names_nothing_that_stays() -> None:
    assert left_out('<p style="color:red">a<br><img src="https://x.test/a.png" alt="b"></p>') == []
    assert left_out("<form><input name=a></form><b>x") == ["<form>", "<input>", "name"]


# The preview ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "day"),
    [
        ("en", "March 14, 2030, 10:30"),
        ("fr", "14 mars 2030, 10:30"),
        ("de", "14. März 2030, 10:30"),
        ("it", "14 marzo 2030, 10:30"),
        ("es", "14 de marzo de 2030, 10:30"),
        ("pl", "14 marca 2030, 10:30"),
        ("sv", "14 mars 2030, 10:30"),
    ],
)
def test_samples_are_written_as_each_language_writes_them(
    desk: Desk, language: str, day: str
) -> None:
    with desk.world.portal.app_context(), scope(desk.world.acme_id):
        from webapp.orgs.models import Organisation

        acme = db.session.scalars(
            select(Organisation).where(Organisation.id == desk.world.acme_id)
        ).one()
        acme.time_zone = "Europe/Rome"
        commit()
    path = f"/first_password.{language}"
    framed = desk.admin.get(url(desk.world, f"{path}/preview")).text.replace("\xa0", " ")
    assert f'<html lang="{language}"' in framed
    assert day in framed
    assert "Acme" in framed, "the organisation's true name"
    page = desk.admin.get(url(desk.world, path)).text.replace("\xa0", " ")
    assert page.count(day) == 1, "and as plain text"
    other = desk.admin.get(url(desk.world, f"/first_password.pl/preview?sample={language}")).text
    assert day in other.replace("\xa0", " ")


def test_the_preview_is_alone_and_without_rights(desk: Desk, ref: str) -> None:
    for answer in (
        desk.admin.get(url(desk.world, f"/{ref}/preview")),
        desk.admin.post(url(desk.world, f"/{ref}/drafts"), filled(desk.row(ref))),
    ):
        assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_a_draft_is_shown_and_kept_nowhere(desk: Desk, ref: str) -> None:
    before = desk.row(ref)
    form = {"subject": "Hi [[[NAME]]]", "html": "<p>[[[NAME]]] [[[NOPE]]]<script>x</script></p>"}
    framed = desk.admin.post(url(desk.world, f"/{ref}/drafts"), {**form, "sample": "fr"}).text
    assert "Anna Rossi [[[NOPE]]]</p>" in framed
    assert '<html lang="fr"' in framed
    remarks = html.unescape(desk.admin.post(url(desk.world, f"/{ref}/remarks"), form).text)
    assert "Hi Anna Rossi" in remarks
    assert "There is no placeholder [[[NOPE]]] here" in remarks
    assert "mails can't carry it: <script>" in remarks
    assert filled(desk.row(ref)) == filled(before)


def test_remarks_come_as_a_fragment(desk: Desk, ref: str) -> None:
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    form = {"subject": "A", "html": "<p>B</p>"}
    part = desk.admin.post(url(desk.world, f"/{ref}/remarks"), form, headers=headers).text
    assert "<html" not in part
    assert "As plain text" in part


# Two at once ----------------------------------------------------------------------------------------------------


def test_who_saves_second_is_told_and_sees_both(desk: Desk, ref: str) -> None:
    mine = {**filled(desk.row(ref)), "version": "1", "subject": "Mine", "html": "<p>Mine</p>"}
    desk.save(ref, subject="Theirs", html="<p>Theirs</p>")
    answer = desk.admin.post(url(desk.world, f"/{ref}/edit"), mine)
    assert answer.status_code == 409
    page = html.unescape(answer.text)
    assert "Somebody saved this template since you opened it" in page
    assert page.index('<pre class="mail-text">Theirs') < page.index('<pre class="mail-text">Mine')
    assert desk.row(ref).subject == "Theirs"
    version = re.search(r'name="version" type="hidden" value="(\d+)"', page)
    assert version is not None
    again = desk.admin.post(url(desk.world, f"/{ref}/edit"), {**mine, "version": version[1]})
    assert again.status_code == 303
    assert desk.row(ref).subject == "Mine"


@pytest.mark.parametrize("version", ["", "0", "-1", "x", "9" * 40, "²"])
def test_a_version_that_is_none_overwrites_nothing(desk: Desk, ref: str, version: str) -> None:
    assert desk.save(ref, subject="Blind", version=version).status_code == 409
    assert desk.row(ref).subject != "Blind"


def test_who_saves_a_deleted_one_keeps_the_text(desk: Desk, ref: str) -> None:
    mine = {**filled(desk.row(ref)), "version": "1", "html": "<p>Long work</p>"}
    desk.admin.post(url(desk.world, f"/{ref}/deletions"))
    answer = desk.admin.post(url(desk.world, f"/{ref}/edit"), mine)
    assert answer.status_code == 410
    assert "&lt;p&gt;Long work&lt;/p&gt;" in answer.text


def test_activating_disturbs_nobody_who_edits(desk: Desk, ref: str) -> None:
    form = {**filled(desk.row(ref)), "version": "1", "subject": "Still fine"}
    desk.activate(ref)
    assert desk.admin.post(url(desk.world, f"/{ref}/edit"), form).status_code == 303


@pytest.mark.feature("P-21")
def test_of_those_activated_at_once_exactly_one_is_active(desk: Desk) -> None:
    refs = [desk.copy() for _ in range(4)]
    desk.activate(refs[0])
    start, faults = threading.Barrier(len(refs)), []

    def activate(ref: str) -> None:
        with desk.world.portal.app_context(), scope(desk.world.acme_id):
            row = db.session.scalars(
                select(EmailTemplate).where(EmailTemplate.public_id == ref)
            ).one()
            start.wait(10)
            try:
                services.activate(row)
                commit()
            except Exception as error:
                faults.append(error)

    for _round in range(3):
        threads = [threading.Thread(target=activate, args=(ref,)) for ref in refs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert faults == []
        assert sum(row.active for row in desk.rows()) == 1


def test_two_saves_at_once_keep_one_and_tell_the_other(desk: Desk, ref: str) -> None:
    start, told = threading.Barrier(2), []

    def save(subject: str) -> None:
        from webapp.mail.compose import Draft

        with desk.world.portal.app_context(), scope(desk.world.acme_id):
            row = db.session.scalars(
                select(EmailTemplate).where(EmailTemplate.public_id == ref)
            ).one()
            start.wait(10)
            try:
                services.edit_template(
                    row,
                    version=1,
                    name=row.name,
                    draft=Draft(subject, "<p>x</p>"),
                    now=row.updated_at,
                )
                commit()
            except services.Overtaken:
                told.append(subject)

    threads = [threading.Thread(target=save, args=(s,)) for s in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(told) == 1
    assert desk.row(ref).subject == ({"one", "two"} - set(told)).pop()


def test_a_template_of_a_stranger_has_no_editor(stranger: Person, desk: Desk, ref: str) -> None:
    own = f"/o/{desk.world.globex}/mail/templates/{ref}"
    assert stranger.get(f"{own}/edit").status_code == 404
    assert stranger.post(f"{own}/drafts").status_code == 404
    assert desk.admin.get(url(desk.world, f"/{SYSTEM}/edit")).status_code == 422
