"""Backups name the operator who asked for one."""

from webapp.backups.models import Backup
from webapp.core.personal import personal

personal(
    Backup,
    "by",
    gives="began_at state",
    of=lambda who: Backup.by == who.name,
    erase={"by": lambda who: who.pseudonym},
)
