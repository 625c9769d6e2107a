"""The real demonstration, as its README tells it: sign in, press a printer's button, see two mails, end it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.launcher.standin_project import marked, until
from tests.launcher.test_demo import free_port

pytestmark = [pytest.mark.chaos, pytest.mark.feature("S-9")]

ROOT = Path(__file__).parents[2]
PASSWORD = "Outpost-demo-2026!"
ACCOUNTS = ("operator@outpost.test", "admin@acme.test", "reader@acme.test", "admin@globex.test")


@dataclass
class Demo:
    """A running `python -m webapp.launcher demo`."""

    process: subprocess.Popen[bytes]
    port: int
    data: Path
    mark: str
    output: Path

    @property
    def portal(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.portal, timeout=30, follow_redirects=True)

    def mails(self, to: str) -> list[dict[str, str]]:
        answer = httpx.get(f"http://127.0.0.1:{self.port + 25}/api/messages", params={"to": to})
        found = answer.json()
        return found["messages"] if isinstance(found, dict) else found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    data = Path("/tmp") / f"outpost-demo-{uuid.uuid4().hex[:8]}"
    port, mark = free_port(), uuid.uuid4().hex
    output = tmp_path_factory.mktemp("demo") / "output"  # a file: nobody reads along
    kept = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp.launcher", "demo"],
        cwd=ROOT,
        env={**kept, "DATA": str(data), "PORT": str(port), "OUTPOST_TEST_MARK": mark},
        stdout=output.open("w"),
        stderr=subprocess.STDOUT,
    )
    running = Demo(process, port, data, mark, output)
    until(lambda: is_ready(running), within_seconds=150)
    yield running
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    subprocess.run(["rm", "-rf", str(data)], check=True)


def is_ready(demo: Demo) -> bool:
    assert demo.process.poll() is None, demo.output.read_text()
    try:
        return httpx.get(f"{demo.portal}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None, page[:500]
    return found[1]


def sign_in(browser: httpx.Client, email: str) -> httpx.Response:
    form = {
        "name": email,
        "password": PASSWORD,
        "csrf_token": token_in(browser.get("/sign-in").text),
    }
    return browser.post("/sign-in", data=form)


@pytest.mark.parametrize("email", ACCOUNTS)
def test_the_accounts_of_the_readme_sign_in(demo: Demo, email: str) -> None:
    with demo.browser() as browser:
        landed = sign_in(browser, email)
        assert landed.status_code == 200
        assert "/sign-in" not in str(landed.url)


@pytest.mark.parametrize(
    "page", ["", "/printers", "/printers/requests", "/printers/buttons", "/users"]
)
def test_every_screen_has_data(demo: Demo, page: str) -> None:
    with demo.browser() as browser:
        home = str(sign_in(browser, "admin@acme.test").url).rstrip("/")
        answer = browser.get(f"{home}{page}")
        assert answer.status_code == 200
        assert 'class="empty"' not in answer.text


def press(demo: Demo, *more: str) -> dict[str, str]:
    """The app of a printer that the demonstration runs."""
    command = [sys.executable, "-m", "simulators", "printer", "--panic", "--json"]
    command += ["--portal", demo.portal, "--token-file", str(demo.data / "demo" / "enrol-token")]
    said = subprocess.run(
        [*command, *more], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    answer: dict[str, str] = json.loads(said.stdout.splitlines()[-1])["answer"]
    return answer


@pytest.mark.feature("S-5", "B-4")
def test_a_button_is_pressed_and_two_mails_arrive(demo: Demo) -> None:
    address = f"{uuid.uuid4().hex[:8]}@acme.test"
    answer = press(demo, "--target", f"127.0.0.1:{demo.port + 100}", "--badge", address)
    with demo.browser() as panel:
        first = panel.get(answer["url"])
        assert address in first.text
        second = panel.post(str(first.url), data={"email": address})
        reason = re.search(r'name="reason" value="([^"]+)"', second.text)
        assert reason is not None
        third = panel.post(str(second.url), data={"reason": reason[1], "go": "next"})
        thanks = panel.post(
            str(third.url), data={"message": "From the demonstration.", "go": "send"}
        )
        assert "/thanks" in str(thanks.url)
    until(lambda: len(demo.mails(address)) == 1, within_seconds=30)


def test_sigterm_ends_all_of_it(demo: Demo) -> None:
    assert marked(demo.mark)
    demo.process.send_signal(signal.SIGTERM)
    demo.process.wait(60)
    assert demo.process.returncode == 0
    assert marked(demo.mark) == {}
