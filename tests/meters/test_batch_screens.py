"""The pages of batches: list, form, report, batch, taking over (K-11 to K-16)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.cast import Person
from tests.meters.dealing import Dealings, text_of
from webapp.core.activities import Activity
from webapp.meters import drafts, takeovers
from webapp.meters.models import Batch, ClaimState


def base(deal: Dealings, *, at: str = "") -> str:
    return f"/o/{at or deal.world.acme}/meters"


def form(deal: Dealings, **more: Any) -> dict[str, Any]:
    return {"rest": "2026-0001", "receiver": deal.world.globex, "serials": "", **more}


def text_file(content: bytes | str, name: str = "list.txt") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content if isinstance(content, bytes) else content.encode()), name


def create(deal: Dealings, admin: Person, **more: Any) -> TestResponse:
    return admin.post(f"{base(deal)}/batches", form(deal, **more))


def all_batches(deal: Dealings) -> list[Batch]:
    return list(deal.all(select(Batch).order_by(Batch.id)))


@pytest.mark.feature("K-11")
def test_a_batch_is_made_of_what_was_pasted_typed_and_read(deal: Dealings, admin: Person) -> None:
    deal.stock("W1", "W2", "W3", "W4", "W5")
    page = admin.get(f"{base(deal)}/batches/new")
    assert 'value="2026-0001"' in page.text
    assert "ACME-" in page.text
    assert "Globex" in page.text
    answer = create(
        deal,
        admin,
        serials=" w1;w2 ",
        one="w 3",
        files=[text_file("w4\r\n"), text_file("Serial;Place\nW5;Roof\n", "b.csv")],
        label="Spring",
        needs_confirmation="y",
    )
    assert answer.status_code == 303, text_of(answer.text)
    batch = all_batches(deal)[0]
    assert answer.location.endswith(f"/batches/{batch.public_id}")
    assert (batch.devices, batch.needs_confirmation, batch.receiver_label_name) == (
        5,
        True,
        "Spring",
    )
    assert (batch.reference, batch.to_organisation_id) == ("ACME-2026-0001", deal.globex)
    shown = text_of(admin.get(answer.location).text)
    for words in ("W1", "W5", "Open", "Globex", "Spring", "Water meter 5"):
        assert words in shown
    listed = text_of(admin.get(f"{base(deal)}/batches").text)
    assert "ACME-2026-0001" in listed
    assert "1 batch" in listed


@pytest.mark.feature("K-11")
def test_everything_is_kept_through_an_error(deal: Dealings, admin: Person) -> None:
    deal.stock("W1", "W2", "W3")
    answer = create(
        deal, admin, rest="", receiver="", serials="W1 W2", label="Spring", files=text_file("W3")
    )
    assert answer.status_code == 422
    for words in ("Enter the rest of the reference", "Choose who receives", "list.txt", "Spring"):
        assert words in answer.text
    assert "W1 W2" in answer.text
    (draft,) = deal.all(select(drafts.BatchDraft))
    url = f"{base(deal)}/batches/drafts/{draft.public_id}"
    assert f'action="{url}"' in answer.text
    again = admin.get(url)
    assert "list.txt" in again.text
    assert ">3</span>" in again.text, "the count"
    done = admin.post(url, form(deal, serials="W1 W2"))
    assert done.status_code == 303
    assert all_batches(deal)[0].devices == 3
    assert admin.get(url).status_code == 303, "the draft leads to its batch"
    assert admin.post(f"{url}/batches").location == done.location


@pytest.mark.feature("K-12")
def test_the_report_names_each_serial_and_nothing_is_made_until_chosen(
    deal: Dealings, admin: Person
) -> None:
    deal.stock("W1", "W2", "W3")
    deal.issue("W2", reference="ACME-OLD")
    answer = create(deal, admin, serials="W1 W2 W1 W3 NEVER W?x")
    assert answer.status_code == 303
    assert answer.location.endswith("/report")
    assert len(all_batches(deal)) == 1
    page = text_of(admin.get(answer.location).text)
    assert "W2 In another open batch already" in page
    assert "NEVER Unknown, or not yours" in page
    assert "W1 Named more than once" in page
    assert "W?x" in page
    csv = admin.get(f"{answer.location}?format=csv")
    assert csv.mimetype == "text/csv"
    assert {"W2", "NEVER", "W1"} <= {
        line.split(",")[0].split(";")[0] for line in csv.text.splitlines()
    }
    draft = answer.location.removesuffix("/report")
    assert admin.post(f"{draft}/batches").location.endswith("/report"), "not without saying so"
    made = admin.post(f"{draft}/batches", {"without": "1"})
    assert made.status_code == 303
    assert all_batches(deal)[1].devices == 2


@pytest.mark.feature("K-3", "K-12")
def test_the_maker_is_chosen_on_the_report(deal: Dealings, admin: Person) -> None:
    from tests.meters import make

    deal.stock("W1")
    with deal.at(deal.acme):
        other = make.product_type("Heat meter", maker_code="DME")
    with deal.at(deal.acme):
        make.meter(deal.acme, "W1", of_type=other)
    report = create(deal, admin, serials="W1").location
    assert "DME" in admin.get(report).text
    draft = report.removesuffix("/report")
    admin.post(f"{draft}/makers", {"maker-W1": "XXX"})
    assert "DME" in admin.get(report).text, "no such maker was offered"
    admin.post(f"{draft}/makers", {"maker-W1": "DME"})
    assert "All of them can go" in admin.get(report).text
    assert admin.post(f"{draft}/batches").status_code == 303
    assert all_batches(deal)[0].devices == 1


@pytest.mark.feature("K-11")
def test_a_column_is_chosen_never_guessed(deal: Dealings, admin: Person) -> None:
    deal.stock("W1", "W2")
    answer = create(deal, admin, files=text_file("W1;A7\nW2;A8\n", "two.csv"))
    assert answer.status_code == 422
    assert "Choose the column of two.csv" in answer.text
    (row,) = deal.all(select(drafts.BatchDraftList))
    (draft,) = deal.all(select(drafts.BatchDraft))
    url = f"{base(deal)}/batches/drafts/{draft.public_id}"
    wrong = admin.post(url, form(deal, **{f"column-{row.id}": "77"}))
    assert wrong.status_code == 422
    done = admin.post(url, form(deal, **{f"column-{row.id}": "0"}))
    assert done.status_code == 303
    assert all_batches(deal)[0].devices == 2


@pytest.mark.feature("K-11")
def test_buttons_without_script_add_count_and_remove(deal: Dealings, admin: Person) -> None:
    added = create(deal, admin, one=" w 9 ", serials="W1", act="add", rest="X")
    assert added.status_code == 303
    page = admin.get(added.location).text
    assert "W1\nW9" in page.replace("\r", "")
    assert ">2</span>" in page
    counted = admin.post(
        added.location, form(deal, serials="W1 W2 W3", files=text_file("W4"), act="count")
    )
    page = admin.get(counted.location).text
    assert ">4</span>" in page
    (row,) = deal.all(select(drafts.BatchDraftList))
    removed = admin.post(added.location, form(deal, serials="W1", act="remove", remove=str(row.id)))
    assert "list.txt" not in admin.get(removed.location).text
    bad = admin.post(added.location, form(deal, serials="W1", one="w!", act="add"))
    assert bad.status_code == 422
    assert "is no serial number" in bad.text


@pytest.mark.feature("K-11")
def test_a_long_paste_stays_on_the_server(deal: Dealings, admin: Person) -> None:
    many = "\n".join(f"W{n:05}" for n in range(5_000))
    answer = create(deal, admin, serials=many, rest="")
    assert answer.status_code == 422
    assert "W04999" not in answer.text
    assert "5000 serial numbers" in answer.text


@pytest.mark.feature("K-11")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04junk", "list.txt"),
        (b"", "list.txt"),
        (b"\x00\x01\x02\x03" * 1000, "list.txt"),
        ("W1,W2".encode("utf-16"), ""),
        ("﻿W1\r\nW2\r\n".encode(), ""),
    ],
    ids=["archive", "empty", "binary", "utf-16", "bom"],
)
def test_files_of_every_sort_are_read_or_refused_with_a_sentence(
    deal: Dealings, admin: Person, content: bytes, words: str
) -> None:
    deal.stock("W1", "W2")
    answer = create(deal, admin, files=text_file(content))
    assert answer.status_code == (422 if words else 303), text_of(answer.text)
    assert words in answer.text
    assert len(all_batches(deal)) == (0 if words else 1)


@pytest.mark.feature("K-11")
def test_ten_megabytes_of_junk_are_answered(deal: Dealings, admin: Person) -> None:
    junk = b"x y z! " * 1_500_000
    answer = create(deal, admin, files=text_file(junk))
    assert answer.status_code in (303, 422)
    assert all_batches(deal) == []


@pytest.mark.feature("K-11")
def test_sent_twice_it_is_made_once(deal: Dealings, admin: Person) -> None:
    deal.stock("W1")
    first = create(deal, admin, serials="W1", nonce="abc")
    second = create(deal, admin, serials="W1", nonce="abc")
    assert first.location == second.location
    assert len(all_batches(deal)) == 1


@pytest.mark.feature("K-11")
def test_the_reference_is_refused_beside_its_field(deal: Dealings, admin: Person) -> None:
    deal.stock("W1", "W2")
    deal.issue("W1")
    answer = create(deal, admin, serials="W2")
    assert answer.status_code == 409
    assert "There is a batch with this reference already" in answer.text
    pasted = create(deal, admin, serials="W2", rest="acme-spring")
    assert pasted.status_code == 303
    assert all_batches(deal)[1].reference_folded == "ACME-SPRING"


@pytest.mark.feature("K-11")
def test_only_own_tree_and_partners_can_receive(deal: Dealings, admin: Person) -> None:
    from tests import make
    from webapp.core.db import commit

    with deal.looking():
        foreign = make.organisation("Initech").public_id
        child = make.organisation("Acme North", parent=deal.organisation(deal.acme)).public_id
        commit()
    deal.stock("W1")
    assert create(deal, admin, serials="W1", receiver=foreign).status_code == 422
    assert create(deal, admin, serials="W1", receiver=deal.world.acme).status_code == 422
    assert create(deal, admin, serials="W1", receiver=child).status_code == 303


@pytest.mark.feature("K-14")
def test_the_receiver_takes_it_over_by_its_reference(
    deal: Dealings, admin: Person, stranger: Person
) -> None:
    deal.stock("W1", "W2")
    batch = deal.issue("W1", "W2")
    there = base(deal, at=deal.world.globex)
    page = stranger.get(f"{there}/ownership").text
    assert "ACME-2026-0001" in page
    wrong = stranger.post(f"{there}/ownership", {"reference": "ACME-7"})
    assert wrong.status_code == 422
    assert "No batch with this reference waits" in wrong.text
    found = stranger.post(f"{there}/ownership", {"reference": " acme-2026-0001"})
    assert found.status_code == 303
    review = text_of(stranger.get(found.location).text)
    for words in ("W1", "W2", "Water meter 2", "at once"):
        assert words in review
    taken = stranger.post(found.location)
    assert taken.location.endswith(f"/meters/batches/{batch}")
    assert deal.owners("W1", "W2") == ["globex", "globex"]
    assert "Taken over" in stranger.get(taken.location).text
    seen = text_of(admin.get(f"{base(deal)}/batches/{batch}").text)
    assert "W1" in seen, "the issuer's history"
    meter = deal.meter("W1")
    assert admin.get(f"{base(deal)}/{meter.public_id}").status_code in (404, 200)
    again = stranger.post(found.location)
    assert again.status_code == 409
    assert stranger.get(found.location).status_code == 303


@pytest.mark.feature("K-14")
def test_asked_refused_withdrawn_confirmed(deal: Dealings, admin: Person, stranger: Person) -> None:
    deal.stock("W1")
    batch = deal.issue("W1", duty=True)
    ours, theirs = (
        f"{base(deal)}/batches/{batch}",
        f"{base(deal, at=deal.world.globex)}/batches/{batch}",
    )
    take = f"{base(deal, at=deal.world.globex)}/ownership/{batch}"
    assert stranger.post(take).status_code == 303
    assert "Ownership is asked for" in admin.get(ours).text
    assert "You asked for ownership" in stranger.get(theirs).text
    assert stranger.post(f"{theirs}/confirmations").status_code == 404, "the asker can't confirm"
    empty = admin.post(f"{ours}/refusals", {"reason": " "})
    assert empty.status_code == 422
    assert "Give a reason" in empty.text
    assert admin.post(f"{ours}/refusals", {"reason": "Not these"}).status_code == 303
    assert "Not these" in stranger.get(theirs).text
    stranger.post(take)
    assert stranger.post(f"{theirs}/request-withdrawals").status_code == 303
    stranger.post(take)
    assert admin.post(f"{ours}/confirmations").status_code == 303
    assert admin.post(f"{ours}/confirmations").status_code == 409
    assert deal.owners("W1") == ["globex"]
    deal.check_invariants()


@pytest.mark.feature("K-16")
def test_after_a_withdrawal_the_receiver_sees_no_serials(
    deal: Dealings, admin: Person, stranger: Person
) -> None:
    deal.stock("SECRET-1")
    batch = deal.issue("SECRET-1")
    theirs = f"{base(deal, at=deal.world.globex)}/batches/{batch}"
    assert "SECRET-1" in stranger.get(theirs).text
    assert admin.post(f"{base(deal)}/batches/{batch}/withdrawals").status_code == 303
    assert "SECRET-1" not in stranger.get(theirs).text
    assert "SECRET-1" in admin.get(f"{base(deal)}/batches/{batch}").text


@pytest.mark.feature("K-14")
def test_a_large_one_runs_as_a_job_with_progress(
    deal: Dealings, stranger: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeovers, "AT_ONCE", 1)
    deal.stock("W1", "W2")
    batch = deal.issue("W1", "W2")
    answer = stranger.post(f"{base(deal, at=deal.world.globex)}/ownership/{batch}")
    assert "/activity/" in answer.location
    deal.work()
    assert deal.owners("W1", "W2") == ["globex", "globex"]
    assert "Go on" in stranger.get(answer.location).text
    states = {(w.kind, w.state) for w in deal.all(select(Activity))}
    assert states == {("take_batch", "done"), ("reseal_keys", "done")}


@pytest.mark.feature("K-11", "K-16")
def test_outsiders_find_nothing(deal: Dealings, admin: Person, operator: Person) -> None:
    """Neither a third organisation nor one that names another's URL."""
    from tests import make
    from webapp.core.db import commit

    deal.stock("W1")
    batch = deal.issue("W1")
    with deal.looking():
        third = make.organisation("Initech")
        user = make.user("admin@initech.test")
        make.membership(user, third, "administrator")
        deal.world.user_ids["admin@initech.test"] = user.id
        org = third.public_id
        commit()
    from tests.cast import sign_in

    outsider = sign_in(deal.world, "admin@initech.test")
    assert outsider.get(f"{base(deal)}/batches/{batch}").status_code == 404
    for path in (f"batches/{batch}", f"ownership/{batch}"):
        assert outsider.get(f"{base(deal, at=org)}/{path}").status_code == 404
    for act in ("withdrawals", "confirmations", "refusals", "request-withdrawals"):
        answer = outsider.post(f"{base(deal, at=org)}/batches/{batch}/{act}", {"reason": "x"})
        assert answer.status_code == 404
    assert outsider.post(f"{base(deal, at=org)}/ownership/{batch}").status_code == 404
    assert admin.get(f"{base(deal)}/ownership/{batch}").status_code == 404, "the issuer takes not"


@pytest.mark.feature("K-11")
def test_a_reader_sees_batches_and_changes_none(
    deal: Dealings, reader: Person, admin: Person, stranger: Person
) -> None:
    deal.stock("W1", state=ClaimState.UNCLAIMED)
    batch = deal.issue("W1")
    here = base(deal)
    assert reader.get(f"{here}/batches").status_code == 200
    page = reader.get(f"{here}/batches/{batch}")
    assert page.status_code == 200
    assert "Withdraw" not in page.text
    for path in ("batches/new", "ownership", f"ownership/{batch}", "claim"):
        assert reader.get(f"{here}/{path}").status_code == 403
    for path in ("batches", f"batches/{batch}/withdrawals", f"ownership/{batch}", "claim"):
        assert reader.post(f"{here}/{path}").status_code == 403
    draft = create(deal, admin, serials="W1", rest="X").location.removesuffix("/report")
    assert reader.get(draft).status_code == 403
    assert stranger.get(draft).status_code == 404


@pytest.mark.feature("K-11")
def test_filters(deal: Dealings, admin: Person) -> None:
    deal.stock("W1", "W2", "W3")
    deal.issue("W1", label="Spring")
    second = deal.issue("W2")
    deal.act(deal.acme, "withdraw", second)
    for query, found in (
        ("?state=open", {"0001"}),
        ("?label=Spring", {"0001"}),
        ("?direction=sent", {"0001", "0002"}),
        ("?direction=received", set()),
        (f"?organisation={deal.world.globex}", {"0001", "0002"}),
        ("?q=acme-2026-0002", {"0002"}),
        ("?sort=reference", {"0001", "0002"}),
    ):
        page = admin.get(f"{base(deal)}/batches{query}").text
        assert {n for n in ("0001", "0002") if f"ACME-2026-{n}" in page} == found, query
