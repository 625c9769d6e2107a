"""An organisation's settings: look, trades, logo, the document that goes with invitations (P-17)."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.cast import Person, World
from tests.orgs.guests import invite
from tests.orgs.trees import Tree, events, mails, organisation, version_in
from webapp.core.db import commit, db
from webapp.core.files import File
from webapp.core.tenancy import unscoped
from webapp.mail.smtp import message_of
from webapp.orgs.models import Organisation, OrganisationDocument

pytestmark = pytest.mark.feature("P-17")

PDF = b"%PDF-1.4\n1 0 obj << >> endobj\ntrailer << >>\n%%EOF\n"


def settings(who: Person, org: str = "") -> str:
    return f"/o/{org or who.world.acme}/settings"


def save(admin: Person, **data: Any) -> TestResponse:
    version = version_in(admin.get(settings(admin)).text)
    plain = {"colour": "", "trades": ["printers"], "version": version}
    return admin.post(settings(admin), {**plain, **data})


def picture(kind: str = "PNG", size: tuple[int, int] = (600, 600), mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "teal" if mode == "RGB" else None).save(out, kind)
    return out.getvalue()


def upload(who: Person, what: str, content: bytes, name: str, **data: str) -> TestResponse:
    field = "logo" if what == "logo" else "file"
    files = {field: (io.BytesIO(content), name), **data}
    return who.post(f"{settings(who)}/{what}", files, content_type="multipart/form-data")


def document(
    who: Person, content: bytes = PDF, name: str = "Info.pdf", language: str = "en"
) -> Any:
    return upload(who, "documents", content, name, language=language)


def count(world: World, model: type) -> int:
    with world.portal.app_context(), unscoped("counting"):
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def logo_url(page: str) -> str:
    found = re.search(r"/o/[\w-]+/logo/\w+", page)
    assert found, "no logo on the page"
    return found[0]


def test_colour_and_trades_are_saved_and_noted(admin: Person, world: World) -> None:
    assert save(admin, colour="11").status_code == 303
    row = organisation(world, world.acme)
    assert (row.colour, row.trades) == (11, ["printers"])
    assert "org-mark has-colour label-11" in admin.get(f"/o/{world.acme}/").text
    assert save(admin, colour="11").status_code == 303
    assert events(world, world.acme_id).count("organisation:settings:changed") == 1


def test_the_menu_shows_the_trades_alone(admin: Person, world: World) -> None:
    home = f"/o/{world.acme}/"
    assert "Fuel sites" in admin.get(home).text
    save(admin)
    page = admin.get(home).text
    assert "Fuel sites" not in page
    assert "Panic buttons" in page
    with world.portal.app_context():
        row = db.session.scalars(select(Organisation).where(Organisation.id == world.acme_id)).one()
        row.trades = ["fuel"]
        commit()
    assert "Panic buttons" not in admin.get(home).text


@pytest.mark.parametrize(
    "wrong", [{"colour": "13"}, {"colour": "red"}, {"trades": []}, {"trades": ["bakery"]}]
)
def test_what_is_not_offered_is_refused(
    admin: Person, world: World, wrong: dict[str, object]
) -> None:
    assert save(admin, **wrong).status_code == 422
    assert organisation(world, world.acme).colour is None


def test_an_older_version_is_refused(admin: Person, world: World) -> None:
    version = version_in(admin.get(settings(admin)).text)
    save(admin, colour="3")
    assert save(admin, colour="4", version=version).status_code == 409
    assert organisation(world, world.acme).colour == 3


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_logo_is_made_smaller_and_written_anew(admin: Person, world: World, kind: str) -> None:
    assert upload(admin, "logo", picture(kind), "logo.bin").status_code == 303
    answer = admin.get(logo_url(admin.get(f"/o/{world.acme}/").text))
    assert answer.mimetype == "image/png"
    assert "immutable" in answer.headers["Cache-Control"]
    with Image.open(io.BytesIO(answer.data)) as shown:
        assert (shown.format, shown.size) == ("PNG", (160, 160))


def test_nothing_but_the_picture_is_kept(admin: Person, world: World) -> None:
    """What somebody hid behind or inside the file is gone."""
    smuggled = picture("PNG", (10, 10)) + b"<script>alert(1)</script>"
    upload(admin, "logo", smuggled, "logo.png")
    answer = admin.get(logo_url(admin.get(f"/o/{world.acme}/").text))
    assert b"script" not in answer.data


def test_a_new_logo_takes_the_place_of_the_old(admin: Person, world: World) -> None:
    upload(admin, "logo", picture(), "a.png")
    old = logo_url(admin.get(f"/o/{world.acme}/").text)
    upload(admin, "logo", picture(size=(50, 20)), "b.png")
    assert admin.get(old).status_code == 404
    assert count(world, File) == 1
    assert admin.post(f"{settings(admin)}/logo/removal").status_code == 303
    assert count(world, File) == 0
    assert "/logo/" not in admin.get(f"/o/{world.acme}/").text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Choose a picture|The file is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no PNG, JPEG or WebP"),
        (picture()[:200], "no PNG, JPEG or WebP"),
        (picture("GIF", (5, 5)), "no PNG, JPEG or WebP"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 300, "no PNG, JPEG or WebP"),
        (PDF, "no PNG, JPEG or WebP"),
        (b"x" * (2 * 1024 * 1024 + 1), "too large"),
        (picture("PNG", (5001, 5000)), "too many pixels"),
    ],
    ids=["empty", "svg", "cut off", "gif", "garbage", "pdf", "large", "huge"],
)
def test_what_is_no_picture_is_refused(
    admin: Person, world: World, content: bytes, words: str
) -> None:
    answer = upload(admin, "logo", content, "logo.png")
    assert answer.status_code == 422
    assert re.search(words, answer.text)
    assert count(world, File) == 0


def test_a_document_can_be_looked_at_and_removed(admin: Person, world: World) -> None:
    assert document(admin, name="C:\\docs\\Über uns.PDF").status_code == 303
    assert "Über uns.pdf" in admin.get(settings(admin)).text
    answer = admin.get(f"{settings(admin)}/documents/en")
    assert (answer.mimetype, answer.data) == ("application/pdf", PDF)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert admin.get(f"{settings(admin)}/documents/de").status_code == 404
    assert admin.post(f"{settings(admin)}/documents/en/removal").status_code == 303
    assert admin.post(f"{settings(admin)}/documents/en/removal").status_code == 404
    assert (count(world, File), count(world, OrganisationDocument)) == (0, 0)


def test_one_document_a_language(admin: Person, world: World) -> None:
    document(admin)
    document(admin, name="second.pdf")
    document(admin, language="de")
    assert (count(world, File), count(world, OrganisationDocument)) == (2, 2)


@pytest.mark.parametrize(
    "content",
    [b"MZ not a pdf", b"%PDF-1.4 cut off", b"", PDF + b"x" * (5 * 1024 * 1024)],
    ids=["other", "cut off", "empty", "large"],
)
def test_what_is_no_pdf_is_refused(admin: Person, world: World, content: bytes) -> None:
    assert document(admin, content).status_code == 422
    assert count(world, File) == 0


def attached(world: World) -> list[str]:
    """Names of the files that the latest mail leaves with, read from the message itself."""
    mail = mails(world, "invitation")[-1]
    with world.portal.app_context(), unscoped("as the drain does"):
        message = message_of(db.session.merge(mail))
        assert bytes(message.as_bytes())
        return [str(a.filename) for a in message.attachments]


@pytest.mark.feature("P-16")
def test_it_goes_with_the_invitation_in_the_mail_s_language(admin: Person, world: World) -> None:
    document(admin, name="English.pdf")
    document(admin, name="Deutsch.pdf", language="de")
    for language, name in (("de", "Deutsch.pdf"), ("sv", "English.pdf")):
        page = invite(admin, language=language)
        assert name in admin.get(page).text
        admin.post(f"{page}/sendings")
        assert attached(world) == [name]


@pytest.mark.feature("P-16")
def test_below_it_is_that_of_the_organisation_above(admin: Person, tree: Tree) -> None:
    document(admin, name="Acme.pdf")
    admin.post(f"{invite(admin, organisation=tree.fjord)}/sendings")
    assert attached(tree.world) == ["Acme.pdf"]


@pytest.mark.feature("P-16")
def test_a_mail_under_way_keeps_the_document_that_was_replaced(admin: Person, world: World) -> None:
    document(admin, name="Old.pdf")
    admin.post(f"{invite(admin)}/sendings")
    document(admin, name="New.pdf")
    admin.post(f"{settings(admin)}/documents/en/removal")
    assert attached(world) == ["Old.pdf"]


@pytest.mark.feature("P-16")
def test_without_a_document_nothing_is_attached(admin: Person, world: World) -> None:
    admin.post(f"{invite(admin)}/sendings")
    assert attached(world) == []


@pytest.mark.feature("P-11")
def test_files_of_others_are_unknown(admin: Person, stranger: Person, reader: Person) -> None:
    upload(admin, "logo", picture(), "a.png")
    document(admin)
    logo = logo_url(admin.get(f"/o/{admin.world.acme}/").text)
    assert reader.get(logo).status_code == 200
    assert reader.get(f"{settings(admin)}/documents/en").status_code == 200
    assert reader.get(settings(admin)).status_code == 403
    for url in (logo, logo.replace(admin.world.acme, admin.world.globex)):
        assert stranger.get(url).status_code == 404
    theirs = settings(admin, admin.world.globex)
    assert stranger.get(f"{theirs}/documents/en").status_code == 404
    assert stranger.post(f"{theirs}/documents/en/removal").status_code == 404
