"""Invitations from the inviting side: made, changed, sent, linked, tried out, revoked; and by whom (P-16)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.cast import Person, World, sign_in
from tests.orgs.guests import (
    accept,
    change,
    fields,
    invitation,
    invite,
    link_of,
    mailed_link,
)
from tests.orgs.trees import Tree, events, mails, person, version_in
from webapp.accounts.models import User
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.jobs import JobState
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.mail.models import Mail
from webapp.orgs.jobs import expire_old_invitations
from webapp.orgs.models import InvitationState, Membership
from webapp.orgs.services.invitations import MOVES

pytestmark = pytest.mark.feature("P-16")


def edit(admin: Person, page: str, **more: object) -> int:
    form = admin.get(f"{page}/edit")
    data = {**fields(admin.world), "version": version_in(form.text), **more}
    return admin.post(f"{page}/edit", data).status_code


def test_saving_prepares_it_and_sends_nothing(admin: Person, world: World) -> None:
    page = invite(admin)
    row = invitation(world)
    assert (row.state, row.token_digest, row.expires_at) == ("created", None, None)
    assert mails(world) == []
    assert "Prepared" in admin.get(page).text
    assert "organisation:invitation:created" in events(world, world.acme_id)


def test_sent_twice_the_form_makes_one(admin: Person, world: World) -> None:
    first = invite(admin, nonce="the-same")
    assert invite(admin, nonce="the-same") == first
    assert "1 invitation" in admin.get(f"/o/{world.acme}/invitations").text


def test_sending_starts_seven_days_and_hides_the_link_in_the_outbox(
    admin: Person, world: World
) -> None:
    page, before = invite(admin), utcnow()
    assert admin.post(f"{page}/sendings").location == page
    row = invitation(world)
    assert row.state == "sent"
    assert row.expires_at is not None
    assert timedelta(0) <= row.expires_at - before - timedelta(days=7) < timedelta(minutes=1)
    mail = mails(world, "invitation")[0]
    assert (mail.recipient, mail.recipient_name) == ("nora@new.test", "Nora Neu")
    assert mail.subject == "Admin invites you to Acme"
    assert "Reader" in str(mail.text)
    assert mail.has_secret
    assert mailed_link(world).rpartition("/")[2] not in str(mail.html)
    assert len(mailed_link(world).rpartition("/")[2]) * 6 >= 128


def test_the_mail_speaks_the_invitation_s_language(admin: Person, world: World) -> None:
    admin.post(f"{invite(admin, language='de')}/sendings")
    assert mails(world, "invitation")[0].subject == "Admin lädt Sie zu Acme ein"


def test_a_link_is_shown_once_and_a_new_one_kills_the_old(
    admin: Person, visitor: Person, world: World
) -> None:
    page = invite(admin, email="")
    old = link_of(admin, page)
    assert old not in admin.get(page).text
    assert admin.get(f"{page}/links").location == page
    new = link_of(admin, page)
    assert visitor.get(old).status_code == 410
    assert visitor.get(new).status_code == 200


def test_sending_again_takes_back_the_mail_that_has_not_left(admin: Person, world: World) -> None:
    page = invite(admin)
    admin.post(f"{page}/sendings")
    admin.post(f"{page}/sendings")
    assert [m.state for m in mails(world, "invitation")] == [JobState.CANCELLED, JobState.WAITING]


def test_without_an_address_it_can_not_be_mailed(admin: Person, world: World) -> None:
    page = invite(admin, email="")
    answer = admin.post(f"{page}/sendings")
    assert answer.status_code == 422
    assert "no mail address" in answer.text
    assert invitation(world).state == "created"
    assert "Send invitation by mail" not in admin.get(page).text


def test_roles_can_be_changed_while_the_link_is_out(
    admin: Person, visitor: Person, world: World
) -> None:
    page = invite(admin)
    link = link_of(admin, page)
    assert edit(admin, page, roles=["printer_admin"], name="Nora Nova") == 303
    row = invitation(world)
    assert (row.name, row.roles, row.state) == ("Nora Nova", ["printer_admin"], "sent")
    assert "Printer administrator" in visitor.get(link).text


@pytest.mark.parametrize("what", ["email", "organisation"])
def test_another_address_or_organisation_lets_the_link_die(
    admin: Person, visitor: Person, tree: Tree, what: str
) -> None:
    page = invite(admin)
    admin.post(f"{page}/sendings")
    link = mailed_link(tree.world)
    assert edit(admin, page, **{what: {"email": "other@new.test"}.get(what, tree.south)}) == 303
    assert invitation(tree.world).state == "created"
    assert visitor.get(link).status_code == 410
    assert mails(tree.world, "invitation")[0].state == JobState.CANCELLED


def test_who_edits_an_older_version_sees_both(admin: Person, world: World) -> None:
    page = invite(admin)
    assert edit(admin, page, name="First") == 303
    answer = admin.post(f"{page}/edit", {**fields(world, name="Second"), "version": "1"})
    assert answer.status_code == 409
    assert "First" in answer.text
    assert "Second" in answer.text
    assert invitation(world).name == "First"


def test_after_accepting_nothing_can_be_changed(
    admin: Person, visitor: Person, world: World
) -> None:
    page = invite(admin)
    assert accept(visitor, link_of(admin, page)).status_code == 303
    assert admin.get(f"{page}/edit").status_code == 422
    for verb in ("edit", "sendings", "links", "revocation"):
        data = {**fields(world), "version": "1"} if verb == "edit" else {}
        assert admin.post(f"{page}/{verb}", data).status_code == 422, verb
    shown = admin.get(page).text
    assert "Accepted by" in shown
    assert "Revoke invitation" not in shown


def test_revoking_kills_the_link_and_the_waiting_mail(
    admin: Person, visitor: Person, world: World
) -> None:
    page = invite(admin)
    admin.post(f"{page}/sendings")
    link = mailed_link(world)
    assert "opens nothing any more" in admin.get(f"{page}/revocation").text
    assert admin.post(f"{page}/revocation").status_code == 303
    assert admin.post(f"{page}/revocation").status_code == 303
    assert invitation(world).state == "revoked"
    assert visitor.get(link).status_code == 410
    assert mails(world, "invitation")[0].state == JobState.CANCELLED
    assert events(world, world.acme_id).count("organisation:invitation:revoked") == 1
    assert admin.post(f"{page}/links").status_code == 422


def test_the_clock_lets_it_expire_and_it_can_be_sent_again(
    admin: Person, visitor: Person, world: World, portal: Portal
) -> None:
    page = invite(admin)
    link = link_of(admin, page)
    change(world, lambda row: setattr(row, "expires_at", utcnow() - timedelta(seconds=1)))
    assert visitor.get(link).status_code == 410
    assert "Expired" in admin.get(f"/o/{world.acme}/invitations?state=expired").text
    with portal.app_context():
        expire_old_invitations()
        expire_old_invitations()
    assert invitation(world).state == "expired"
    assert events(world, world.acme_id).count("organisation:invitation:expired") == 1
    admin.post(f"{page}/sendings")
    assert visitor.get(mailed_link(world)).status_code == 200


def test_only_these_states_follow_one_another() -> None:
    """Accepted and revoked are the end; nothing is accepted that was not sent."""
    S = InvitationState  # noqa: N806
    assert {state for state, next_ in MOVES.items() if not next_} == {S.ACCEPTED, S.REVOKED}
    assert {state for state, next_ in MOVES.items() if S.ACCEPTED in next_} == {S.SENT}
    assert set(MOVES) == set(S)


def test_the_preview_is_the_mail_without_its_link(admin: Person, world: World) -> None:
    page = invite(admin, language="it")
    answer = admin.get(f"{page}/preview")
    assert "Admin la invita a lavorare" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert invitation(world).state == "created"


def test_a_test_mail_holds_nothing_that_works(admin: Person, world: World) -> None:
    page = invite(admin)
    assert "admin@acme.test" in admin.get(f"{page}/test").text
    assert admin.post(f"{page}/test", {"to": "elsewhere@acme.test"}).status_code == 303
    mail = mails(world, "invitation")[0]
    assert mail.recipient == "elsewhere@acme.test"
    assert mail.subject.startswith("[Test]")
    assert invitation(world).state == "created"
    assert admin.post(f"{page}/test", {"to": "no address"}).status_code == 422


def test_send_again_in_the_outbox_makes_a_fresh_link(
    admin: Person, visitor: Person, world: World
) -> None:
    admin.post(f"{invite(admin)}/sendings")
    old = mailed_link(world)
    with world.portal.app_context(), unscoped("the mail has left"):
        db.session.execute(update(Mail).values(state="done"))
        commit()
    mail_id = mails(world, "invitation")[0].public_id
    assert admin.post(f"/o/{world.acme}/mail/{mail_id}/resendings").status_code == 303
    assert mailed_link(world) != old
    assert visitor.get(old).status_code == 410
    assert visitor.get(mailed_link(world)).status_code == 200


@pytest.mark.feature("P-15")
def test_nobody_invites_with_rights_beyond_their_own(world: World) -> None:
    person(world, "clerk@acme.test", (world.acme, "reader"))
    with world.portal.app_context(), unscoped("a right more"):
        row = db.session.scalars(
            select(Membership).join(User).where(User.email == "clerk@acme.test")
        ).one()
        row.grants = ["organisation:users:edit"]
        commit()
    clerk = sign_in(world, "clerk@acme.test")
    new = f"/o/{world.acme}/invitations/new"
    assert "Administrator" not in clerk.get(new).text
    assert clerk.post(new, fields(world, roles=["administrator"])).status_code == 422
    assert clerk.post(new, fields(world, grants=["organisation:audit:read"])).status_code == 422
    assert clerk.post(new, fields(world)).status_code == 303


def test_one_invites_only_from_here_down(admin: Person, tree: Tree) -> None:
    page = invite(admin, organisation=tree.fjord)
    assert page.startswith(f"/o/{tree.fjord}/invitations/")
    assert admin.get(page).status_code == 200
    for elsewhere in (tree.world.globex, "ORG-ABCDEFGHJK"):
        answer = admin.post(
            f"/o/{tree.world.acme}/invitations/new", fields(tree.world, organisation=elsewhere)
        )
        assert answer.status_code == 422


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Enter a name."),
        ({"email": "nobody"}, "not a mail address"),
        ({"roles": []}, "Tick at least one role"),
        ({"roles": ["emperor"]}, "not a valid choice"),
        ({"language": "tlh"}, "Not a valid choice"),
    ],
)
def test_bad_input_is_named_and_makes_nothing(
    admin: Person, world: World, wrong: dict[str, object], words: str
) -> None:
    answer = admin.post(f"/o/{world.acme}/invitations/new", fields(world, **wrong))
    assert answer.status_code == 422
    assert words in answer.text
    assert "No invitations yet" in admin.get(f"/o/{world.acme}/invitations").text


def test_the_list_is_filtered_by_state_name_address_organisation_and_role(
    admin: Person, tree: Tree
) -> None:
    here = f"/o/{tree.world.acme}/invitations"
    link_of(admin, invite(admin, name="Bea Blau", email="bea@new.test", roles=["printer_admin"]))
    invite(admin)
    invite(admin, name="Sven Syd", email="", organisation=tree.south)
    assert "2 invitations" in admin.get(here).text
    assert "3 invitations" in admin.get(f"{here}?below=1").text
    for query, name in (
        ("state=sent", "Bea Blau"),
        ("state=created", "Nora Neu"),
        ("name=Bea Blau", "Bea Blau"),
        ("email=nora@new.test", "Nora Neu"),
        ("role=printer_admin", "Bea Blau"),
        (f"organisation={tree.south}", "Sven Syd"),
        ("q=nora", "Nora Neu"),
    ):
        page = admin.get(f"{here}?{query}").text
        assert "1 of " in page, query
        assert f">{name}</a>" in page, query
    assert "nora@new.test" in admin.get(f"{here}?format=csv").text


@pytest.mark.feature("P-11")
def test_another_organisation_s_invitation_is_unknown(
    admin: Person, stranger: Person, reader: Person, world: World
) -> None:
    page = invite(admin)
    theirs = page.replace(world.acme, world.globex)
    assert stranger.get(page).status_code == 404
    assert stranger.get(theirs).status_code == 404
    assert stranger.post(f"{theirs}/links").status_code == 404
    assert reader.get(page).status_code == 200
    assert reader.post(f"{page}/links").status_code == 403
