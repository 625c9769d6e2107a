"""News: written by the operator in several languages, shown on the first page of those they concern (P-36)."""

from __future__ import annotations

import pytest

from tests.cast import Person, World
from tests.operator.desk import events, news, the_only, version_in
from webapp.operator.models import News

pytestmark = pytest.mark.feature("P-36")


def written(operator: Person, **more: str) -> str:
    answer = operator.post("/operator/news/new", news(**more))
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def home(person: Person, language: str = "en") -> str:
    person.post("/preferences/language", {"language": language})
    return person.get(f"/o/{person.world.acme}/").text


def test_organisations_see_them_on_their_first_page(operator: Person, reader: Person) -> None:
    assert "Prices change" not in home(reader)
    written(operator)
    page = home(reader)
    assert "Prices change" in page
    assert '<a href="https://outpost.test/prices" rel="noopener">' in page


def test_in_the_readers_language_else_english(operator: Person, reader: Person) -> None:
    written(operator)
    assert "Preise ändern sich" in home(reader, "de")
    assert "Prices change" in home(reader, "sv")


def test_markup_in_them_stays_text(operator: Person, reader: Person) -> None:
    written(operator, body_en="<script>alert(1)</script> <b>bold</b>")
    assert "<script>alert" not in home(reader)
    assert "&lt;b&gt;bold" in home(reader)


def test_those_of_one_trade_are_for_those_with_it(
    operator: Person, reader: Person, admin: Person, world: World
) -> None:
    written(operator, trade="tills", title_en="Tills alone")
    written(operator, trade="printers", title_en="Printers alone")
    assert "Tills alone" in home(reader), "an organisation without a choice has all trades"
    page = admin.get(f"/o/{world.acme}/settings").text
    version = version_in(page)
    saved = admin.post(
        f"/o/{world.acme}/settings", {"colour": "", "trades": "printers", "version": version}
    )
    assert saved.status_code == 303
    assert "Tills alone" not in home(reader)
    assert "Printers alone" in home(reader)


def test_they_begin_and_end_by_their_times(operator: Person, reader: Person) -> None:
    written(operator, from_at="2199-01-01T08:00", title_en="Much later")
    written(operator, to_at="2020-02-01T08:00", title_en="Long over")
    page = home(reader)
    assert "Much later" not in page
    assert "Long over" not in page
    listed = operator.get("/operator/news").text
    assert "Much later" in listed
    assert "Planned" in listed
    assert "Over" in listed


def test_ending_takes_them_away(operator: Person, reader: Person, world: World) -> None:
    url = written(operator)
    assert operator.post(f"{url}/endings").status_code == 303
    assert "Prices change" not in home(reader)
    assert events(world) == ["operator:news:created", "operator:news:ended"]
    again = operator.post(f"{url}/endings")
    assert again.status_code == 303
    assert events(world) == ["operator:news:created", "operator:news:ended"]


def test_what_has_not_begun_cannot_end(operator: Person) -> None:
    url = written(operator, from_at="2199-01-01T08:00")
    refused = operator.post(f"{url}/endings")
    assert refused.status_code == 422
    assert "not begun" in refused.text


def test_deleting_asks_first(operator: Person, world: World) -> None:
    url = written(operator)
    assert "Delete this news?" in operator.get(f"{url}/deletion").text
    assert operator.post(f"{url}/deletion").status_code == 303
    assert operator.get(url).status_code == 404
    assert events(world)[-1] == "operator:news:deleted"


def test_editing_changes_and_says_so(operator: Person, reader: Person, world: World) -> None:
    url = written(operator)
    version = version_in(operator.get(f"{url}/edit").text)
    saved = operator.post(f"{url}/edit", news(title_en="Prices stay", version=version))
    assert saved.status_code == 303
    assert "Prices stay" in home(reader)
    assert events(world)[-1] == "operator:news:changed"
    assert the_only(world.portal, News).version == 2


def test_who_edits_an_old_version_is_told(operator: Person, world: World) -> None:
    url = written(operator)
    version = version_in(operator.get(f"{url}/edit").text)
    operator.post(f"{url}/edit", news(title_en="First", version=version))
    second = operator.post(f"{url}/edit", news(title_en="Second", version=version))
    assert second.status_code == 409
    assert "meanwhile" in second.text or "while you were editing" in second.text
    assert the_only(world.portal, News).title["en"] == "First"


def test_a_double_click_writes_once(operator: Person, world: World) -> None:
    form = news(nonce="n" * 22)
    first = operator.post("/operator/news/new", form)
    second = operator.post("/operator/news/new", form)
    assert first.location == second.location
    assert the_only(world.portal, News)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title_en", ""),
        ("body_en", " "),
        ("from_at", "soon"),
        ("from_at", "0020-01-01T08:00"),
        ("to_at", "2019-01-01T08:00"),
        ("trade", "boats"),
        ("title_de", "x" * 121),
    ],
)
def test_bad_input_is_told_at_its_field(operator: Person, field: str, value: str) -> None:
    answer = operator.post("/operator/news/new", news(**{field: value}))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "Nothing written yet" in operator.get("/operator/news").text
