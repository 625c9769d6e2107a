"""Asking the DNS for TXT records: from the servers of `DNS_SERVERS`, else from the system's."""

from __future__ import annotations

import dns.exception
import dns.resolver
from flask import current_app

LIFETIME_SECONDS = 4.0


class NoAnswer(Exception):
    """The name servers could not be reached or failed: nothing is known, neither yes nor no."""


def txt_records(name: str) -> list[str]:
    """All TXT records of `name`, their strings joined (RFC 1035, 3.3.14); none where the name has none."""
    try:
        answer = _resolver().resolve(name, "TXT", search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise NoAnswer(str(error)) from error
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def _resolver() -> dns.resolver.Resolver:
    servers = current_app.extensions["settings"].dns_servers
    resolver = dns.resolver.Resolver(configure=not servers)
    if servers:
        resolver.nameservers = [host for host, _ in servers]
        resolver.nameserver_ports = dict(servers)
        resolver.port = servers[0][1]
    resolver.lifetime = LIFETIME_SECONDS
    resolver.cache = None
    return resolver
