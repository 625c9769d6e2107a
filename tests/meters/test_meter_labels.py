"""Labels: made, changed, deleted, put on and taken off one or many (K-5)."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import select

from tests.cast import Person, World
from tests.meters import desk
from tests.meters.desk import path, put, serials
from webapp.core import drains
from webapp.core.db import commit, db
from webapp.core.errors import Refusal
from webapp.core.tenancy import scope
from webapp.devices.labels import Label, all_labels
from webapp.meters import labelling

pytestmark = pytest.mark.feature("K-5")


def create(person: Person, name: str, colour: int = 3) -> Any:
    return person.post(path(person.world, "labels"), data={"name": name, "colour": str(colour)})


def label(world: World, name: str) -> Label:
    with world.portal.app_context(), scope(world.acme_id):
        row = db.session.scalars(select(Label).where(Label.name == name)).one()
        db.session.expunge(row)
        return row


def names(world: World) -> list[str]:
    with world.portal.app_context(), scope(world.acme_id):
        return [row.name for row in all_labels("meters")]


def set_page(person: Person, *rows: str, **more: str) -> str:
    answer: Any = desk.bulk(person, "labels", *rows, **more)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def test_it_is_created_renamed_coloured(admin: Person, world: World) -> None:
    assert create(admin, "  To   read ").status_code == 303
    row = label(world, "To read")
    assert row.colour == 3
    url = path(world, f"labels/{row.public_id}/edit")
    assert "To read" in admin.get(url).text
    answer = admin.post(url, data={"name": "Read", "colour": "5", "version": str(row.version)})
    assert answer.status_code == 303
    assert (label(world, "Read").colour, names(world)) == (5, ["Read"])
    late = admin.post(url, data={"name": "Late", "colour": "5", "version": str(row.version)})
    assert late.status_code == 409
    assert names(world) == ["Read"]


@pytest.mark.parametrize(
    ("name", "colour", "words"),
    [("", 1, "Enter a name"), ("x" * 41, 1, "At most 40"), ("a", 99, "Not a valid choice")],
)
def test_bad_input_is_said_beside_the_field(
    admin: Person, world: World, name: str, colour: int, words: str
) -> None:
    answer = create(admin, name, colour)
    assert answer.status_code == 422
    assert words in answer.text
    assert names(world) == []


def test_a_name_is_there_once(admin: Person, world: World) -> None:
    create(admin, "Basement")
    create(admin, "Roof")
    twice = create(admin, "basement")
    assert twice.status_code == 409
    assert "already" in twice.text
    row = label(world, "Roof")
    url = path(world, f"labels/{row.public_id}/edit")
    answer = admin.post(url, data={"name": "BASEMENT", "colour": "1", "version": str(row.version)})
    assert answer.status_code == 409
    assert names(world) == ["Basement", "Roof"]


def test_it_is_put_on_and_taken_off_many(admin: Person, world: World) -> None:
    create(admin, "Basement")
    create(admin, "Roof")
    basement, roof = label(world, "Basement").number, label(world, "Roof").number
    one, other = put(world, "A-1", labels=[roof]), put(world, "A-2", labels=[basement, roof])
    page = set_page(admin, one, other)
    assert "A-1, A-2" in admin.get(page).text
    answer = admin.post(page, data={"add": str(basement), "remove": str(roof), "new": "Checked"})
    assert answer.status_code == 303
    checked = label(world, "Checked").number
    assert (
        desk.stored(world, "A-1").labels == desk.stored(world, "A-2").labels == [basement, checked]
    )
    assert serials(admin.get(path(world, f"?label={checked}")).text) == ["A-1", "A-2"]
    assert serials(admin.get(path(world, f"?label={roof}")).text) == []


def test_what_contradicts_itself_changes_nothing(admin: Person, world: World) -> None:
    create(admin, "Basement")
    number = label(world, "Basement").number
    page = set_page(admin, put(world, "A-1"))
    both = admin.post(page, data={"add": str(number), "remove": str(number)})
    assert both.status_code == 422
    assert "at once" in both.text
    assert admin.post(page, data={}).status_code == 422
    assert admin.post(page, data={"add": "31000"}).status_code == 422
    assert admin.post(page, data={"new": "x" * 41}).status_code == 422
    assert desk.stored(world, "A-1").labels == []


def test_many_are_labelled_by_a_job(
    admin: Person, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "AT_ONCE", 2)
    monkeypatch.setattr(labelling, "STEP", 2)
    create(admin, "Basement")
    number = label(world, "Basement").number
    for n in range(5):
        put(world, f"A-{n}")
    answer = admin.post(set_page(admin, everything="1", list="q=A"), data={"add": str(number)})
    assert "/activity/" in answer.location
    with world.portal.app_context():
        drains.run("activities")
    assert len(serials(admin.get(path(world, f"?label={number}")).text)) == 5


def test_deleting_takes_it_from_all_meters(
    admin: Person, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "STEP", 2)
    create(admin, "Basement")
    create(admin, "Roof")
    gone, stays = label(world, "Basement"), label(world, "Roof").number
    for n in range(5):
        put(world, f"A-{n}", labels=[gone.number, stays])
    url = path(world, f"labels/{gone.public_id}/deletion")
    assert "5 meters" in admin.get(url).text
    assert admin.post(url).status_code == 303
    assert names(world) == ["Roof"]
    assert "Basement</span>" not in admin.get(path(world)).text
    with world.portal.app_context():
        drains.run("activities")
    assert all(desk.stored(world, f"A-{n}").labels == [stays] for n in range(5))
    assert admin.post(url).status_code == 404


def test_strangers_find_none_and_readers_change_none(
    admin: Person, reader: Person, stranger: Person, world: World
) -> None:
    create(admin, "Basement")
    row = label(world, "Basement")
    for rest in (f"labels/{row.public_id}/edit", f"labels/{row.public_id}/deletion"):
        assert reader.get(path(world, rest)).status_code == 403
        assert reader.post(path(world, rest)).status_code == 403
        assert stranger.get(path(world, rest)).status_code == 404
        own = path(world, rest).replace(world.acme, world.globex)
        assert stranger.get(own).status_code == 404
        assert stranger.post(own).status_code == 404
    assert create(reader, "Mine").status_code == 403
    assert "Create label" not in reader.get(path(world, "labels")).text


def test_of_two_who_take_a_name_at_once_one_is_told(world: World, admin: Person) -> None:
    create(admin, "A")
    create(admin, "B")
    start, outcomes = threading.Barrier(2), []

    def rename(name: str) -> None:
        with world.portal.app_context(), scope(world.acme_id):
            row = db.session.scalars(select(Label).where(Label.name == name)).one()
            start.wait()
            try:
                labelling.change_label(row, "Same", 1, seen=row.version)
                commit()
                outcomes.append("done")
            except Refusal:
                outcomes.append("told")

    threads = [threading.Thread(target=rename, args=(name,)) for name in ("A", "B")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "told"]
    assert names(world).count("Same") == 1
