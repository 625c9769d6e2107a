"""Which addresses the portal itself may ask: those of the networks that the operator names, and no other.

A portal that sends requests wherever a customer says would be a scanner of its own network and of everybody else's
(SSRF); so nothing is allowed until `SNMP_NETWORKS` allows it. The word `public` in it stands for the internet.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from flask import current_app
from flask_babel import gettext as _

from webapp.core.errors import Refusal
from webapp.printers.snmp.discover import BadNetwork, Network, parse_network
from webapp.settings import PUBLIC_NETWORKS
from webapp.webhooks.addresses import is_public

MOST_SEARCHED = 4096


def reads_printers() -> bool:
    """Whether the operator lets the portal ask anything at all."""
    return bool(_allowed())


def may_ask(address: str) -> bool:
    """Names are never asked: a name may lead elsewhere the next time."""
    try:
        asked = ip_address(address)
    except ValueError:
        return False
    inner = getattr(asked, "ipv4_mapped", None) or asked
    return any(
        is_public(inner) if allowed == PUBLIC_NETWORKS else inner in ip_network(allowed)
        for allowed in _allowed()
    )


def searched(text: str) -> Network:
    """The network that somebody wants searched; raises `Refusal` at the field `network`."""
    try:
        network = parse_network(text, most=MOST_SEARCHED)
    except BadNetwork:
        words = _(
            "Write a network of at most %(most)s addresses, such as 192.168.10.0/24.",
            most=MOST_SEARCHED,
        )
        raise Refusal(words, field="network") from None
    if not any(_covers(allowed, network) for allowed in _allowed()):
        words = _(
            "The portal may not ask this network. Its operator names the networks in SNMP_NETWORKS; for any other, a"
            " site agent in that network does it."
        )
        raise Refusal(words, field="network")
    return network


def _covers(allowed: str, network: Network) -> bool:
    if allowed == PUBLIC_NETWORKS:
        return is_public(network[0]) and is_public(network[-1]) and network.prefixlen >= 20
    within = ip_network(allowed)
    return within.version == network.version and network.subnet_of(within)  # type: ignore[arg-type]


def _allowed() -> tuple[str, ...]:
    found: tuple[str, ...] = current_app.extensions["settings"].snmp_networks
    return found
