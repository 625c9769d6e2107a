import json
import os
import select
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulators.printer import Target
from simulators.printer.client import Manager, NoAnswerError
from simulators.printer.oids import parse_oid
from tests.simulators.conftest import recording
from tests.simulators.portal import OPEN, TOKEN, Portal, problem

pytestmark = pytest.mark.feature("S-1")

SERIAL = parse_oid("1.3.6.1.2.1.43.5.1.1.17.1")


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "simulators", *words]


def finished(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
        env=os.environ | environment,
    )


@contextmanager
def running(*words: str) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    """A simulator and the event it starts with; it must have ended by itself or is killed."""
    with subprocess.Popen(command(*words), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            assert select.select([process.stdout], [], [], 20)[0], "no sign of life"
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def ended(process: "subprocess.Popen[str]", number: signal.Signals) -> list[dict[str, Any]]:
    """The events after a signal; the exit must be clean."""
    process.send_signal(number)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    return [json.loads(line) for line in output.splitlines()]


def test_help_names_the_commands_with_examples() -> None:
    text = finished("--help").stdout
    assert "python -m simulators printer --model" in text
    assert "mailbox" in text
    for name in ("mailbox", "printer"):
        assert f"python -m simulators {name}" in finished(name, "--help").stdout


def test_nothing_of_the_portal_is_imported() -> None:
    code = "import sys, simulators.cli; print([m for m in sys.modules if m.startswith('webapp')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.feature("S-5")
def test_a_printer_serves_until_it_is_stopped(number: signal.Signals) -> None:
    words = ("--model", "xerox-altalink-c8045", "--serial", "3718264951", "--fault", "jam")
    with running("printer", *words, "--seed", "1", "--json") as (process, started):
        assert started["event"] == "started"
        assert started["serial"] == "3718264951"
        target = Target(host=started["host"], port=started["port"], timeout_seconds=0.2)
        with Manager(target) as printer:
            found = printer.get(SERIAL)
            assert found
            assert found[1].octets == b"3718264951"
            events = ended(process, number)
            with pytest.raises(NoAnswerError):
                printer.get(SERIAL)
    assert events[-1]["event"] == "stopped"
    assert events[-1]["requests"] == {"GET": 1}


def test_a_recording_is_served_under_another_serial_and_location() -> None:
    walk = str(recording("librenms__fujifilmprinter_c7580"))
    changed = ("--serial", "NEW123", "--set", "1.3.6.1.2.1.43.10.2.1.4.1.1=counter32:77")
    with running("printer", "--walk", walk, *changed, "--json") as (_, started):
        with Manager(Target(host=started["host"], port=started["port"])) as printer:
            serial, count = (
                printer.get(SERIAL),
                printer.get(parse_oid("1.3.6.1.2.1.43.10.2.1.4.1.1")),
            )
    assert serial
    assert serial[1].octets == b"NEW123"
    assert count
    assert count[1].as_json() == ("counter32", 77)


@pytest.mark.feature("S-7")
def test_the_mailbox_tells_each_mail_and_ends_cleanly(tmp_path: Path) -> None:
    ports = ("--smtp-port", "0", "--web-port", "0", "--dir", str(tmp_path))
    with running("mailbox", *ports, "--json") as (process, started):
        with smtplib.SMTP("127.0.0.1", started["smtp_port"]) as smtp:
            smtp.sendmail("a@b.example", ["c@d.example"], "Subject: Hello\r\n\r\nHi")
        assert httpx.get(f"{started['web_url']}/api/count").json()["count"] == 1
        assert process.stdout
        told = json.loads(process.stdout.readline())
        assert (told["event"], told["subject"], told["to"]) == ("mail", "Hello", ["c@d.example"])
        assert ended(process, signal.SIGTERM)[-1]["event"] == "stopped"
    assert len(list(tmp_path.glob("*.eml"))) == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["printer", "--walk", "absent.snmprec"], "absent.snmprec: No such file"),
        (["printer", "--model", "typewriter"], "'typewriter' is not one of"),
        (["printer", "--walk", "x", "--fault", "jam"], "need a living model"),
        (["printer", "--set", "1.3.6.1"], "is not OID=TYPE:VALUE"),
        (["printer", "--port", "70000"], "70000"),
        (["printer", "--panic"], "enrolment token"),
        (["printer", "--target", "127.0.0.1"], "--target is for --panic"),
        (["printer", "--panic", "--token", "x", "--target", "a:b:c"], "HOST:PORT"),
        (["till"], "No such command 'till'"),
    ],
)
def test_a_wrong_word_is_answered_with_what_is_wrong(words: list[str], why: str) -> None:
    done = finished(*words, OUTPOST_ENROL_TOKEN="")
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_told() -> None:
    with running("printer", "--json") as (_, started):
        done = finished("printer", "--port", str(started["port"]))
    assert done.returncode == 1
    assert "Choose another --port" in done.stderr
    with running("mailbox", "--smtp-port", "0", "--web-port", "0", "--json") as (_, started):
        done = finished("mailbox", "--web-port", "0", "--smtp-port", str(started["smtp_port"]))
    assert done.returncode == 1
    assert "Is another mailbox running?" in done.stderr


@pytest.mark.feature("B-1", "S-5")
def test_the_button_is_pressed_and_the_link_printed(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    state = ("--state", str(tmp_path / "state.json"))
    with Portal() as server:
        words = ("printer", "--panic", "--portal", server.url, *state)
        shown = finished(*words, "--token-file", str(token), "--badge", "anna@acme.example")
        machine = finished(*words, "--json", "--serial", "XYZ", OUTPOST_ENROL_TOKEN=TOKEN)
    assert (shown.returncode, machine.returncode) == (0, 0)
    assert OPEN["url"] in shown.stdout
    assert json.loads(machine.stdout)["answer"] == OPEN
    first, second = server.launches
    assert first["badge_email"] == "anna@acme.example"
    assert "badge_email" not in second
    assert second["reading"]["1.3.6.1.2.1.43.5.1.1.17.1"] == ["string", b"XYZ".hex()]


@pytest.mark.feature("B-1", "S-5")
def test_the_button_of_a_running_printer_is_pressed(tmp_path: Path) -> None:
    with running("printer", "--serial", "RUNS1", "--json") as (_, started), Portal() as server:
        target = f"{started['host']}:{started['port']}"
        words = ("--portal", server.url, "--token", TOKEN, "--state", str(tmp_path / "s"))
        assert finished("printer", "--panic", "--target", target, *words).returncode == 0
    reading = server.launches[0]["reading"]
    assert reading["1.3.6.1.2.1.43.5.1.1.17.1"] == ["string", b"RUNS1".hex()]


@pytest.mark.feature("B-1", "S-5")
def test_without_the_portal_the_phone_is_shown_and_the_launch_kept(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    words = ("printer", "--panic", "--state", str(state), "--token", TOKEN)
    with Portal() as server:
        assert finished(*words, "--portal", server.url).returncode == 0
    away = finished(*words, "--portal", server.url)
    assert away.returncode == 3
    assert "+49 30 5550 123" in away.stdout
    kept = json.loads(state.read_text())[server.url]["pending"]
    with Portal(port=server.port) as back:
        assert finished(*words, "--portal", server.url).returncode == 0
    assert [launch["launch_id"] for launch in back.launches] == [kept["launch_id"]]


@pytest.mark.feature("B-1")
@pytest.mark.parametrize(("key", "code"), [(b"y\n", 0), (b"n\n", 3)])
def test_somebody_at_the_terminal_is_offered_to_try_again(
    key: bytes, code: int, tmp_path: Path
) -> None:
    with Portal() as server:
        pass
    keyboard, terminal = os.openpty()
    words = ("--panic", "--portal", server.url, "--state", str(tmp_path / "s"), "--token", TOKEN)
    with subprocess.Popen(
        command("printer", *words), stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert b"can't be reached" in process.stdout.readline()
        with Portal(port=server.port) as back:
            os.write(keyboard, key)
            assert process.wait(30) == code
    assert len(back.launches) == (1 if code == 0 else 0)
    for end in (keyboard, terminal):
        os.close(end)


@pytest.mark.feature("B-1")
def test_a_refusal_is_told_with_its_reasons(tmp_path: Path) -> None:
    errors = [{"where": "facts.ip", "message": "is no address"}]
    with Portal(answers=[(422, problem("invalid_message", errors=errors))]) as server:
        words = ("printer", "--panic", "--portal", server.url, "--state", str(tmp_path / "s"))
        refused = finished(*words, "--token", TOKEN)
        stranger = finished(*words, "--token", "op_enrol_9_other")
    assert refused.returncode == stranger.returncode == 4
    assert "facts.ip: is no address" in refused.stdout
    assert "an administrator makes a new one" in stranger.stdout
