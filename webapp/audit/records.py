"""What leaves with the organisation's export, what is personal, and how long it is kept."""

from flask_babel import lazy_gettext as _

from webapp.audit import erasure
from webapp.audit.models import AuditCheckpoint, AuditHead, AuditRow
from webapp.audit.retention import remove_old_rows
from webapp.core import retention
from webapp.core.exports import export, keep_back
from webapp.core.personal import KEEP, personal

export(
    AuditRow,
    "seq at event actor_kind actor_id object_kind object_id payload erased_at commitment previous hash",
    about="The audit log: who did what, when; with the hashes that chain the rows.",
    withheld="salt: with it an erased payload could be guessed",
)
export(
    AuditCheckpoint, "seq kind hash at", about="Where the chain of the log stood.", withheld="seal"
)
keep_back(AuditHead, why="the end of the chain, which the last row of the log shows as well")

personal(
    AuditRow,
    "actor_kind actor_id payload",
    gives="at event actor_kind object_kind object_id payload",
    of=lambda who: erasure.by_person(who.id),
    erase=KEEP("payloads are erased by webapp.records.erasure, the chain's hashes stay"),
)
personal(
    AuditRow,
    "object_id",
    gives="at event actor_kind payload",
    of=lambda who: erasure.about("user", [who.public_id]),
    erase=KEEP("as above"),
)

retention.register(
    retention.Retention(
        "audit_rows", _("Audit log"), remove_old_rows, days_setting="audit_retention_days"
    )
)
