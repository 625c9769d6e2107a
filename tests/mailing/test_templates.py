"""P-20, P-21: templates by kind, language and organisation; copies, activation, what is used in the end."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from tests import make
from tests.cast import Person, World, sign_in
from tests.mailing.desk import SYSTEM, Desk, url
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.mail import templates as services
from webapp.mail.types import all_types
from webapp.orgs.models import Organisation
from webapp.settings import LANGUAGES

GERMAN = "System default: Password reset (de)"


@pytest.mark.feature("P-20")
def test_the_list_has_every_kind_in_every_language(desk: Desk) -> None:
    names = {name for name, _state in desk.listed("?type=password_reset")}
    for language in LANGUAGES:
        assert f"System default: Password reset ({language})" in names
    page = desk.admin.get(url(desk.world)).text
    assert re.search(r"\d+ templates", page)


@pytest.mark.feature("P-20")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?type=password_reset&language=de", 2),
        ("?type=password_reset", 8),
        ("?type=password_reset&active=no", 1),
        ("?type=password_reset&active=yes&language=de&language=fr", 2),
        ("?origin=own", 1),
        ("?q=copy", 1),
        ("?q=PASSWORD+RESET+(d", 2),
        ("?q=nothing%25like_it", 0),
    ],
)
def test_filters_narrow_the_list(desk: Desk, query: str, expected: int) -> None:
    desk.copy()
    assert len(desk.listed(query)) == expected


@pytest.mark.feature("P-20")
@pytest.mark.parametrize("sort", ["name", "-name", "kind", "-kind", "language", "-language"])
def test_it_sorts_and_pages_through_all(desk: Desk, sort: str) -> None:
    desk.copy()
    found = all_pages(desk, f"?sort={sort}&size=25")
    assert found == all_pages(desk, f"?sort={sort}&size=100")
    assert len(set(found)) == len(found) == len(all_types()) * len(LANGUAGES) + 1


def all_pages(desk: Desk, query: str) -> list[tuple[str, str]]:
    found = desk.listed(query)
    page = desk.admin.get(url(desk.world, query)).text
    while following := re.search(r'href="[^"]*templates(\?[^"]*after=[^"]*)"', page):
        query = following[1].replace("&amp;", "&")
        page = desk.admin.get(url(desk.world, query)).text
        found += desk.listed(query)
    return found


@pytest.mark.feature("P-23")
def test_the_trade_of_a_kind_narrows_the_list(desk: Desk) -> None:
    of_tills = {name for name, _state in desk.listed("?trade=tills")}
    assert of_tills == {f"System default: Till linked ({language})" for language in LANGUAGES}
    shared = {name for name, _state in desk.listed("?trade=all&language=en")}
    assert "System default: Password reset (en)" in shared
    assert not any("Till linked" in name for name in shared)


@pytest.mark.feature("P-17")
@pytest.mark.feature("P-23")
def test_kinds_of_a_trade_that_is_switched_off_stay_out_of_the_list(desk: Desk) -> None:
    copy = desk.copy("till_linked.de")
    switch_on(desk.world, "printers", "fuel")
    assert desk.listed("?trade=tills") == []
    assert len(desk.listed("?trade=fuel&language=en")) == 11
    assert desk.row(copy).type == "till_linked", "its own words wait until the trade is back"
    switch_on(desk.world, "tills")
    assert len(desk.listed("?trade=tills")) == len(LANGUAGES) + 1


def switch_on(world: World, *trades: str) -> None:
    with world.portal.app_context(), unscoped("a test sets up"):
        organisation = db.session.get(Organisation, world.acme_id)
        assert organisation is not None
        organisation.trades = list(trades)
        commit()


@pytest.mark.feature("P-23")
@pytest.mark.parametrize("kind", ["licence", "connection_request", "till_linked"])
def test_words_of_a_trade_to_come_can_be_adapted_before_its_screens(desk: Desk, kind: str) -> None:
    ref = desk.copy(f"{kind}.sv")
    assert desk.save(ref, subject="Egna ord", html="<p>[[[LINK]]]</p>").status_code == 303
    desk.activate(ref)
    listed = dict(desk.listed(f"?type={kind}&language=sv"))
    assert sorted(listed.values()) == ["active", "inactive"]
    trade = re.search(
        r"<dt>Trade</dt>\s*<dd>([^<]+)</dd>", desk.admin.get(url(desk.world, f"/{ref}")).text
    )
    assert trade
    assert trade[1].strip() in ("Fuel sites", "Alarm hubs", "Tills")
    preview = desk.admin.get(url(desk.world, f"/{ref}/preview"))
    assert preview.status_code == 200
    assert "https://outpost.example/" in preview.text


@pytest.mark.feature("P-20")
def test_the_list_comes_as_a_file(desk: Desk) -> None:
    desk.copy()
    answer = desk.admin.get(url(desk.world, "?type=password_reset&language=de&format=csv"))
    lines = answer.text.splitlines()
    assert len(lines) == 3
    assert "Copy of System default: Password reset (de)" in lines[2]


@pytest.mark.feature("P-21")
def test_a_copy_stands_under_its_original_inactive_and_named_so(desk: Desk) -> None:
    desk.copy()
    listed = desk.listed("?type=password_reset")
    at = listed.index((GERMAN, "active"))
    assert listed[at + 1] == (f"Copy of {GERMAN}", "inactive")
    assert len(listed) == len(LANGUAGES) + 1
    assert desk.events() == ["copied"]


@pytest.mark.feature("P-21")
def test_a_copy_of_a_copy_and_a_double_click(desk: Desk) -> None:
    first = desk.copy(nonce="once")
    desk.admin.post(url(desk.world, f"/{SYSTEM}/copies"), {"nonce": "once"})
    assert desk.ids() == [first]
    second = desk.copy(first)
    assert desk.row(second).name == f"Copy of Copy of {GERMAN}"
    assert desk.row(second).copied_from_id == desk.row(first).id


@pytest.mark.feature("P-21")
def test_activating_makes_the_other_one_inactive(desk: Desk) -> None:
    first, second = desk.copy(), desk.copy()
    desk.activate(first)
    assert [state for _n, state in desk.listed("?type=password_reset&language=de")] == [
        "inactive",
        "active",
        "inactive",
    ]
    desk.activate(second)
    desk.activate(second)
    assert [row.active for row in desk.rows()] == [False, True]
    assert len({name for name, state in desk.listed("?language=fr") if state == "inactive"}) == 0
    assert desk.events() == ["copied", "copied", "activated", "activated"]


@pytest.mark.feature("P-21")
def test_the_system_default_is_activated_by_leaving_ones_own(desk: Desk) -> None:
    ref = desk.copy()
    desk.activate(ref)
    desk.activate(SYSTEM)
    assert [row.active for row in desk.rows()] == [False]
    assert desk.listed("?type=password_reset&language=de")[0] == (GERMAN, "active")


@pytest.mark.feature("P-21")
@pytest.mark.parametrize("rest", ["/edit", "/deletions", "/drafts", "/remarks"])
def test_a_system_default_is_only_copied(desk: Desk, rest: str) -> None:
    answer = desk.admin.post(url(desk.world, f"/{SYSTEM}{rest}"), {"name": "x"})
    assert answer.status_code == 422
    assert "Make a copy of this one first" in answer.text
    page = desk.admin.get(url(desk.world, f"/{SYSTEM}")).text
    assert "Create copy" in page
    assert f"{SYSTEM}/edit" not in page
    assert f"{SYSTEM}/deletion" not in page


@pytest.mark.feature("P-21")
def test_deleting_the_active_one_says_what_is_used_then(desk: Desk) -> None:
    ref = desk.copy()
    assert "no mail changes" in desk.admin.get(url(desk.world, f"/{ref}/deletion")).text
    desk.activate(ref)
    asked = desk.admin.get(url(desk.world, f"/{ref}/deletion")).text
    assert f"such mails are written with “{GERMAN}”" in asked
    answer = desk.admin.post(url(desk.world, f"/{ref}/deletions"))
    assert answer.status_code == 303
    assert desk.rows() == []
    assert desk.listed("?type=password_reset&language=de") == [(GERMAN, "active")]
    assert desk.admin.post(url(desk.world, f"/{ref}/deletions")).status_code == 404
    assert desk.events()[-1] == "deleted"


@pytest.mark.feature("P-21")
def test_a_mail_written_with_it_outlives_its_template(desk: Desk) -> None:
    ref = desk.copy()
    desk.save(ref, subject="Unser Text")
    desk.activate(ref)
    desk.write()
    desk.admin.post(url(desk.world, f"/{ref}/deletions"))
    [mail] = desk.mails()
    assert (mail.subject, mail.template_id) == ("Unser Text", None)


# Choice at sending, through the screens ------------------------------------------------------------------------


@pytest.mark.feature("P-21")
def test_the_active_one_is_used_in_its_language_alone(desk: Desk) -> None:
    ref = desk.copy()
    desk.save(ref, subject="Unser Text")
    assert desk.write().subject != "Unser Text", "inactive as yet"
    desk.activate(ref)
    assert desk.write().subject == "Unser Text"
    assert desk.write("de-AT").subject == "Unser Text"
    assert desk.write("fr").subject != "Unser Text"
    shown = desk.admin.get(url(desk.world, "/password_reset.fr")).text
    assert f'templates/{ref}">' in shown, "the page says what recipients of each language get"


@pytest.fixture
def below(desk: Desk) -> tuple[Desk, int]:
    """An organisation under Acme, seen by its own administrator."""
    world = desk.world
    with world.portal.app_context(), unscoped("a tree"):
        from webapp.orgs.models import Organisation

        acme = db.session.scalars(
            select(Organisation).where(Organisation.id == world.acme_id)
        ).one()
        south = make.organisation("South", parent=acme)
        user = make.user("admin@south.test")
        make.membership(user, south, "administrator")
        commit()
        ids = south.public_id, south.id
    person = sign_in(world, "admin@south.test")
    lower = Desk(person)
    lower.world = World(world.portal, acme=ids[0], acme_id=ids[1])
    return lower, ids[1]


@pytest.mark.feature("P-21")
def test_below_the_parents_template_is_used_until_there_is_an_own_one(
    desk: Desk, below: tuple[Desk, int]
) -> None:
    lower, south = below
    ref = desk.copy()
    desk.save(ref, name="Acme's own", subject="Von Acme")
    assert ("Acme&#39;s own", "inactive") not in lower.listed("?language=de")
    desk.activate(ref)
    query = "?type=password_reset&language=de"
    assert lower.listed(query) == [(GERMAN, "inactive"), ("Acme&#39;s own", "active")]
    assert lower.write(organisation_id=south).subject == "Von Acme"
    refused = lower.admin.post(url(lower.world, f"/{SYSTEM}/activations"))
    assert refused.status_code == 422
    assert "comes first" in refused.text
    assert lower.admin.get(url(lower.world, f"/{ref}")).status_code == 200
    assert lower.admin.post(url(lower.world, f"/{ref}/edit"), {"name": "x"}).status_code == 422

    own = lower.copy(ref)
    lower.save(own, subject="Aus dem Süden")
    lower.activate(own)
    assert lower.write(organisation_id=south).subject == "Aus dem Süden"
    assert desk.write().subject == "Von Acme"
    asked = lower.admin.get(url(lower.world, f"/{own}/deletion")).text
    assert "such mails are written with “Acme&#39;s own”" in asked
    lower.activate(ref)
    assert lower.write(organisation_id=south).subject == "Von Acme"


def test_copies_are_not_made_without_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_TEMPLATES", 1)
    desk.copy()
    answer = desk.admin.post(url(desk.world, f"/{SYSTEM}/copies"), {"nonce": "more"})
    assert answer.status_code == 422
    assert "Delete some" in answer.text


# Whose ----------------------------------------------------------------------------------------------------------


@pytest.mark.feature("P-15", "P-20")
def test_a_reader_looks_but_changes_nothing(desk: Desk, reader: Person) -> None:
    ref = desk.copy()
    page = reader.get(url(desk.world))
    assert page.status_code == 200
    assert "Create copy" not in page.text
    shown = reader.get(url(desk.world, f"/{ref}"))
    assert shown.status_code == 200
    assert "Delete" not in shown.text
    for rest in ("copies", "activations", "deletions", "edit", "test", "drafts"):
        assert reader.post(url(desk.world, f"/{ref}/{rest}")).status_code == 403


@pytest.mark.feature("P-11", "P-20")
def test_a_stranger_sees_none_of_it(desk: Desk, stranger: Person) -> None:
    ref = desk.copy()
    desk.activate(ref)
    assert stranger.get(url(desk.world, f"/{ref}")).status_code == 404
    own = f"/o/{desk.world.globex}/mail/templates"
    assert stranger.get(f"{own}/{ref}").status_code == 404
    assert "Copy of" not in stranger.get(f"{own}?size=200").text
    assert stranger.post(f"{own}/{ref}/deletions").status_code == 404


@pytest.mark.feature("P-15")
def test_the_right_alone_is_enough(desk: Desk, portal: Portal) -> None:
    """An advanced permission, granted one by one."""
    with portal.app_context(), unscoped("a member with one right"):
        from webapp.orgs.models import Organisation

        acme = db.session.scalars(
            select(Organisation).where(Organisation.id == desk.world.acme_id)
        ).one()
        user = make.user("words@acme.test")
        grants = ["organisation:mail_templates:read", "organisation:mail_templates:edit"]
        make.membership(user, acme, grants=grants)
        commit()
    writer = Desk(sign_in(desk.world, "words@acme.test"))
    ref = writer.copy()
    assert writer.save(ref, subject="Neu").status_code == 303


@pytest.mark.feature("P-20", "P-38")
def test_the_list_comes_as_a_fragment_too(desk: Desk) -> None:
    ref = desk.copy()
    part = desk.admin.fragment(url(desk.world, "?origin=own"))
    assert part.status_code == 200
    assert "<html" not in part.text
    assert f'id="delete-{ref}"' in part.text, "with the dialogs of its rows"
