"""The agent's file of configuration, its queue on disk, and its way with a portal that refuses (B-12)."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from webapp.printers.agent.configuration import BadConfiguration, Configuration, load
from webapp.printers.agent.known import Known, Wishes
from webapp.printers.agent.portal import Away, Portal, Refused
from webapp.printers.agent.printers import Printers
from webapp.printers.agent.sending import LONGEST_PAUSE_SECONDS, Sender
from webapp.printers.agent.spool import Spool
from webapp.printers.agent.state import State

pytestmark = pytest.mark.feature("B-12")

WHOLE = """
portal = "https://portal.example.com/"
token = "op_agentsetup_x"
state = "/var/lib/agent"
networks = ["192.168.10.0/24"]
hosts = ["192.0.2.7", "192.0.2.8:1161", "[2001:db8::7]:161"]
proxy = "http://proxy.example:3128"
queue_megabytes = 8
listen = "0.0.0.0:8631"

[rates]
quick_minutes = 10

[[profiles]]
name = "strong"
version = "3"
user = "outpost"
auth = "sha256"
auth_phrase_env = "AUTH"
privacy = "aes256"
privacy_phrase = "another phrase"

[[profiles]]
name = "usual"
community = "printers"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text(text)
    return path


def test_a_whole_file(tmp_path: Path) -> None:
    found = load(written(tmp_path, WHOLE), {"AUTH": "a long phrase"})
    assert found.portal == "https://portal.example.com"
    assert [str(network) for network in found.networks] == ["192.168.10.0/24"]
    assert found.hosts == (("192.0.2.7", 161), ("192.0.2.8", 1161), ("2001:db8::7", 161))
    assert (found.rates.quick_minutes, found.rates.full_hours) == (10, 6)
    assert found.queue_bytes == 8 << 20
    assert found.listen == ("0.0.0.0", 8631)
    user = found.profiles["strong"].user
    assert user is not None
    assert user.auth_phrase == "a long phrase"
    assert found.profiles["usual"].community == "printers"
    for secret in ("a long phrase", "another phrase", "op_agentsetup_x", "printers'"):
        assert secret not in repr(found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("portal = 3", "portal: write a text in quotes"),
        ('portal = "http://portal.example.com"', "portal: write its address"),
        ('portal = "https://x.example"\nnetworks = ["192.168.0.0/33"]', "is not a network"),
        ('portal = "https://x.example"\nnetworks = ["10.0.0.0/8"]', "more than"),
        ('portal = "https://x.example"\nhosts = ["a:99999"]', "is no host"),
        ('portal = "https://x.example"', "name at least one network"),
        ("porttal = 3", "porttal is not known"),
        ('listen = "8631"', "listen: write address and port"),
        ("queue_megabytes = 0", "queue_megabytes: write a whole number"),
        ("queue_megabytes = true", "queue_megabytes: write a whole number"),
        ("profiles = 3", "write each as [[profiles]]"),
        ('[[profiles]]\nversion = "4"', "version is 1, 2c or 3"),
        ('[[profiles]]\nversion = "3"\nuser = "u"\nauth = "md5"', "profile 1"),
        ('[[profiles]]\ncommunity_env = "NOT_SET"', "NOT_SET, which is not set"),
        ("rates = 3", "write it as [rates]"),
        ('token_file = "/nowhere/at/all"', "token_file can't be read"),
        ("x = [", "is not TOML"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        load(written(tmp_path, text), {})
    assert said in str(refused.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration) as refused:
        load(written(tmp_path, 'portal = "ftp://x"\nhosts = "x"\nnonsense = 1'), {})
    assert len(str(refused.value).splitlines()) >= 3


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="can't be read"):
        load(tmp_path / "none.toml")


def test_the_queue_keeps_order_and_survives(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "q.sqlite", most_bytes=1 << 20)
    for number in range(5):
        spool.put({"number": number})
    spool.close()
    again = Spool(tmp_path / "q.sqlite", most_bytes=1 << 20)
    first = again.oldest(most=3, most_bytes=1 << 20)
    assert [one.message["number"] for one in first] == [0, 1, 2]
    assert all(one.message["reading_id"] == one.id for one in first)
    again.forget([one.id for one in first])
    assert [one.message["number"] for one in again.oldest(most=9, most_bytes=1)] == [3]
    assert (again.count, again.dropped) == (2, 0)


def test_beyond_the_bound_the_oldest_go_and_are_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "q.sqlite", most_bytes=2000)
    for number in range(100):
        spool.put({"number": number})
    left = [one.message["number"] for one in spool.oldest(most=200, most_bytes=1 << 20)]
    assert left == list(range(100 - len(left), 100))
    assert spool.dropped == 100 - len(left) > 0
    spool.close()
    assert Spool(tmp_path / "q.sqlite", most_bytes=2000).dropped == 100 - len(left)


def test_a_damaged_queue_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "q.sqlite").write_bytes(b"this is no database at all" * 100)
    spool = Spool(tmp_path / "q.sqlite", most_bytes=1 << 20)
    spool.put({"number": 1})
    assert spool.count == 1
    assert len(list(tmp_path.glob("q.sqlite.broken-*"))) == 1


def test_a_full_disk_loses_and_counts(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "q.sqlite", most_bytes=1 << 20)
    pages = spool._one("PRAGMA page_count")
    spool._db.execute(f"PRAGMA max_page_count = {pages}")
    for _number in range(40):
        spool.put({"noise": [f"{_number * 7919 % 1009}-{n * 31337}" for n in range(300)]})
    assert spool.dropped > 0
    assert spool.count + spool.dropped == 40
    spool._db.execute("PRAGMA max_page_count = 100000")
    before = spool.count
    spool.put({"after": "there is room again"})
    assert spool.count == before + 1


def test_damaged_memories_are_begun_anew(tmp_path: Path) -> None:
    state = State(tmp_path)
    for name in ("wanted", "printers", "install"):
        (tmp_path / f"{name}.json").write_text("{ not json")
    assert state.read("wanted") == {}
    assert len(state.install_id) == 36
    assert state.install_id == State(tmp_path).install_id


def test_another_token_in_the_file_is_a_new_enrolment(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.keep_credential("op_agent_x", "first", portal="https://x", name="Padova")
    assert state.credential_for("first") == "op_agent_x"
    assert state.credential_for("") == "op_agent_x"
    assert state.credential_for("second") is None


class _Scripted(Portal):
    """Takes what `judge` lets through. The agent's own code all around it is real."""

    def __init__(self, judge: Any) -> None:
        self.judge = judge
        self.taken: list[int] = []
        self.sizes: list[int] = []

    def send(self, batch: dict[str, Any]) -> dict[str, Any]:
        numbers = [one["number"] for one in batch["readings"]]
        self.sizes.append(len(numbers))
        self.judge(numbers)
        self.taken += numbers
        return {"accepted": len(numbers), "refused": []}


def sender_of(tmp_path: Path, judge: Any) -> tuple[Sender, Spool, _Scripted]:
    configuration = Configuration("https://x.example", tmp_path, {}, "t")
    state = State(tmp_path)
    spool = Spool(tmp_path / "q.sqlite", most_bytes=1 << 24)
    portal = _Scripted(judge)
    printers = Printers(configuration, state, spool)
    return Sender(configuration, state, spool, printers, portal), spool, portal


def test_one_reading_that_is_never_taken_stops_no_other(tmp_path: Path) -> None:
    def judge(numbers: list[int]) -> None:
        if 37 in numbers:
            raise Refused("HTTP 422: a number no printer has", status=422)

    sender, spool, portal = sender_of(tmp_path, judge)
    for number in range(60):
        spool.put({"number": number})
    sender.flush(threading.Event())
    assert portal.taken == [n for n in range(60) if n != 37]
    assert spool.count == 0


def test_a_portal_that_is_there_but_wrong_loses_nothing(tmp_path: Path) -> None:
    def judge(_numbers: list[int]) -> None:
        raise Refused("HTTP 404: another service", status=404)

    sender, spool, _portal = sender_of(tmp_path, judge)
    spool.put({"number": 1})
    with pytest.raises(Refused):
        sender.flush(threading.Event())
    assert spool.count == 1


def test_pauses_grow_to_a_limit_and_differ(tmp_path: Path) -> None:
    sender, _spool, _portal = sender_of(tmp_path, lambda _numbers: None)
    pauses = [sender._pause(Away("x")) for _ in range(20)]
    assert pauses[0] <= 4
    assert LONGEST_PAUSE_SECONDS / 2 <= pauses[-1] <= LONGEST_PAUSE_SECONDS
    assert len({round(p, 3) for p in pauses[10:]}) > 5
    assert sender._pause(Away("busy", wait_seconds=900)) == 900


def test_what_the_portal_wants_is_heeded() -> None:
    said = {
        "on": True, "quick_minutes": 3, "full_hours": 4, "search_hours": 5, "never": ["laserjet 4"],
        "off": [{"serial": "S1", "address": "192.0.2.1"}, {"serial": "", "address": "192.0.2.9"}],
    }  # fmt: skip
    wishes = Wishes.of(load_rates(), json.loads(json.dumps(said)))
    assert wishes.forbid(Known("192.0.2.1", 161, "usual", serial="S1")) == "switched_off"
    assert wishes.forbid(Known("192.0.2.1", 161, "usual", serial="S2")) == ""
    assert wishes.forbid(Known("192.0.2.9", 161, "usual")) == "switched_off"
    old = Known("192.0.2.3", 161, "usual", serial="S3", maker="HP", model="LaserJet 4000")
    assert wishes.forbid(old) == "banned"


def load_rates() -> Any:
    from webapp.printers.agent.configuration import Rates

    return Rates()
