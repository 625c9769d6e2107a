"""No way into the operator's own network through a webhook (Q-21)."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

import pytest

from tests.cast import World
from tests.webhooks.conftest import Post
from tests.webhooks.receiver import Receiver
from webapp.core.errors import Refusal
from webapp.webhooks import addresses
from webapp.webhooks.addresses import Forbidden, Policy, check_url, is_public, resolve
from webapp.webhooks.sending import Outgoing, Sender

pytestmark = pytest.mark.feature("P-33", "Q-21")

NOT_PUBLIC = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.255",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001::1",
    "2001:db8::1",
    "3fff::1",
    "100::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"]


def says(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    """What the name service answers."""

    def answer(_host: str, port: int, **_more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", answer)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_it_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_it_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_a_name_that_leads_inside_leads_nowhere(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    says(monkeypatch, address)
    with pytest.raises(Forbidden):
        resolve("innocent.example", 443, Policy())


def test_of_several_addresses_only_public_ones_are_spoken_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    says(monkeypatch, "127.0.0.1", "1.1.1.1", "10.0.0.1")
    assert resolve("mixed.example", 443, Policy()) == ["1.1.1.1"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com/",
        "//example.com/hook",
        "https:///hook",
        "https://",
        "example.com/hook",
        "https://user:secret@example.com/",
        "https://user@example.com/",
        "https://example.com/#part",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://[::1/",
        "https://exa mple.com/",
        "https://example.com/\n",
        "https://example.com\\@127.0.0.1/",
        "https://bücher.example/",
        "https://localhost/",
        "https://portal.localhost/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://" + "a" * 1000 + ".example/",
    ],
)
def test_such_an_address_is_refused_at_once(world: World, url: str) -> None:
    with world.portal.test_request_context(), pytest.raises(Refusal) as refused:
        check_url(url, Policy())
    assert refused.value.field == "url"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com:8443/hook?key=1",
        "https://xn--bcher-kva.example/a%20b",
        "https://1.1.1.1/",
        "https://[2606:4700:4700::1111]/x",
    ],
)
def test_such_an_address_is_taken(world: World, url: str) -> None:
    with world.portal.test_request_context():
        assert check_url(url, Policy()) == url


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "017700000001", "127.1"])
def test_odd_ways_to_write_loopback_lead_nowhere(there: Receiver, host: str) -> None:
    """The resolver understands them; what it makes of them is checked."""
    with Sender(Policy(http=True)) as sender:
        outcome = sender.post(Outgoing(f"http://{host}:{there.port}/", (), b"{}"))
    assert outcome.unanswered
    assert there.received == []


def test_a_name_that_changes_its_mind_is_asked_once(
    monkeypatch: pytest.MonkeyPatch, there: Receiver
) -> None:
    """Rebinding: checked as public, then answered as loopback. The connection goes to what was checked."""
    answers = iter([["1.1.1.1"], ["127.0.0.1"]])
    asked: list[str] = []
    connected: list[str] = []

    def answer(host: str, port: int, **_more: Any) -> list[Any]:
        asked.append(host)
        found = next(answers)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in found]

    def connect(address: tuple[str, int], *_args: Any, **_more: Any) -> Any:
        connected.append(address[0])
        raise ConnectionRefusedError("a test lets nothing out")

    monkeypatch.setattr(addresses.socket, "getaddrinfo", answer)
    monkeypatch.setattr(socket, "create_connection", connect)
    with Sender(Policy(http=True)) as sender:
        outcome = sender.post(Outgoing(f"http://rebind.example:{there.port}/", (), b"{}"))
    assert asked == ["rebind.example"]
    assert connected == ["1.1.1.1"]
    assert outcome.unanswered
    assert there.received == []


def test_a_webhook_from_freer_days_is_checked_at_each_call(post: Post, there: Receiver) -> None:
    """The operator takes the permission back: what was stored meanwhile leads nowhere any more."""
    from dataclasses import replace

    post.webhook(there.url)
    post.happens()
    portal = post.world.portal
    settings = portal.extensions["settings"]
    portal.extensions["settings"] = replace(settings, webhook_allow_private=False)
    try:
        post.drain()
    finally:
        portal.extensions["settings"] = settings
    assert there.received == []
    assert "not a public address" in (post.delivery().last_error or "")
