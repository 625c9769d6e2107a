"""What a firewall must let through, told to who has no account (P-41)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.cast import Person
from webapp.core.web import Portal
from webapp.devices.technical import Portal as Address

pytestmark = pytest.mark.feature("P-41")
PAGE = "/technical-information"


def test_anybody_reads_it_without_signing_in(visitor: Person) -> None:
    page = visitor.get(PAGE)
    assert page.status_code == 200
    assert "161/udp" in page.text
    assert "localhost" in page.text
    assert "80/tcp" in page.text


def test_every_page_leads_there(visitor: Person, admin: Person) -> None:
    assert f'href="{PAGE}"' in visitor.get("/sign-in").text
    assert f'href="{PAGE}"' in admin.get(f"/o/{admin.world.acme}/").text


def test_as_text_for_a_mail(visitor: Person) -> None:
    answer = visitor.get(f"{PAGE}.txt")
    assert answer.mimetype == "text/plain"
    lines = answer.text.splitlines()
    assert "Printers" in lines
    assert any("161/udp" in line and "SNMP" in line for line in lines)
    assert answer.text in visitor.get(PAGE).text.replace("&gt;", ">").replace("&#39;", "'")


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://portal.example", ("portal.example", "443/tcp", "HTTPS (TLS 1.2, 1.3)")),
        ("https://portal.example:8443", ("portal.example", "8443/tcp", "HTTPS (TLS 1.2, 1.3)")),
        ("http://127.0.0.1:8000", ("127.0.0.1", "8000/tcp", "HTTP")),
        ("https://[2001:db8::1]", ("2001:db8::1", "443/tcp", "HTTPS (TLS 1.2, 1.3)")),
    ],
)
def test_host_and_port_are_those_of_the_portal(
    portal: Portal, base_url: str, expected: tuple[str, str, str]
) -> None:
    settings = replace(portal.extensions["settings"], base_url=base_url)
    found = Address.of(settings)
    assert (found.host, found.port, found.protocol) == expected
