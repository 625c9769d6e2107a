"""The site agent as its own process, against simulated printers and a real portal that comes and goes (B-12)."""

from __future__ import annotations

import re
import sqlite3
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from simulators.printer import Agent, Manners
from simulators.printer.machines import PrinterMachine
from simulators.printer.models import load_model
from tests.printers.agent.site import ROOT, Site
from tests.printers.conftest import SERIAL
from tests.printers.desk import change, rows
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import scope
from webapp.devices.models import Credential
from webapp.printers.agents.models import PrinterAgent, PrinterSighting
from webapp.printers.agents.services import revoke_agent, set_up_anew
from webapp.printers.models import Printer, PrinterReading

pytestmark = pytest.mark.feature("B-12")


def machine(serial: str = SERIAL, seed: int = 7) -> PrinterMachine:
    return PrinterMachine(load_model("xerox-altalink-c8045"), seed=seed, serial=serial)


@pytest.fixture
def known() -> Iterator[Agent]:
    """Acme's printer, on the customer's network."""
    with Agent(machine=machine(), speed=0) as printer:
        yield printer


@pytest.fixture
def stranger_printer() -> Iterator[Agent]:
    """One that nobody has added to the portal."""
    with Agent(machine=machine("NEW0000001", seed=8), speed=0) as printer:
        yield printer


def readings(site: Site) -> list[PrinterReading]:
    return rows(site.world, select(PrinterReading).order_by(PrinterReading.id))


def sightings(site: Site) -> list[PrinterSighting]:
    return rows(site.world, select(PrinterSighting))


def waiting(site: Site) -> int:
    path = site.directory / "state" / "queue.sqlite"
    if not path.exists():
        return 0
    with sqlite3.connect(path) as queue:
        return int(queue.execute("SELECT count(*) FROM readings").fetchone()[0])


def test_it_enrols_reads_and_sends(site: Site, known: Agent, stranger_printer: Agent) -> None:
    site.hosts = [f"127.0.0.1:{known.port}", f"127.0.0.1:{stranger_printer.port}"]
    with site.running() as agent:
        agent.until(lambda: readings(site) and sightings(site), "reading and sighting")
        agent.until(lambda: waiting(site) == 0, "an empty queue")
        assert agent.terminate() == 0
        assert "stopped; 0 readings wait" in agent.said()
    (reading,) = readings(site)
    assert (reading.source, reading.complete) == ("agent", True)
    assert reading.pages_total == known._machine.counted("*")  # type: ignore[union-attr]
    (seen,) = sightings(site)
    assert (seen.serial, seen.maker) == ("NEW0000001", "Xerox")
    row = site.agent()
    assert (row.state, row.program) == ("online", "outpost-agent 1.0")
    assert abs(row.clock_off_seconds) <= 2
    printer = rows(site.world, select(Printer).where(Printer.serial == SERIAL))[0]
    assert (printer.polled_by, printer.agent_id, printer.state) == ("agent", row.id, "online")


def test_what_it_keeps_is_for_its_own_user_alone(site: Site, known: Agent) -> None:
    site.hosts = [f"127.0.0.1:{known.port}"]
    with site.running() as agent:
        agent.until(lambda: readings(site), "a reading")
        agent.terminate()
    state = site.directory / "state"
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    for path in state.iterdir():
        if path.suffix in (".json", ".sqlite"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert site.token not in "".join(p.read_text() for p in state.glob("*.json"))
    assert "op_agent" not in agent.said()


def test_the_portal_is_away_and_comes_back_nothing_lost_nothing_doubled(
    site: Site, known: Agent, stranger_printer: Agent
) -> None:
    site.hosts = [f"127.0.0.1:{known.port}", f"127.0.0.1:{stranger_printer.port}"]
    with site.running() as agent:
        agent.until(lambda: readings(site), "the first reading")
        agent.until(lambda: waiting(site) == 0, "an empty queue")
        agent.terminate()
    site.live.stop()
    with site.running() as agent:
        agent.until(lambda: waiting(site) == 2, "two readings in the queue")
        agent.kill()
    with site.running() as agent:
        agent.until(lambda: waiting(site) == 4, "two more, read after the kill")
        site.live.start()
        agent.until(lambda: waiting(site) == 0, "an empty queue")
        agent.terminate()
    found = readings(site)
    assert len(found) == 3
    assert set(Counter(r.reading_id for r in found).values()) == {1}
    assert len(sightings(site)) == 1


def test_an_answer_that_is_lost_doubles_nothing(site: Site, known: Agent) -> None:
    site.hosts = [f"127.0.0.1:{known.port}"]
    site.live.lose_answers = 2
    with site.running() as agent:
        agent.until(lambda: site.live.lose_answers == 0, "a lost answer")
        agent.until(lambda: readings(site), "the reading")
        agent.until(lambda: waiting(site) == 0, "the second try")
        agent.terminate()
    assert len(readings(site)) == 1


def test_a_revoked_agent_stops_politely_and_says_what_to_do(site: Site, known: Agent) -> None:
    site.hosts = [f"127.0.0.1:{known.port}"]
    with site.running() as agent:
        agent.until(lambda: readings(site), "a reading")
        agent.until(lambda: waiting(site) == 0, "an empty queue")
        with site.world.portal.test_request_context(), scope(site.world.acme_id):
            revoke_agent(db.session.scalars(select(PrinterAgent)).one(), now=utcnow())
            commit()
        agent.terminate()
    with site.running() as agent:
        assert agent.ended() == 3
        assert "Make a new enrolment token" in agent.said()
        assert "Traceback" not in agent.said()
    with site.world.portal.test_request_context(), scope(site.world.acme_id):
        site.token = set_up_anew(db.session.scalars(select(PrinterAgent)).one(), now=utcnow())
        commit()
    (before,) = readings(site)
    with site.running() as agent:
        agent.until(lambda: len(readings(site)) > 1, "reading again with a new token")
        agent.terminate()
    assert before.reading_id in {r.reading_id for r in readings(site)}


def test_a_token_is_good_for_one_installation(site: Site, known: Agent) -> None:
    site.hosts = [f"127.0.0.1:{known.port}"]
    assert site.run("check").returncode == 0
    assert site.run("check").returncode == 0
    site.directory = site.directory / "other"
    site.directory.mkdir()
    copied = site.run("check")
    assert copied.returncode == 3
    assert "Another installation has used this token" in copied.stderr


def test_a_printer_that_answers_rubbish_and_one_that_is_silent_stop_nobody(
    site: Site, known: Agent
) -> None:
    garbling = Agent(
        machine=machine("GARBLED001", 9), speed=0, manners=Manners(garbled_share=1.0), seed=3
    )
    with garbling:
        site.hosts = [f"127.0.0.1:{garbling.port}", "127.0.0.1:9", f"127.0.0.1:{known.port}"]
        with site.running() as agent:
            agent.until(lambda: readings(site), "the good one's reading")
            assert agent.terminate() == 0
            assert "Traceback" not in agent.said()


def test_switched_off_it_reads_nothing_and_lives(site: Site, known: Agent) -> None:
    change(site.world, select(PrinterAgent), active=False)
    site.hosts = [f"127.0.0.1:{known.port}"]
    assert site.run("check").returncode == 0
    with site.running() as agent:
        agent.until(lambda: "wanted by the portal: nothing" in agent.said(), "the switch")
        site.live.seen.clear()
        agent.terminate()
    asked_before_it_knew = len(readings(site)) + waiting(site)
    with site.running() as agent:
        agent.until(lambda: "POST /device/v1/printers/readings" in site.live.seen, "a sign of life")
        agent.terminate()
    assert len(readings(site)) + waiting(site) <= asked_before_it_knew + 1


def test_launch_on_the_command_line_opens_the_panic_button(site: Site, known: Agent) -> None:
    site.hosts = [f"127.0.0.1:{known.port}"]
    assert SERIAL not in site.run("search").stdout  # hosts are read by the agent that runs
    with site.running() as agent:
        agent.until(lambda: readings(site), "a reading")
        agent.terminate()
    launched = site.run("launch", SERIAL.lower())
    assert launched.returncode == 0, launched.stderr
    assert re.fullmatch(r"http://localhost/p/start/\S+|http\S+", launched.stdout.strip())
    unknown = site.run("launch", "NOBODY")
    assert unknown.returncode == 1
    assert "No printer NOBODY" in unknown.stderr
    site.live.stop()
    away = site.run("launch", SERIAL)
    assert away.returncode == 1
    assert "Phone the technicians: +32 2 555 12 34" in away.stderr


def test_the_local_page_leads_to_the_portals_form(site: Site, known: Agent) -> None:
    site.hosts, site.more = [f"127.0.0.1:{known.port}"], 'listen = "127.0.0.1:18631"'
    page = "http://127.0.0.1:18631"
    with site.running() as agent:
        agent.until(lambda: readings(site), "a reading")
        body = _get(f"{page}/printer/{SERIAL}", language="it")
        assert '<form method="post"' in body
        assert SERIAL in _get(f"{page}/")
        opened = _post(f"{page}/launch", f"serial={SERIAL}")
        assert (opened.code, opened.headers["Location"][:7]) == (303, "http://")
        foreign = _post(f"{page}/launch", f"serial={SERIAL}", origin="http://evil.example")
        assert foreign.code == 403
        assert _post(f"{page}/launch", "serial=<b>").code == 404
        site.live.stop()
        away = _post(f"{page}/launch", f"serial={SERIAL}")
        assert away.code == 503
        assert "+32 2 555 12 34" in away.read().decode()
        agent.terminate()


def test_it_runs_without_flask_and_without_a_database() -> None:
    code = (
        "import sys, webapp.printers.agent.__main__\n"
        "print([m for m in ('flask', 'sqlalchemy', 'redis', 'webapp.core', 'webapp.printers.models')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_its_credential_is_its_own(site: Site) -> None:
    site.hosts = ["127.0.0.1:9"]
    assert site.run("check").returncode == 0
    kinds = rows(site.world, select(Credential.kind).order_by(Credential.id))
    assert kinds[-2:] == ["agentsetup", "agent"]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object) -> None:
        return None


def _get(url: str, language: str = "en") -> str:
    asked = urllib.request.Request(url, headers={"Accept-Language": language})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return answer.read().decode()  # type: ignore[no-any-return]


def _post(url: str, body: str, origin: str = "") -> urllib.error.HTTPError:
    headers = {"Origin": origin} if origin else {}
    asked = urllib.request.Request(url, data=body.encode(), headers=headers)
    try:
        urllib.request.build_opener(_NoRedirect).open(asked, timeout=40)
    except urllib.error.HTTPError as answer:
        return answer
    raise AssertionError("neither a redirect nor a refusal")
