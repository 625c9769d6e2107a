"""Whatever is done to the log behind the portal's back is found; what is done rightly is not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest
from click.testing import Result
from sqlalchemy import text

from tests.audit.doing import Doing, do
from tests.cast import World
from webapp.audit import heads
from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal

pytestmark = pytest.mark.feature("P-30")


@pytest.fixture(autouse=True)
def _no_old_heads(portal: Portal) -> Iterator[None]:
    def forget() -> None:
        for name in ("audit-heads", "audit-checkpoints"):
            shutil.rmtree(portal.extensions["settings"].data_dir / name, ignore_errors=True)

    forget()
    yield
    forget()


@pytest.fixture
def five(world: World) -> World:
    """Five rows in Acme's log, one in Globex's."""
    for number in range(5):
        do(world, world.acme_id, Doing.DONE, f"thing {number}")
    do(world, world.globex_id, Doing.DONE, "elsewhere")
    return world


def verify(world: World, *more: str) -> Result:
    return world.portal.test_cli_runner().invoke(args=["audit", "verify", *more])


def tamper(world: World, statement: str, **values: object) -> None:
    """As somebody with the database's password would."""
    with world.portal.app_context(), db.engine.begin() as connection:
        connection.execute(text(statement), {"acme": world.acme_id, **values})


def write_heads(world: World) -> None:
    assert world.portal.test_cli_runner().invoke(args=["audit", "write-heads"]).exit_code == 0


def test_an_untouched_log_holds(five: World) -> None:
    found = verify(five)
    assert found.exit_code == 0, found.output
    assert "2 chains checked, 0 faults" in found.output


def test_it_holds_against_the_heads_written_out_while_the_log_grows(five: World) -> None:
    write_heads(five)
    do(five, five.acme_id, Doing.DONE, "later")
    assert verify(five).exit_code == 0


def test_one_chain_alone_can_be_checked(five: World) -> None:
    tamper(five, "DELETE FROM audit_rows WHERE organisation_id = :acme AND seq = 2")
    assert verify(five, "--organisation", str(five.globex_id)).exit_code == 0
    assert verify(five, "--organisation", str(five.acme_id)).exit_code == 1


def test_a_removed_row_is_found(five: World) -> None:
    tamper(five, "DELETE FROM audit_rows WHERE organisation_id = :acme AND seq = 3")
    found = verify(five)
    assert found.exit_code == 1
    assert "rows 3 to 3 are missing" in found.stderr


def test_removing_and_renumbering_is_found(five: World) -> None:
    tamper(five, "DELETE FROM audit_rows WHERE organisation_id = :acme AND seq = 3")
    tamper(five, "UPDATE audit_rows SET seq = seq - 1 WHERE organisation_id = :acme AND seq > 3")
    found = verify(five)
    assert "row 3: does not follow the row before it" in found.stderr
    assert "cut off or changed (4 rows, 5 expected)" in found.stderr


@pytest.mark.parametrize(
    "change",
    [
        "event = 'tests:thing:undone'",
        "at = at - interval '1 hour'",
        "actor_id = 4711",
        "actor_kind = 'clock'",
        "object_id = 'another'",
        "object_kind = 'another'",
    ],
)
def test_a_changed_fact_is_found(five: World, change: str) -> None:
    tamper(five, f"UPDATE audit_rows SET {change} WHERE organisation_id = :acme AND seq = 2")
    found = verify(five)
    assert found.exit_code == 1
    assert "row 2: was changed" in found.stderr


def test_changed_content_is_found(five: World) -> None:
    tamper(
        five,
        """UPDATE audit_rows SET payload = jsonb_set(payload, '{actor}', '"somebody else"')
           WHERE organisation_id = :acme AND seq = 2""",
    )
    assert "row 2: its content was changed" in verify(five).stderr


def test_content_that_was_removed_without_a_word_is_found(five: World) -> None:
    tamper(five, "UPDATE audit_rows SET payload = NULL, salt = NULL WHERE seq = 2")
    assert "row 2: its content was changed" in verify(five).stderr


def test_erased_content_still_verifies(five: World) -> None:
    tamper(
        five,
        "UPDATE audit_rows SET payload = NULL, salt = NULL, erased_at = now() WHERE seq = 2",
    )
    assert verify(five).exit_code == 0


def test_an_added_row_is_found(five: World) -> None:
    columns = "event, at, actor_kind, actor_id, object_kind, object_id, payload, salt, commitment"
    tamper(
        five,
        f"""INSERT INTO audit_rows (organisation_id, seq, previous, hash, {columns})
            SELECT organisation_id, 6, hash, hash, {columns}
            FROM audit_rows WHERE organisation_id = :acme AND seq = 5""",
    )
    found = verify(five)
    assert "row 6: was changed" in found.stderr
    assert "cut off or changed (6 rows, 5 expected)" in found.stderr


def test_swapped_rows_are_found(five: World) -> None:
    for old, new in ((2, 99), (3, 2), (99, 3)):
        tamper(
            five,
            "UPDATE audit_rows SET seq = :new WHERE organisation_id = :acme AND seq = :old",
            old=old,
            new=new,
        )
    found = verify(five)
    assert "row 2: does not follow the row before it" in found.stderr
    assert "row 2: was changed" in found.stderr


def test_a_row_that_moved_to_another_organisation_is_found(five: World) -> None:
    tamper(
        five,
        "UPDATE audit_rows SET organisation_id = :globex, seq = 2 "
        "WHERE organisation_id = :acme AND seq = 5",
        globex=five.globex_id,
    )
    found = verify(five)
    assert f"organisation {five.globex_id}, row 2: was changed" in found.stderr
    assert f"organisation {five.acme_id}: the end of the chain is cut off" in found.stderr


def test_a_cut_off_end_is_found(five: World) -> None:
    tamper(five, "DELETE FROM audit_rows WHERE organisation_id = :acme AND seq > 3")
    assert "cut off or changed (3 rows, 5 expected)" in verify(five).stderr


def test_a_cut_off_end_with_a_forged_head_is_found(five: World) -> None:
    """Who can write the database can write the head, but not its seal."""
    tamper(five, "DELETE FROM audit_rows WHERE organisation_id = :acme AND seq > 3")
    tamper(
        five,
        """UPDATE audit_heads SET seq = 3, hash = (
             SELECT hash FROM audit_rows WHERE organisation_id = :acme AND seq = 3)
           WHERE organisation_id = :acme""",
    )
    found = verify(five)
    assert found.exit_code == 1
    assert "the seal of the chain's end does not hold" in found.stderr


def test_a_removed_head_is_found(five: World) -> None:
    tamper(five, "DELETE FROM audit_heads WHERE organisation_id = :acme")
    assert f"organisation {five.acme_id}: the chain's end is missing" in verify(five).stderr


def put_back(world: World, to_seq: int) -> None:
    """An old state of the database, whole: rows, head and its genuine seal of then."""
    with world.portal.app_context(), unscoped("an old backup"):
        from webapp.audit import chain
        from webapp.core.crypto import derived_key

        last = db.session.execute(
            text("SELECT hash FROM audit_rows WHERE organisation_id = :a AND seq = :s"),
            {"a": world.acme_id, "s": to_seq},
        ).scalar_one()
        seal = chain.seal_head(derived_key("audit-seal"), world.acme_id, to_seq, last)
    tamper(world, "DELETE FROM audit_rows WHERE organisation_id = :acme AND seq > :s", s=to_seq)
    tamper(
        world,
        "UPDATE audit_heads SET seq = :s, hash = :h, seal = :seal WHERE organisation_id = :acme",
        s=to_seq,
        h=last,
        seal=seal,
    )


def test_an_old_state_put_back_whole_is_found_by_the_heads_written_out(five: World) -> None:
    write_heads(five)
    put_back(five, 3)
    found = verify(five)
    assert found.exit_code == 1
    assert "row 5 stands in the heads written out, but not in the database" in found.stderr


def test_a_chain_that_was_written_anew_is_found_by_the_heads_written_out(five: World) -> None:
    """Cut off, then filled up by the portal itself: every hash and seal is genuine."""
    write_heads(five)
    put_back(five, 3)
    for number in range(4):
        do(five, five.acme_id, Doing.DONE, f"other {number}")
    found = verify(five)
    assert "row 5: differs from the heads written out" in found.stderr


def test_a_chain_that_is_gone_altogether_is_found_by_the_heads_written_out(five: World) -> None:
    write_heads(five)
    tamper(five, "DELETE FROM audit_rows WHERE organisation_id = :acme")
    tamper(five, "DELETE FROM audit_heads WHERE organisation_id = :acme")
    found = verify(five)
    assert f"organisation {five.acme_id}: the chain's end is missing" in found.stderr


def test_a_forged_file_is_found(five: World) -> None:
    write_heads(five)
    with five.portal.app_context():
        path = max(heads.directory().glob("*.json"))
        content = json.loads(path.read_text())
        content["heads"][0]["seq"] = 2
        path.write_text(json.dumps(content))
    assert "its head in the file written out is forged" in verify(five).stderr


def test_a_broken_file_is_named(five: World) -> None:
    write_heads(five)
    with five.portal.app_context():
        path = max(heads.directory().glob("*.json"))
        path.write_text('{"heads": [')
    found = verify(five)
    assert found.exit_code == 1
    assert path.name in found.stderr
