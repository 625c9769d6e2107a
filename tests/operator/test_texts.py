"""System mail templates to look at, and the system's information document (P-36, P-16)."""

from __future__ import annotations

import io

import pytest

from tests.cast import Person, World
from tests.operator.desk import events
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.mail.models import EmailTemplate
from webapp.orgs.models import Organisation
from webapp.orgs.services.documents import document_for

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def upload(operator: Person, content: bytes = PDF, language: str = "en") -> int:
    data = {"language": language, "file": (io.BytesIO(content), "Welcome to Outpost.pdf")}
    answer = operator.post("/operator/documents", data, content_type="multipart/form-data")
    return answer.status_code


def document_of_acme(world: World, language: str = "en") -> str | None:
    with world.portal.app_context(), unscoped("what goes with an invitation"):
        acme = db.session.scalars(db.select(Organisation).filter_by(id=world.acme_id)).one()
        file = document_for(acme, language)
        return file.name if file else None


@pytest.mark.feature("P-16", "P-36")
def test_organisations_without_one_use_the_systems(operator: Person, world: World) -> None:
    assert document_of_acme(world) is None
    assert upload(operator) == 303
    assert document_of_acme(world) == "Welcome to Outpost.pdf"
    assert document_of_acme(world, "pl") == "Welcome to Outpost.pdf", "else English"
    assert events(world) == ["organisation:settings:document_changed"]


@pytest.mark.feature("P-16", "P-36")
def test_an_organisations_own_goes_before(operator: Person, admin: Person, world: World) -> None:
    upload(operator)
    data = {"language": "en", "file": (io.BytesIO(PDF), "Acme.pdf")}
    url = f"/o/{world.acme}/settings/documents"
    assert admin.post(url, data, content_type="multipart/form-data").status_code == 303
    assert document_of_acme(world) == "Acme.pdf"
    assert "Acme.pdf" not in operator.get("/operator/documents").text


@pytest.mark.feature("P-16", "P-36")
def test_it_is_shown_replaced_and_removed(operator: Person, world: World) -> None:
    upload(operator)
    shown = operator.get("/operator/documents/en")
    assert shown.data == PDF
    assert "attachment" in shown.headers["Content-Disposition"]
    newer = PDF + b"% second\n"
    assert upload(operator, newer) == 303
    assert operator.get("/operator/documents/en").data == newer
    assert operator.post("/operator/documents/en/removal").status_code == 303
    assert operator.get("/operator/documents/en").status_code == 404
    assert operator.post("/operator/documents/en/removal").status_code == 404
    assert document_of_acme(world) is None


@pytest.mark.feature("P-16", "P-36")
@pytest.mark.parametrize("content", [b"<html>no pdf</html>", b""])
def test_what_is_no_pdf_is_refused(operator: Person, world: World, content: bytes) -> None:
    assert upload(operator, content) == 422
    assert document_of_acme(world) is None


def adapted(world: World, *, active: bool) -> None:
    with world.portal.app_context(), unscoped("an organisation's own template"):
        row = EmailTemplate(
            organisation_id=world.acme_id,
            type="invitation",
            language="de",
            name="Unsere",
            subject="Hallo",
            html="<p>Hallo</p>",
            active=active,
            created_at=utcnow(),
            updated_at=utcnow(),
        )
        db.session.add(row)
        commit()


@pytest.mark.feature("P-36")
def test_every_kind_in_every_language_is_listed(operator: Person) -> None:
    page = operator.get("/operator/templates?type=invitation").text
    assert page.count('href="/operator/templates/invitation/') == 7
    assert "Deutsch" in page


@pytest.mark.feature("P-36")
def test_the_list_says_how_many_adapted_one(operator: Person, world: World) -> None:
    adapted(world, active=False)
    adapted(world, active=True)
    listed = operator.get("/operator/templates?format=csv&type=invitation&language=de").text
    assert listed.strip().splitlines()[1].split(",")[-2:] == ["1", "1"]
    page = operator.get("/operator/templates/invitation/de").text
    assert ">Acme</a>" in page
    assert "In use" in page


@pytest.mark.feature("P-36")
def test_one_is_previewed_alone_in_a_frame(operator: Person, world: World) -> None:
    page = operator.get("/operator/templates/invitation/sv").text
    assert 'src="/operator/templates/invitation/sv/preview"' in page
    preview = operator.get("/operator/templates/invitation/sv/preview")
    assert preview.status_code == 200
    assert preview.headers["Content-Security-Policy"].startswith("sandbox")
    assert "Marco Bianchi" in preview.text


@pytest.mark.feature("P-36")
@pytest.mark.parametrize("path", ["nothing/de", "invitation/xx", "nothing/de/preview"])
def test_unknown_ones_are_404(operator: Person, path: str) -> None:
    assert operator.get(f"/operator/templates/{path}").status_code == 404
