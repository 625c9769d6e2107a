"""A key manager downloads keys, deposits a public key, proves a key: by keyboard and eye, in both themes and widths."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.helpers import axe, screenshot, signed_in
from tests.browser.test_every_page import look, reflows
from tests.cast import Person
from tests.meters.test_downloads import KEY, receiver_pair, stock, work_off
from tests.meters.test_proving import GAS, gas_meter, join_request, lora_meter
from webapp.meters.models import ClaimState

pytestmark = [pytest.mark.browser, pytest.mark.feature("K-23", "K-24", "K-25", "K-27", "Q-30")]


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 360)])
def test_keys_are_downloaded_proved_and_encrypted(
    browser: Browser, server: str, admin: Person, theme: str, width: int
) -> None:
    world = admin.world
    meters = stock(world, "W1", "W2")
    meters += stock(world, "U1", state=ClaimState.UNCLAIMED, first=9)
    gas_meter(world)
    lora_meter(world)
    _private, pem = receiver_pair()
    with look(browser, server, theme, width) as page:
        signed_in(page, admin)

        def fine(name: str) -> None:
            axe(page)
            assert reflows(page), page.url
            screenshot(page, f"keys-{name}-{theme}-{width}")

        page.goto(f"/o/{world.acme}/meters/{meters[0]}/keys")
        fine("download-one")
        with page.expect_download() as got:
            page.get_by_role("button", name="Download keys").click()
        assert KEY.hex().upper() in Path(got.value.path()).read_text(encoding="utf-8-sig")

        page.goto(f"/o/{world.acme}/meters/downloads/new?" + "&".join(f"meter={m}" for m in meters))
        expect(page.get_by_text("It is not claimed yet: claim it first.")).to_be_visible()
        fine("download-many")
        page.get_by_label("List of maker, number, key").check()
        page.get_by_role("button", name="Download keys").click()
        page.wait_for_url("**/activity/**")
        work_off(world)
        page.reload()
        with page.expect_download() as got:
            page.get_by_role("link", name="Download keys").click()
        assert Path(got.value.path()).read_text().count("\n") == 2

        page.goto(f"/o/{world.acme}/meters/public-keys/new")
        page.get_by_label("Name").fill("Head-end")
        page.get_by_label("Public key", exact=True).fill(pem)
        page.get_by_label("Require it").check()
        page.get_by_role("button", name="Deposit public key").click()
        expect(page.get_by_role("heading", name="Head-end")).to_be_visible()
        fine("public-keys")
        page.goto(f"/o/{world.acme}/meters/{meters[0]}/keys")
        expect(page.get_by_text("requires that keys leave encrypted")).to_be_visible()
        fine("download-encrypted")

        page.goto(f"/o/{world.acme}/meters/proof")
        page.get_by_label("Telegrams").fill(f"{GAS}\n{join_request(bytes(16)).hex()}\nno telegram!")
        page.get_by_role("button", name="Try the keys").click()
        expect(page.get_by_text("The key opens the telegram.")).to_be_visible()
        expect(page.get_by_text("This key did not sign the join request.")).to_be_visible()
        fine("proof")


@pytest.mark.feature("K-21")
def test_the_operator_sees_how_the_master_keys_stand(
    browser: Browser, server: str, operator: Person
) -> None:
    stock(operator.world, "W1")
    with look(browser, server, "light", 1280) as page:
        signed_in(page, operator)
        page.goto("/operator/keys/")
        expect(page.get_by_text("Every data key can be opened.")).to_be_visible()
        axe(page)
        screenshot(page, "keys-masters-light-1280")
