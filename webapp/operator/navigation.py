"""The rail's places of the operator area. Other packages register theirs in the group `operator` as well."""

from flask_babel import lazy_gettext as _

from webapp.core.navigation import Place, register


def register_places() -> None:
    register(
        Place("operator", _("Overview"), "operator.overview", "operator", order=10),
        Place("operator", _("News"), "operator.news_items", "info", order=40),
        Place("operator", _("Status notices"), "operator.notices", "activity", order=45),
        Place("operator", _("Jobs"), "operator.jobs", "clock", order=50),
        Place("operator", _("Mails in trouble"), "operator.mails", "mail", order=55),
        Place("operator", _("Webhooks in trouble"), "operator.webhooks", "upload", order=57),
        Place("operator", _("Rate budgets"), "operator.budgets", "filter", order=60),
        Place("operator", _("System mail templates"), "operator.templates", "edit", order=65),
        Place("operator", _("Information document"), "operator.documents", "file", order=70),
    )
