"""Reading the log: the list, its filters, one entry, the file (P-30)."""

from __future__ import annotations

import pytest

from tests.audit.doing import Doing, do
from tests.cast import Person, World
from tests.orgs.test_users import save
from tests.orgs.trees import events
from webapp.core.principal import Actor, Principal
from webapp.core.tenancy import unscoped

pytestmark = pytest.mark.feature("P-30")

ANNA = Principal(Actor.USER, 71, "Anna", via="192.0.2.1")
KLARA = Principal(Actor.DEVICE, 71, "Klara", via="192.0.2.2")


@pytest.fixture
def log(world: World) -> World:
    do(world, world.acme_id, Doing.DONE, "apple", by=ANNA)
    do(world, world.acme_id, Doing.OTHER, "apple", by=KLARA)
    do(world, world.acme_id, Doing.DONE, "pear", by=ANNA)
    do(world, world.globex_id, Doing.DONE, "plum", by=ANNA)
    return world


def shown(who: Person, query: str = "") -> list[str]:
    """(what, object) of the rows, the newest first."""
    lines = who.get(
        f"/o/{who.world.acme}/audit{query}&format=csv"
        if query
        else f"/o/{who.world.acme}/audit?format=csv"
    ).text
    rows = [line.split(",") for line in lines.strip().splitlines()[1:]]
    return [f"{row[1]} {row[3].partition(' [')[0]}" for row in rows if "exported" not in row[1]]


@pytest.mark.feature("P-11")
def test_the_list_shows_the_organisations_own_log(admin: Person, log: World) -> None:
    page = admin.get(f"/o/{log.acme}/audit").text
    assert "3 entries" in page
    assert "Thing done" in page
    assert "192.0.2.2" in page
    assert "Plum" not in page
    assert shown(admin) == ["Thing done Pear", "Other thing Apple", "Thing done Apple"]


def test_it_filters_by_event_who_object_and_period(admin: Person, log: World) -> None:
    assert shown(admin, "?event=tests:thing:other") == ["Other thing Apple"]
    assert shown(admin, "?who=user-71") == ["Thing done Pear", "Thing done Apple"]
    assert shown(admin, "?who=device-71") == ["Other thing Apple"], "the same number, another kind"
    assert shown(admin, "?q=pear") == ["Thing done Pear"]
    assert shown(admin, "?q=kla") == ["Other thing Apple"]
    assert len(shown(admin, "?object=thing")) == 3
    assert shown(admin, "?at-from=2030-01-01&at-to=2031-01-01") == []
    assert len(shown(admin, "?at-from=2020-01-01")) == 3


def test_an_export_stands_in_the_log_itself(admin: Person, log: World) -> None:
    shown(admin, "?event=tests:thing:other")
    assert events(log, log.acme_id)[-1] == "organisation:audit:exported"
    row = admin.get(f"/o/{log.acme}/audit/4").text
    assert "event=tests:thing:other" in row


def test_one_entry_shows_what_was_changed(admin: Person, world: World) -> None:
    save(admin, world.acme, "reader@acme.test", name="Rita", roles=["reader"])
    page = admin.get(f"/o/{world.acme}/audit/1").text
    assert "User changed" in page
    assert "Reader" in page
    assert "Rita" in page
    assert "127.0.0.1" in page


def test_an_erased_entry_says_so(admin: Person, log: World) -> None:
    from sqlalchemy import text

    from webapp.core.db import db

    with log.portal.app_context(), unscoped("erasing"), db.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE audit_rows SET payload = NULL, salt = NULL, erased_at = now() "
                "WHERE organisation_id = :acme AND seq = 1"
            ),
            {"acme": log.acme_id},
        )
    assert "was erased" in admin.get(f"/o/{log.acme}/audit/1").text
    assert admin.get(f"/o/{log.acme}/audit").status_code == 200


@pytest.mark.feature("P-11")
def test_foreign_and_unknown_entries_are_404(
    admin: Person, reader: Person, stranger: Person, log: World
) -> None:
    assert admin.get(f"/o/{log.acme}/audit/99").status_code == 404
    assert admin.get(f"/o/{log.globex}/audit/1").status_code == 404
    assert stranger.get(f"/o/{log.acme}/audit/1").status_code == 404
    assert reader.get(f"/o/{log.acme}/audit/1").status_code == 403
    assert reader.get(f"/o/{log.acme}/audit?format=csv").status_code == 403


def test_any_query_is_answered(admin: Person, log: World) -> None:
    for query in ("?who=user-x", "?event=%00", "?after=zzz", "?at-from=9999-99-99", "?q=%25%5C_"):
        assert admin.get(f"/o/{log.acme}/audit{query}").status_code in (200, 400), query
