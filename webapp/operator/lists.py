"""The operator's lists: news, notices, mails and webhooks in trouble, refusals of rate budgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import defer, joinedload

from webapp.core.budgets import BudgetKind, RateRefusal
from webapp.core.clock import utcnow
from webapp.core.jobs import OPEN, JobState
from webapp.core.listing import Choice, Column, Flag, Listing, Option, Period, Starts, Words
from webapp.core.preferences import LANGUAGE_NAMES, language
from webapp.mail.models import STATE_WORDS, Mail, MailState
from webapp.mail.types import label_of
from webapp.mailing.lists import STATE_LABELS
from webapp.operator.budgets import BUDGET_KINDS, REFUSED
from webapp.operator.forms import NOTICE_STATES
from webapp.operator.models import News, Notice, NoticeState
from webapp.orgs.words import TRADES
from webapp.webhooks.lists import WEBHOOK_STATES
from webapp.webhooks.lists import state_of as webhook_state
from webapp.webhooks.models import Webhook

MAIL_STATES = (MailState.FAILED, MailState.WAITING, MailState.SENDING)
NEWS_STATES = {"planned": _l("Planned"), "shown": _l("Shown"), "over": _l("Over")}
refused = REFUSED.c
TRADE_NAMES = {name: label for name, label, _icon in TRADES}


def _title(row: News | Notice) -> str:
    return row.title.in_language(language())


def _languages(row: News | Notice) -> str:
    return ", ".join(name for code, name in LANGUAGE_NAMES.items() if row.title.get(code))


def _news_url(row: News) -> str:
    return url_for("operator.news_item", public_id=row.public_id)


def _notice_url(row: Notice) -> str:
    return url_for("operator.notice", public_id=row.public_id)


def _menu(of: str) -> Any:
    """Edit, end, delete; the last two lead to a page that asks."""

    def items(row: News | Notice) -> list[Mapping[str, Any] | None]:
        def to(endpoint: str) -> str:
            return url_for(f"operator.{of}_{endpoint}", public_id=row.public_id)

        return [
            {"text": _("Edit"), "href": to("edit"), "icon": "edit"},
            {"text": _("Delete"), "href": to("deletion"), "icon": "trash", "danger": True},
        ]

    return items


NEWS = Listing(
    name="news",
    model=News,
    default_sort="-from_at",
    total=lambda n, shown: ngettext(
        "%(shown)s piece of news", "%(shown)s pieces of news", n, shown=shown
    ),
    columns=[
        Column("title", _l("Title"), value=_title, link=_news_url),
        Column("trade", _l("Trade"), value=lambda n: str(TRADE_NAMES.get(n.trade, _("All")))),
        Column(
            "state",
            _l("State"),
            cell="operator/cells.html#news_state",
            main=True,
            value=lambda n: str(NEWS_STATES[n.state_at(utcnow())]),
        ),
        Column("from_at", _l("Shown from"), "time", sort=News.from_at, first_descending=True),
        Column("to_at", _l("Shown until"), "time"),
        Column("languages", _l("Languages"), value=_languages),
    ],
    filters=[
        Choice("trade", _l("Trade"), News.trade, list(TRADE_NAMES.items())),
        Period("from", _l("Shown from"), News.from_at),
    ],
    menu=_menu("news_item"),
    row_name=_title,
)

NOTICES = Listing(
    name="notices",
    model=Notice,
    default_sort="-begins_at",
    total=lambda n, shown: ngettext("%(shown)s notice", "%(shown)s notices", n, shown=shown),
    columns=[
        Column("title", _l("Title"), value=_title, link=_notice_url),
        Column("component", _l("Part"), value=lambda n: n.component or _("The whole portal")),
        Column(
            "state",
            _l("State"),
            cell="operator/cells.html#notice_state",
            main=True,
            value=lambda n: str(NOTICE_STATES[n.state_at(utcnow())]),
        ),
        Column("begins_at", _l("Begins"), "time", sort=Notice.begins_at, first_descending=True),
        Column("ends_at", _l("Ends"), "time"),
        Column("languages", _l("Languages"), value=_languages),
    ],
    filters=[
        Choice(
            "state",
            _l("Entered as"),
            Notice.state,
            [Option(s.value, NOTICE_STATES[s], s.value) for s in NoticeState],
        ),
        Period("begins", _l("Begins"), Notice.begins_at),
    ],
    menu=_menu("notice"),
    row_name=_title,
)


def mails_in_trouble() -> Select[Any]:
    """Failed, or still on their way after a try that went wrong; of all organisations."""
    tried = and_(Mail.state.in_(OPEN), Mail.last_error.is_not(None))
    bodies = defer(Mail.html), defer(Mail.text), defer(Mail.bodies_sealed)
    return (
        select(Mail)
        .where(or_(Mail.state == JobState.FAILED, tried))
        .options(joinedload(Mail.organisation), *bodies)
    )


MAILS = Listing(
    name="mails",
    model=Mail,
    default_sort="-created_at",
    total=lambda n, shown: ngettext("%(shown)s mail", "%(shown)s mails", n, shown=shown),
    columns=[
        Column(
            "recipient",
            _l("To"),
            sort=Mail.recipient,
            link=lambda m: url_for("operator.mail", public_id=m.public_id),
        ),
        Column("owner", _l("Organisation"), value=lambda m: m.organisation.name),
        Column("type", _l("Kind"), value=lambda m: label_of(m.type)),
        Column(
            "state",
            _l("State"),
            cell="mailing/cells.html#state",
            main=True,
            value=lambda m: str(STATE_LABELS[m.word]),
        ),
        Column(
            "words",
            _l("Answer of the mail server"),
            value=lambda m: m.server_words or m.last_error or "",
        ),
        Column("attempts", _l("Attempts"), "number"),
        Column("created_at", _l("Written"), "time", sort=Mail.created_at, first_descending=True),
        Column(
            "due_at", _l("Next attempt"), "time", value=lambda m: m.due_at if m.is_open else None
        ),
    ],
    search=[Starts(Mail.recipient, fold=str)],
    search_hint=_l("Recipient begins with"),
    filters=[
        Choice(
            "state",
            _l("State"),
            Mail.state,
            [
                Option(w.value, STATE_LABELS[w], s.value)
                for s, w in STATE_WORDS.items()
                if w in MAIL_STATES
            ],
        ),
        Period("written", _l("Written"), Mail.created_at),
    ],
    row_name=lambda m: m.recipient,
)


def _host(row: Webhook) -> str:
    """Without its path, which may hold a secret of the receiver."""
    return urlsplit(row.url).hostname or ""


def _budget_url(row: Any) -> str:
    return url_for("operator.budget", public_id=row.owner_id)


def webhooks_in_trouble() -> Select[Any]:
    failing = or_(Webhook.failing_since.is_not(None), Webhook.paused_at.is_not(None))
    return select(Webhook).where(failing).options(joinedload(Webhook.organisation))


WEBHOOKS = Listing(
    name="webhooks",
    model=Webhook,
    default_sort="name",
    total=lambda n, shown: ngettext("%(shown)s webhook", "%(shown)s webhooks", n, shown=shown),
    columns=[
        Column("name", _l("Name"), sort=Webhook.sort_name),
        Column("owner", _l("Organisation"), value=lambda w: w.organisation.name),
        Column("url", _l("Host"), value=_host),
        Column(
            "state",
            _l("State"),
            main=True,
            value=lambda w: str(WEBHOOK_STATES[webhook_state(w)]),
        ),
        Column("failing_since", _l("Nothing arrived since"), "time"),
        Column("paused_at", _l("Paused by the portal"), "time"),
    ],
    search=[Words(Webhook.sort_name)],
    search_hint=_l("Name"),
    filters=[Flag("paused", _l("Paused ones"), Webhook.paused_at.is_not(None))],
    row_name=lambda w: w.name,
)


REFUSALS = Listing(
    name="budgets",
    model=RateRefusal,
    key=refused.key,
    default_sort="-month",
    total=lambda n, shown: ngettext(
        "%(shown)s that was refused", "%(shown)s that were refused", n, shown=shown
    ),
    columns=[
        Column(
            "owner",
            _l("Organisation"),
            sort=refused.sort_name,
            value=lambda r: r.owner,
            link=_budget_url,
        ),
        Column(
            "kind", _l("Counted together"), value=lambda r: str(BUDGET_KINDS[BudgetKind(r.kind)])
        ),
        Column("subject", _l("Which"), value=lambda r: r.subject or ""),
        Column(
            "day",
            _l("Refused in 24 h"),
            "number",
            sort=refused.day,
            first_descending=True,
            main=True,
        ),
        Column(
            "month", _l("Refused in 30 days"), "number", sort=refused.month, first_descending=True
        ),
        Column("last_at", _l("Last"), "time", sort=refused.last_at, first_descending=True),
    ],
    search=[Starts(refused.sort_name, fold=str.casefold)],
    search_hint=_l("Organisation begins with"),
    filters=[
        Choice(
            "kind",
            _l("Counted together"),
            refused.kind,
            [Option(k.value, label, k.value) for k, label in BUDGET_KINDS.items()],
        ),
    ],
    row_name=lambda r: f"{r.owner} {r.subject or ''}".strip(),
)
