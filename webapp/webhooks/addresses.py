"""Where a webhook may lead: public addresses alone, unless the operator's settings say otherwise (Q-21, no SSRF).

The name is resolved here and the connection goes to the very address that was checked, so that a name which
answers differently the next time leads nowhere else.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from flask_babel import gettext as _

from webapp.core.errors import Refusal

LONGEST_URL = 1000
Address = IPv4Address | IPv6Address

# RFC 6890 and the registries behind it, beside what `is_global` knows in every version of Python.
_NEVER = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
_NAT64 = ip_network("64:ff9b::/96")


class Forbidden(Exception):
    """The address is not a public one."""


@dataclass(frozen=True)
class Policy:
    """What the operator allows."""

    private: bool = False
    http: bool = False


def check_url(url: str, policy: Policy) -> str:
    """The address as it may be stored; raises `Refusal` at the field `url`."""
    parts = _split(url)
    schemes = ("https", "http") if policy.http else ("https",)
    if parts.scheme not in schemes or not parts.hostname:
        raise _refusal(_("Enter a whole address that begins with https://."))
    if parts.username is not None or parts.password is not None:
        raise _refusal(_("Leave user name and password out; the signature proves who sends."))
    if parts.fragment:
        raise _refusal(_("Leave out what follows #; it would not be sent."))
    _check_host(parts.hostname, policy)
    return url


def _split(url: str) -> SplitResult:
    """Only what `urlsplit` and the HTTP client read alike: printable ASCII, a port that is one."""
    if len(url) > LONGEST_URL:
        raise _refusal(_("At most %(max)d characters, please.", max=LONGEST_URL))
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _refusal(
            _(
                "Write the address without spaces and special characters; names as xn--…, others percent-encoded."
            )
        )
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        raise _refusal(_("This is no address.")) from None
    return parts


def _check_host(host: str, policy: Policy) -> None:
    """Numbers are seen at once; a name is looked up at each delivery."""
    if policy.private:
        return
    try:
        address = ip_address(host)
    except ValueError:
        if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
            raise _refusal(_not_public()) from None
        return
    if not is_public(address):
        raise _refusal(_not_public())


def _not_public() -> str:
    return str(_("This address is not on the public internet; the portal doesn't send there."))


def _refusal(words: str) -> Refusal:
    return Refusal(words, field="url")


def resolve(host: str, port: int, policy: Policy) -> list[str]:
    """The host's addresses that may be spoken to; raises OSError (unknown name) or `Forbidden`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    allowed = [a for a in addresses if policy.private or is_public(ip_address(a))]
    if not allowed:
        raise Forbidden(f"{host} leads to {', '.join(addresses)}, which is not a public address")
    return allowed


def is_public(address: Address) -> bool:
    """Reachable on the internet, whatever an IPv6 address may have wrapped an IPv4 address in."""
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    if any(address in network for network in _NEVER if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast


def _inner(address: Address) -> IPv4Address | None:
    """IPv4-mapped (RFC 4291), 6to4 (RFC 3056), NAT64 (RFC 6052)."""
    if not isinstance(address, IPv6Address):
        return None
    if address.scope_id is not None:
        return IPv4Address("169.254.0.1")
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
