"""Alarm hubs: paid services on the hubs of an alarm company's customers.

Sellers activate the services, through resellers, who are invoiced for every active hub. So far the trade has its
mails, which organisations can adapt.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.hubs import mail_types  # noqa: F401 - they register themselves
