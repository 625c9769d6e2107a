"""K-4, Q-10: a worker dies at any step of a delivery, or it is cancelled: none twice, lost or left over."""

from __future__ import annotations

import threading

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.cast import Person, World
from tests.imports.conftest import claims_run_out
from tests.imports.test_deaths import Died, Reaper, reaper  # noqa: F401 - a fixture
from tests.meters.delivering import KEY, PASSWORD, Dock, dock_of, kem, key, own_csv, tts_json
from tests.meters.test_deliveries import claim
from webapp.core.activities import run_activities
from webapp.core.errors import Refusal
from webapp.core.tenancy import unscoped
from webapp.devices.models import Device, Ownership
from webapp.meters.models import Meter, MeterKey
from webapp.meters.reading.deliveries import DeliveryFormat

pytestmark = pytest.mark.feature("K-4")
TABLES = (Meter, MeterKey, Device, Ownership)


@pytest.fixture
def dock(operator: Person, world: World) -> Dock:
    return dock_of(operator, world)


def counted(dock: Dock) -> set[int]:
    return {dock.all(select(func.count()).select_from(table))[0] for table in TABLES}


def die(dock: Dock) -> None:
    with pytest.raises(Died), dock.world.portal.app_context(), unscoped("as the worker does"):
        run_activities()
    claims_run_out(dock.world)


@pytest.mark.parametrize("form", ["own_csv", "tts_json", "kem"])
def test_a_death_while_checking_any_format(dock: Dock, reaper: Reaper, form: str) -> None:  # noqa: F811
    pairs = [(f"70B3D5E75E{n:06X}", key(n)) for n in range(25)]
    files: dict[str, bytes | str] = {
        "own_csv": own_csv(25),
        "tts_json": tts_json(pairs),
        "kem": kem([(f"{n:08}", key(n)) for n in range(25)]),
    }
    content = files[form]
    kind = dock.sensor if form == "tts_json" else dock.water
    answer = dock.upload(content, format=form, product_type=kind, password=PASSWORD)
    url = answer.location.removesuffix("/mapping")
    dock.map(url)
    reaper.at, reaper.passing = "imports.check", 2
    die(dock)
    dock.work()
    assert (dock.state(url), dock.row(url).rows, dock.faults(url)) == ("checked", 25, [])
    dock.commit(url)
    dock.work()
    assert counted(dock) == {25}


@pytest.mark.parametrize(
    ("point", "passing"),
    [("imports.made", 2), ("imports.marked", 1), ("imports.all_made", 1), ("imports.closed", 1)],
)
def test_a_death_while_delivering(dock: Dock, reaper: Reaper, point: str, passing: int) -> None:  # noqa: F811
    url = dock.check(own_csv(25))
    dock.commit(url)
    reaper.at, reaper.passing = point, passing
    die(dock)
    dock.work()
    assert (dock.state(url), dock.row(url).made) == ("committed", 25)
    assert counted(dock) == {25}
    assert [d.devices for d in dock.deliveries()] == [25]


def test_a_death_while_undoing(dock: Dock, reaper: Reaper) -> None:  # noqa: F811
    url = dock.deliver(own_csv(25))
    dock.person.post(f"{url}/undos")
    reaper.at, reaper.passing = "imports.unmade", 2
    die(dock)
    dock.work()
    assert dock.state(url) == "undone"
    assert counted(dock) == {0}


def test_cancelled_in_the_middle_nothing_stays(dock: Dock, reaper: Reaper) -> None:  # noqa: F811
    url = dock.check(own_csv(25))
    dock.commit(url)
    reaper.at, reaper.passing = "imports.made", 2
    die(dock)
    assert counted(dock) == {10}, "a batch is in"
    with pytest.raises(Refusal):
        claim(dock, "W00001")
    dock.person.post(f"{url}/cancellations")
    dock.work()
    assert dock.state(url) == "failed"
    assert counted(dock) == {0}
    assert [d.state for d in dock.deliveries()] == ["undone"]


def test_the_same_device_by_two_deliveries_is_made_once(dock: Dock) -> None:
    first, second = dock.check(own_csv(3)), dock.check(own_csv(3), receiver="Globex")
    dock.commit(first)
    dock.commit(second)
    dock.work()
    assert sorted([dock.state(first), dock.state(second)]) == ["committed", "failed"]
    assert counted(dock) == {3}


def test_committed_twice_at_once_is_committed_once(dock: Dock) -> None:
    url = dock.check(own_csv(2))
    threads = [threading.Thread(target=dock.commit, args=(url,)) for _twice in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    dock.work()
    assert (dock.state(url), counted(dock)) == ("committed", {2})


BYTES = st.one_of(
    st.binary(max_size=400),
    st.binary(max_size=200).map(
        lambda rest: f"serial;mbus id;oms key\nW1;1;{KEY}\n".encode() + rest
    ),
    st.text(max_size=200).map(lambda text: f"dev_eui;app_key\n{text}".encode(errors="replace")),
    st.text(max_size=120).map(
        lambda text: f'{{"ids":{{"dev_eui":"{text}"}}}}'.encode(errors="replace")
    ),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(BYTES, st.sampled_from(list(DeliveryFormat)))
@example(b"[" * 5000, DeliveryFormat.TTS_JSON)
@example(b'{"ids": {"dev_eui": ["a"]}}', DeliveryFormat.TTS_JSON)
@example(b"1e999", DeliveryFormat.TTS_JSON)
@example(b"PK\x03\x04" + b"\x00" * 40, DeliveryFormat.KEM)
@example(b"a;b\n" + b"\xff\xfe", DeliveryFormat.MAN_ID_KEY)
@example(b"\xff\xfe\x00\xd8;\x00", DeliveryFormat.MAN_ID_KEY)
@example(b'"' + b"x" * 140_000, DeliveryFormat.MAN_ID_KEY)
def test_any_bytes_as_any_format_end_in_a_page(
    dock: Dock, content: bytes, form: DeliveryFormat
) -> None:
    before = counted(dock)
    answer = dock.upload(content, format=form.value, password="x")
    assert answer.status_code in (303, 422), answer.status
    if answer.status_code == 422:
        return
    assert dock.person.get(answer.location).status_code == 200
    url = answer.location.removesuffix("/mapping")
    assert dock.map(url).status_code in (303, 422)
    dock.work()
    assert dock.person.get(url).status_code in (200, 303)
    if dock.state(url) == "checked" and dock.row(url).faulty == 0 and dock.row(url).good:
        dock.commit(url)
        dock.work()
        made = dock.row(url).made
        assert counted(dock) == {number + made for number in before}
        dock.undo(url)
    assert counted(dock) == before
