"""The kinds of mail about the running of the portal itself, for those who operate it."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_babel import lazy_gettext as _

from webapp.mail.types import MailType, Placeholder, register

BACKUP_FAILED = register(
    MailType(
        "backup_failed",
        _("Backup failed"),
        (
            Placeholder("WHEN", _("When it was tried"), datetime(2030, 3, 14, 2, 0, tzinfo=UTC)),
            Placeholder("SERVER", _("Name of the server"), "outpost-1"),
            Placeholder("REASON", _("Why it failed"), "pg_dump: error: No space left on device"),
            Placeholder(
                "LASTGOOD",
                _("When the last good backup was made"),
                datetime(2030, 3, 13, 2, 0, tzinfo=UTC),
            ),
            Placeholder("LINK", _("Page of the backups"), "https://outpost.example/x/backups"),
        ),
    )
)
