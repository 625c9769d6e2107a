"""Works off the searches for printers that people asked for."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import delete, select

from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.drains import drain, sweep
from webapp.core.errors import Refusal
from webapp.core.jobs import batches, cancel, finish
from webapp.printers.polling import reach
from webapp.printers.polling.models import PrinterDiscovery, SnmpProfile
from webapp.printers.polling.targets import target_of
from webapp.printers.snmp.discover import Discovery, discover

log = structlog.get_logger(__name__)

KEPT = timedelta(days=30)


@drain("printer discoveries", queue="long", every_seconds=60)
def search_networks() -> None:
    for discoveries in batches(PrinterDiscovery, limit=1, lease_seconds=900):
        for discovery in discoveries:
            _search(discovery)
            commit()


@sweep("old printer discoveries", every_seconds=6 * 3600)
def forget_old() -> None:
    db.session.execute(
        delete(PrinterDiscovery).where(PrinterDiscovery.created_at < utcnow() - KEPT)
    )
    commit()


def _search(discovery: PrinterDiscovery) -> None:
    """The operator may have changed what is allowed since it was asked for."""
    try:
        network = reach.searched(discovery.network)
    except Refusal as refusal:
        cancel(discovery, str(refusal))
        return
    profile = db.session.scalars(
        select(SnmpProfile).where(SnmpProfile.id == discovery.profile_id)
    ).one()
    how = target_of(profile, "")
    commit()  # no transaction stays open while a network is searched
    _keep(discovery, discover(network, how))


def _keep(discovery: PrinterDiscovery, result: Discovery) -> None:
    finish(discovery)
    discovery.found = [found.as_json() for found in result.printers]
    discovery.asked, discovery.others = result.asked, len(result.others)
    discovery.refusing = len(result.refusing)
    discovery.done_at = utcnow()
