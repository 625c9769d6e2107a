"""*Ask for it*: somebody without a permission asks those who can give it (P-15)."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _

from webapp.accounts.models import User
from webapp.audit import log as audit
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal
from webapp.core.principal import Principal
from webapp.core.throttle import Limit, take
from webapp.notices import services as notices
from webapp.notices.standard import RIGHT_ASKED
from webapp.orgs import mails, queries
from webapp.orgs.events import OrgEvent
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission

ONCE_A_DAY = Limit("right-asked", tries=1, window_seconds=24 * 3600)


def ask_for_permission(
    asker: User,
    permission: Permission,
    organisation: Organisation,
    *,
    message: str,
    by: Principal,
) -> list[User]:
    """Mail the administrators; whom. Raises `TooMany` when the same was asked within a day."""
    administrators = [u for u in queries.administrators(organisation) if u.id != asker.id]
    if not administrators:
        raise Refusal(_("Nobody else administrates this organisation; write to the support."))
    take(ONCE_A_DAY, asker.id, organisation.id, permission.value)
    for administrator in administrators:
        mails.mail_right_asked(administrator, asker, permission, organisation, message)
    notices.notify(
        administrators,
        RIGHT_ASKED,
        organisation=organisation,
        url=url_for("orgs.user", org=organisation.public_id, public_id=asker.public_id),
        words=lambda: (
            _("%(name)s asks for: %(right)s", name=asker.name, right=permission.label),
            " ".join(message.split()),
        ),
        now=utcnow(),
        mails=False,
    )
    audit.record(
        OrgEvent.RIGHT_ASKED,
        organisation_id=organisation.id,
        kind="user",
        id=asker.public_id,
        label=asker.name,
        detail={"permission": permission.value, "asked": [u.name for u in administrators]},
        by=by,
    )
    return administrators
