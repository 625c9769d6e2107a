"""Sender domains (B-6), against a real name server: waiting, verified, failed; and who the mails come from."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import dns.rcode
import pytest
import time_machine
from sqlalchemy import select

from tests.cast import Person, World
from tests.printers.conftest import Field
from tests.printers.desk import base, call_for_help, change, one, rows, text_of
from tests.printers.name_server import NameServer
from webapp.core import drains
from webapp.core.clock import utcnow
from webapp.mail.models import Mail
from webapp.printers.models import PanicButton, SenderDomain
from webapp.settings import SettingsError, from_environment

pytestmark = pytest.mark.feature("B-6")


@pytest.fixture
def names(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    with NameServer() as server:
        settings = replace(world.portal.extensions["settings"], dns_servers=(server.address,))
        monkeypatch.setitem(world.portal.extensions, "settings", settings)
        yield server


def url(world: World) -> str:
    return f"{base(world)}/sender-domains"


def added(world: World, admin: Person, name: str = "acme.test") -> SenderDomain:
    answer = admin.post(url(world), {"domain": name})
    assert answer.status_code == 303, text_of(answer.text)
    return stored(world)


def stored(world: World) -> SenderDomain:
    found: SenderDomain = one(world, select(SenderDomain))
    return found


def check(world: World, admin: Person) -> Any:
    return admin.post(f"{url(world)}/{stored(world).public_id}/checks")


def sweep(world: World) -> None:
    with world.portal.app_context():
        drains.run("sender domains")


def value(domain: SenderDomain) -> str:
    return f"outpost-domain={domain.token}"


def test_a_domain_is_verified_by_its_record(world: World, admin: Person, names: NameServer) -> None:
    domain = added(world, admin, " @Acme.Test. ")
    assert (domain.domain, domain.state) == ("acme.test", "waiting")
    page = text_of(admin.get(url(world)).text)
    assert "TXT" in page
    assert "_outpost.acme.test" in page
    assert value(domain) in page
    names.records["_outpost.acme.test"] = ["something else", value(domain)]
    assert check(world, admin).status_code == 303
    assert stored(world).state == "verified"
    assert stored(world).verified_at is not None
    assert "Verified" in text_of(admin.get(url(world)).text)


def test_a_record_that_is_not_there_yet_is_waited_for_then_failed(
    world: World, admin: Person, names: NameServer
) -> None:
    added(world, admin)
    check(world, admin)
    assert (stored(world).state, stored(world).problem) == ("waiting", "missing")
    assert "The record was not found" in text_of(admin.get(url(world)).text)
    with time_machine.travel(utcnow() + timedelta(hours=73)):
        sweep(world)
    assert (stored(world).state, stored(world).problem) == ("failed", "missing")


def test_a_wrong_value_fails_at_once_and_is_mended(
    world: World, admin: Person, names: NameServer
) -> None:
    domain = added(world, admin)
    names.records["_outpost.acme.test"] = ["outpost-domain=of-somebody-else"]
    check(world, admin)
    assert (stored(world).state, stored(world).problem) == ("failed", "wrong")
    names.records["_outpost.acme.test"] = [value(domain)]
    check(world, admin)
    assert stored(world).state == "verified"


def test_the_sweep_notices_what_appears_and_what_goes(
    world: World, admin: Person, names: NameServer
) -> None:
    domain = added(world, admin)
    names.records["_outpost.acme.test"] = [value(domain)]
    sweep(world)
    assert stored(world).state == "verified"
    asked = len(names.asked)
    sweep(world)
    assert len(names.asked) == asked, "not asked again so soon"
    names.records["_outpost.acme.test"] = []
    with time_machine.travel(utcnow() + timedelta(hours=25)):
        sweep(world)
    assert stored(world).state == "failed"


@pytest.mark.parametrize("fault", ["servfail", "silent"])
def test_silence_of_the_name_servers_changes_nothing(
    world: World,
    admin: Person,
    names: NameServer,
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("webapp.printers.domains.dns.LIFETIME_SECONDS", 0.5)
    domain = added(world, admin)
    names.records["_outpost.acme.test"] = [value(domain)]
    check(world, admin)
    names.rcode = dns.rcode.SERVFAIL
    names.silent = fault == "silent"
    began = time.monotonic()
    assert check(world, admin).status_code == 303
    assert time.monotonic() - began < 5
    assert (stored(world).state, stored(world).problem) == ("verified", "no_answer")
    assert "name servers did not answer" in text_of(admin.get(url(world)).text)


@pytest.mark.parametrize(
    "typed",
    ["", "acme", "a b.test", "http://acme.test", "x" * 64 + ".test", "acme.test\r\nx", "-a.b"],
)
def test_what_is_no_domain_is_refused(world: World, admin: Person, typed: str) -> None:
    refused = admin.post(url(world), {"domain": typed})
    assert refused.status_code == 422
    assert rows(world, select(SenderDomain)) == []


def test_letters_beyond_ascii_go_to_the_dns_as_it_knows_them(world: World, admin: Person) -> None:
    assert added(world, admin, "bücher.test").domain == "xn--bcher-kva.test"


def test_twice_the_same_is_told(world: World, admin: Person) -> None:
    added(world, admin)
    again = admin.post(url(world), {"domain": "ACME.test"})
    assert again.status_code == 422
    assert "in the list already" in text_of(again.text)


def test_strangers_and_readers(
    world: World, admin: Person, reader: Person, stranger: Person
) -> None:
    domain = added(world, admin)
    here = f"{url(world)}/{domain.public_id}"
    assert reader.get(url(world)).status_code == 200
    assert reader.post(f"{here}/checks").status_code == 403
    theirs = here.replace(world.acme, world.globex)
    assert stranger.post(f"{theirs}/checks").status_code == 404
    assert stranger.post(f"{theirs}/removals").status_code == 404
    assert admin.get(f"{here}/removals/confirm").status_code == 200
    assert admin.post(f"{here}/removals").status_code == 303
    assert rows(world, select(SenderDomain)) == []


# Who the mails come from


def mails(acme: Field) -> dict[str, Mail]:
    return {mail.recipient: mail for mail in rows(acme.world, select(Mail))}


@pytest.mark.feature("B-4")
def test_unverified_the_address_is_for_answers_only(acme: Field) -> None:
    change(acme.world, select(PanicButton), from_email="help@acme.test", from_name="Support")
    call_for_help(acme)
    sent = mails(acme)
    assert {mail.sender_address for mail in sent.values()} == {None}, "the portal's own"
    assert {mail.sender_name for mail in sent.values()} == {"Support"}
    assert sent["anna@acme.test"].reply_to == "help@acme.test"
    assert sent["technicians@acme.test"].reply_to == "anna@acme.test"


@pytest.mark.feature("B-4")
def test_verified_the_mails_leave_from_it(acme: Field, admin: Person, names: NameServer) -> None:
    change(acme.world, select(PanicButton), from_email="help@acme.test")
    domain = added(acme.world, admin)
    names.records["_outpost.acme.test"] = [value(domain)]
    check(acme.world, admin)
    call_for_help(acme)
    assert {mail.sender_address for mail in mails(acme).values()} == {"help@acme.test"}


def test_a_domain_below_or_anothers_is_not_verified_by_it(
    acme: Field, admin: Person, stranger: Person, names: NameServer
) -> None:
    answer = stranger.post(
        f"/o/{acme.world.globex}/printers/sender-domains", {"domain": "acme.test"}
    )
    assert answer.status_code == 303
    domain = stored(acme.world)
    names.records["_outpost.acme.test"] = [value(domain)]
    sweep(acme.world)
    assert stored(acme.world).state == "verified", "Globex's row"
    for address in ("help@acme.test", "help@mail.acme.test"):
        change(acme.world, select(PanicButton), from_email=address)
        call_for_help(acme)
    assert {mail.sender_address for mail in rows(acme.world, select(Mail))} == {None}


# Settings


def test_name_servers_are_read_from_the_environment() -> None:
    good = {
        "OUTPOST_ENV": "development",
        "BASE_URL": "http://127.0.0.1:8000",
        "DATABASE_URL": "postgresql://outpost@db/outpost",
        "REDIS_URL": "redis://cache:6379/0",
        "SECRET_KEY": "a-long-random-secret-0123456789-abcdef",
        "CODE_PEPPER": "a-long-random-pepper-0123456789-abcdef",
    }
    assert from_environment(good).dns_servers == ()
    named = from_environment({**good, "DNS_SERVERS": "192.0.2.53 192.0.2.54:5353 2001:db8::53"})
    assert named.dns_servers == (("192.0.2.53", 53), ("192.0.2.54", 5353), ("2001:db8::53", 53))
    with pytest.raises(SettingsError, match="DNS_SERVERS"):
        from_environment({**good, "DNS_SERVERS": "dns.example"})
