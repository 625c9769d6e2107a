"""What the clock has done for sender domains."""

from __future__ import annotations

from webapp.core.clock import utcnow
from webapp.core.jobs import sweep
from webapp.printers.domains.services import check_due


@sweep("sender domains", every_seconds=600)
def check_sender_domains() -> None:
    """A record that appears is noticed, one that goes away too."""
    check_due(utcnow())
